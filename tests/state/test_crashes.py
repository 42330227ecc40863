"""Killed between any two system calls, a store loses at most the step that was under way."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.state.worlds import CABIN, HOME, NAMESPACE, NOON
from wizard.errors import WizardError
from wizard.model import ClusterRef
from wizard.state import State, Store
from wizard.state import files as state_files

CALLS = ("open", "write", "fsync", "replace", "rename", "unlink", "ftruncate")
HINT = replace(HOME, uid=None)


class Killed(BaseException):
    """The process is gone: nothing it would have done afterwards happens."""


@contextmanager
def killed_at(step: int) -> Iterator[Callable[[], int]]:
    """Lets `step` system calls through; the next one does half its work at most, and none works any more.

    What was open is closed at the end, as the system does for a dead process.
    """
    done = 0
    opened: set[int] = set()
    real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in CALLS}

    def wrap(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            if done <= step:
                result = real[name](*arguments, **options)
                if name == "open":
                    opened.add(result)
                return result
            if name == "write" and done == step + 1:
                real[name](arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            raise Killed

        return call

    for name in CALLS:
        setattr(os, name, wrap(name))
    try:
        yield lambda: done
    finally:
        for name, function in real.items():
            setattr(os, name, function)
        for descriptor in opened:
            with suppress(OSError):
                os.close(descriptor)


def crashing(store: Store, step: int, work: Callable[[], object]) -> bool:
    """Whether the work came to its end before the process was killed; its locks are gone either way."""
    try:
        with killed_at(step):
            work()
    except Killed:
        return False
    finally:
        store.release()
    return True


def stores(folder: Path) -> Iterator[Store]:
    """One process after the other, each an hour later."""
    for hour in count():
        yield Store(folder, now=lambda hour=hour: NOON + timedelta(hours=hour))  # type: ignore[misc]


def test_a_save_killed_at_any_call_leaves_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    for step in range(100):
        folder = tmp_path / str(step)
        processes = stores(folder)
        first = next(processes).save(State(HOME, NAMESPACE, place="first"))
        second = next(processes).save(replace(first, place="second"))
        store = next(processes)
        finished = crashing(store, step, lambda store=store, second=second: store.save(replace(second, place="third")))  # type: ignore[misc]
        loaded = next(processes).last_used(HINT, NAMESPACE)
        assert loaded.notices == ()
        assert loaded.state.place in ({"third"} if finished else {"second", "third"})
        next(processes).save(replace(loaded.state, place="fourth"))
        assert not list(folder.glob(".*.tmp"))
        if finished:
            assert step > 8
            return
    pytest.fail("the save never came to its end")


@pytest.mark.parametrize("backup", [True, False])
def test_a_rescue_killed_at_any_call_is_done_by_the_next_start(tmp_path: Path, backup: bool) -> None:
    for step in range(100):
        folder = tmp_path / str(step)
        processes = stores(folder)
        state = next(processes).save(State(HOME, NAMESPACE, place="first"))
        if backup:
            next(processes).save(replace(state, place="second"))
        next(processes).path(HOME, NAMESPACE).write_bytes(b"{garbage")
        store = next(processes)
        finished = crashing(store, step, lambda store=store: store.load(HOME, NAMESPACE))  # type: ignore[misc]
        loaded = next(processes).load(HOME, NAMESPACE)
        assert loaded.state.place == ("first" if backup else "")
        asides = [path for path in folder.iterdir() if ".broken-" in path.name and not path.name.startswith(".")]
        assert b"{garbage" in [path.read_bytes() for path in asides]
        if finished:
            assert step > 2
            return
    pytest.fail("the rescue never came to its end")


class Lives(RuleBasedStateMachine):
    """A person who answers, goes back, is interrupted, resumes, and comes by with another cluster's kubeconfig."""

    def __init__(self) -> None:
        super().__init__()
        self.hours = count()
        self.expected: dict[ClusterRef, set[str]] = {HOME: {""}, CABIN: {""}}

    @initialize()
    def begin(self) -> None:
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name) / "state"
        self.at = HOME
        self.open()

    def open(self) -> None:
        hour = next(self.hours)
        self.store = Store(self.folder, now=lambda: NOON + timedelta(hours=hour))
        hint = replace(self.at, uid=None)
        offered = self.store.last_used(hint, NAMESPACE)
        try:
            settled = self.store.settle(offered.state, self.at)
        except WizardError as error:
            assert error.code == "state.other-cluster"  # noqa: PT017
            assert offered.state.cluster.uid != self.at.uid
            settled = self.store.load(self.at, NAMESPACE)
        self.state = settled.state
        self.notices = offered.notices + settled.notices
        self.store.hold(self.state)

    def reopen(self) -> None:
        self.store.release()
        self.open()
        assert self.state.place in self.expected[self.at]
        self.expected[self.at] = {self.state.place}

    @rule(place=st.sampled_from(("storage", "credentials", "argocd")))
    def answer(self, place: str) -> None:
        self.state = self.store.save(replace(self.state, place=place).noting(NOON, "answered", place))
        self.expected[self.at] = {place}

    @rule()
    def back(self) -> None:
        if self.state.history:
            self.state = self.store.save(
                replace(self.state, history=self.state.history[:-1], place=self.state.history[-1].detail)
            )
            self.expected[self.at] = {self.state.place}

    @rule(step=st.integers(0, 30), place=st.sampled_from(("immich", "exposure")))
    def crash_while_answering(self, step: int, place: str) -> None:
        before = self.state.place
        state = replace(self.state, place=place)
        finished = crashing(self.store, step, lambda: self.store.save(state))
        self.expected[self.at] = {place} if finished else {before, place}
        self.reopen()
        assert self.notices == ()

    @rule()
    def quit_and_resume(self) -> None:
        self.reopen()
        assert self.notices == ()

    @rule(garbage=st.binary(max_size=20))
    def disk_gone_bad(self, garbage: bytes) -> None:
        path = self.store.path(self.state.cluster, NAMESPACE)
        if self.state.saved_at is None:
            return
        backup = path.with_name(path.name + ".bak")
        allowed = {""}
        if backup.exists():
            allowed = {json.loads(backup.read_bytes())["place"]}
        path.write_bytes(garbage)
        self.expected[self.at] = allowed
        self.reopen()
        assert len(self.notices) == 1

    @rule()
    def other_cluster(self) -> None:
        self.at = CABIN if self.at is HOME else HOME
        self.reopen()

    @invariant()
    def the_folder_is_private_and_tidy(self) -> None:
        if hasattr(self, "folder") and self.folder.exists():
            assert all(path.stat().st_mode & 0o077 == 0 for path in self.folder.iterdir())

    def teardown(self) -> None:
        if hasattr(self, "temporary"):
            self.store.release()
            self.temporary.cleanup()


TestLives = Lives.TestCase
TestLives.settings = settings(derandomize=True, deadline=None, max_examples=40, stateful_step_count=25)


def test_the_calls_that_are_counted_are_the_ones_that_are_made() -> None:
    source = Path(state_files.__file__).read_text()
    assert all(f"os.{name}(" in source for name in ("open", "write", "fsync", "ftruncate"))
