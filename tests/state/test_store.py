"""Finding, keeping and rescuing states, seen from outside: a folder before, a folder after."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.state.worlds import CABIN, HOME, HOME_UNREAD, NAMESPACE, NOON, full_state
from wizard.command import Address
from wizard.errors import Exit, WizardError
from wizard.model import ClusterRef
from wizard.state import State, Store
from wizard.state.record import SCHEMA

HINT = ClusterRef("home", HOME.server, None, HOME.ca_sha256)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "photosync-wizard"


def clock() -> Callable[[], datetime]:
    """Every look at it is a second later."""
    ticks = iter(range(100_000))
    return lambda: NOON + timedelta(seconds=next(ticks))


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    store = Store(folder, now=clock())
    yield store
    store.release()


def fresh(cluster: ClusterRef = HOME) -> State:
    return State(cluster, NAMESPACE)


def at(state: State, place: str) -> State:
    return replace(state, place=place)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_nothing_kept_is_a_fresh_state_and_no_folder(store: Store, folder: Path) -> None:
    loaded = store.last_used(HINT, NAMESPACE)
    assert loaded.state.saved_at is None
    assert loaded.notices == ()
    assert not folder.exists()


def test_what_is_kept_is_found_again(store: Store) -> None:
    kept = store.save(replace(full_state(), saved_at=None))
    assert store.load(HOME, NAMESPACE).state == kept
    assert store.last_used(HINT, NAMESPACE).state == kept
    assert store.load(HOME, "other").state.saved_at is None
    assert store.load(CABIN, NAMESPACE).state.saved_at is None


def test_files_and_folder_are_private_whatever_the_umask(store: Store, folder: Path) -> None:
    before = os.umask(0)
    try:
        store.save(store.save(fresh()))
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_folder_that_others_could_read_is_closed(store: Store, folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    store.save(fresh())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_previous_one_is_the_backup(store: Store) -> None:
    first = store.save(at(fresh(), "storage"))
    store.save(at(first, "argocd"))
    path = store.path(HOME, NAMESPACE)
    assert json.loads(path.read_text())["place"] == "argocd"
    assert json.loads(Path(f"{path}.bak").read_text())["place"] == "storage"


@pytest.mark.parametrize(
    ("kept", "seen", "same"),
    [
        (HOME, HOME, True),
        (HOME, replace(HOME, server="https://moved:6443", ca_sha256="c" * 64, context="renamed"), True),
        (HOME, HOME_UNREAD, True),
        (HOME_UNREAD, HOME, True),
        (HOME_UNREAD, replace(HOME_UNREAD, server=HOME.server + "/"), True),
        (HOME, replace(HOME, uid=CABIN.uid), False),
        (HOME, CABIN, False),
        (HOME_UNREAD, replace(HOME_UNREAD, ca_sha256="d" * 64), False),
        (HOME_UNREAD, replace(HOME_UNREAD, server="https://elsewhere:6443"), False),
    ],
)
def test_which_cluster_may_resume_what(store: Store, kept: ClusterRef, seen: ClusterRef, same: bool) -> None:
    state = store.save(at(fresh(kept), "immich"))
    if not same:
        with pytest.raises(WizardError) as caught:
            store.settle(state, seen)
        assert caught.value.code == "state.other-cluster"
        assert kept.server in caught.value.why
        assert seen.server in caught.value.why
        assert caught.value.fix
        assert store.load(seen, NAMESPACE).state.saved_at is None
        assert store.load(kept, NAMESPACE).state == state
        return
    settled = store.settle(state, seen).state
    assert settled.place == "immich"
    assert settled.cluster.server == seen.server
    assert settled.cluster.uid == (seen.uid or kept.uid)
    again = store.save(settled)
    assert store.load(seen, NAMESPACE).state == again


def test_a_context_that_leads_elsewhere_now_offers_its_old_state_and_is_refused(store: Store) -> None:
    kept = store.save(at(fresh(HOME), "immich"))
    offered = store.last_used(ClusterRef("home", CABIN.server, None, CABIN.ca_sha256), NAMESPACE).state
    assert offered == kept
    with pytest.raises(WizardError, match="a different cluster"):
        store.settle(offered, CABIN)


@pytest.mark.parametrize("hint", [HINT, replace(HINT, ca_sha256=None), replace(HINT, server=HINT.server + "/")])
def test_of_two_clusters_with_one_context_name_the_servers_own_comes_back(store: Store, hint: ClusterRef) -> None:
    home = store.save(at(fresh(HOME), "immich"))
    store.save(at(fresh(CABIN), "storage"))
    assert store.last_used(hint, NAMESPACE).state == home


def test_of_two_clusters_at_one_address_the_contexts_own_comes_back(store: Store) -> None:
    home = store.save(at(fresh(HOME), "immich"))
    store.save(fresh(replace(HOME, context="rebuilt", uid=CABIN.uid)))
    assert store.last_used(HINT, NAMESPACE).state == home


def test_a_hint_without_an_address_goes_by_the_context_alone(store: Store) -> None:
    store.save(fresh(ClusterRef("other", "", "0" * 8)))
    assert store.last_used(ClusterRef("demo-seed", ""), NAMESPACE).state.saved_at is None
    ours = store.save(fresh(ClusterRef("demo-seed", "http://127.0.0.1:4711", "1" * 8)))
    assert store.last_used(ClusterRef("demo-seed", ""), NAMESPACE).state == ours


def test_a_state_that_was_never_kept_gives_way_to_the_clusters_own(store: Store) -> None:
    kept = store.save(at(fresh(HOME), "immich"))
    unsaved = fresh(ClusterRef("new-name", "https://moved:6443"))
    assert store.settle(unsaved, replace(HOME, context="new-name")).state.place == kept.place
    assert store.settle(at(unsaved, "storage"), CABIN).state == at(fresh(CABIN), "storage")


@settings(derandomize=True, deadline=None, max_examples=40)
@given(garbage=st.binary(max_size=60))
def test_garbage_is_set_aside_and_the_backup_used(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    _check_rescue(tmp_path_factory.mktemp("garbage"), garbage)


def test_every_prefix_of_a_state_is_rescued(tmp_path: Path) -> None:
    whole = json.dumps(replace(fresh(), saved_at=NOON).to_json()).encode()
    for length in range(len(whole)):
        _check_rescue(tmp_path / str(length), whole[:length])


def _check_rescue(folder: Path, garbage: bytes) -> None:
    store = Store(folder, now=clock())
    backup = store.save(at(fresh(), "storage"))
    store.save(at(backup, "argocd"))
    path = store.path(HOME, NAMESPACE)
    path.write_bytes(garbage)
    loaded = store.last_used(HINT, NAMESPACE)
    assert loaded.state == backup
    assert len(loaded.notices) == 1
    aside = [item for item in folder.iterdir() if ".broken-" in item.name]
    assert [item.read_bytes() for item in aside] == [garbage]
    assert str(aside[0]) in loaded.notices[0]
    assert store.load(HOME, NAMESPACE) == replace(loaded, notices=())


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\0" * 100, b"[" * 100_000, b"1" * 10_000, b'"\\ud800"', b"null", b"{}", b" " * 5_000_000, b"\xff\xfe{"],
)  # fmt: skip
def test_garbage_without_a_backup_starts_afresh_and_says_so(store: Store, folder: Path, garbage: bytes) -> None:
    store.save(fresh())
    store.path(HOME, NAMESPACE).write_bytes(garbage)
    loaded = store.load(HOME, NAMESPACE)
    assert loaded.state == fresh()
    assert len(loaded.notices) == 1
    assert any(".broken-" in name for name in snapshot(folder))
    assert store.load(HOME, NAMESPACE).notices == ()
    store.save(at(loaded.state, "storage"))


def test_a_broken_backup_is_set_aside_too(store: Store, folder: Path) -> None:
    store.save(store.save(fresh()))
    path = store.path(HOME, NAMESPACE)
    path.write_bytes(b"{")
    Path(f"{path}.bak").write_bytes(b"}")
    assert store.load(HOME, NAMESPACE).state.saved_at is None
    assert sorted(content for name, content in snapshot(folder).items() if ".broken-" in name) == [b"{", b"}"]


def test_broken_files_of_other_setups_stay_as_they_are(store: Store, folder: Path) -> None:
    store.save(fresh(CABIN))
    store.path(CABIN, NAMESPACE).write_bytes(b"{")
    before = snapshot(folder)
    assert store.load(HOME, NAMESPACE).notices == ()
    assert snapshot(folder) == before


@pytest.mark.parametrize("where", ["", ".bak"])
def test_a_state_from_the_future_is_left_alone(store: Store, folder: Path, where: str) -> None:
    state = store.save(store.save(fresh()))
    path = store.path(HOME, NAMESPACE)
    if where:
        path.write_bytes(b"{")
    Path(f"{path}{where}").write_text(json.dumps({**state.to_json(), "schema": SCHEMA + 1, "new": [1]}))
    before = snapshot(folder)
    for look, cluster in ((store.load, HOME), (store.last_used, HINT)):
        with pytest.raises(WizardError) as caught:
            look(cluster, NAMESPACE)
        assert caught.value.code == "state.from-the-future"
        assert caught.value.exit_code is Exit.NEEDS_PERSON
        assert caught.value.fix
    if not where:
        with pytest.raises(WizardError, match="newer"):
            store.save(state)
    assert snapshot(folder) == before


def test_a_second_wizard_is_told_who_has_it_and_can_read(store: Store, folder: Path) -> None:
    state = store.save(fresh())
    other = Store(folder, now=clock())
    with store.lock(state):
        with pytest.raises(WizardError) as caught:
            other.hold(state)
        assert caught.value.code == "state.locked"
        assert str(os.getpid()) in caught.value.what
        assert "2026-01-18 12:00 UTC" in caught.value.what
        assert other.load(HOME, NAMESPACE).state == state
        with pytest.raises(WizardError, match="has this setup open"):
            other.save(state)
        store.save(state)
    with other.lock(store.load(HOME, NAMESPACE).state):
        pass


def test_a_lock_of_a_killed_wizard_is_no_obstacle(store: Store, folder: Path) -> None:
    state = store.save(fresh())
    script = (
        "import sys, os, signal\nfrom pathlib import Path\nfrom wizard.state import Store\n"
        "from tests.state.test_store import HOME, NAMESPACE\n"
        "store = Store(Path(sys.argv[1]))\nstore.hold(store.load(HOME, NAMESPACE).state)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(folder)], check=False, timeout=60)
    assert ended.returncode == -9
    with store.lock(state):
        store.save(state)


def test_an_unreadable_note_in_the_lock_still_names_the_trouble(store: Store, folder: Path) -> None:
    state = store.save(fresh())
    with store.lock(state):
        Path(f"{store.path(HOME, NAMESPACE)}.lock").write_bytes(b"\xff[")
        with pytest.raises(WizardError, match=r"has this setup open[.]"):
            Store(folder).hold(state)


def test_what_another_wizard_kept_meanwhile_is_not_overwritten(store: Store, folder: Path) -> None:
    opened = store.save(fresh())
    theirs = Store(folder, now=lambda: NOON + timedelta(hours=1)).save(at(opened, "immich"))
    with pytest.raises(WizardError) as caught:
        store.save(at(opened, "storage"))
    assert caught.value.code == "state.changed-meanwhile"
    assert store.load(HOME, NAMESPACE).state == theirs


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_disk_that_refuses_is_told_in_one_sentence(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, error: int, call: str
) -> None:
    state = store.save(at(fresh(), "storage"))
    before = snapshot(folder)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(WizardError) as caught:
            store.save(at(state, "argocd"))
    assert caught.value.code == "state.unwritable"
    assert os.strerror(error) in caught.value.what
    after = snapshot(folder)
    assert {name: after[name] for name in before if not name.endswith(".lock")} == {
        name: content for name, content in before.items() if not name.endswith(".lock")
    }
    assert not [name for name in after if name.endswith(".tmp")]
    assert store.save(at(state, "argocd")).place == "argocd"


def test_a_folder_that_can_not_be_made_is_told_and_reading_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "below")
    state = store.load(HOME, NAMESPACE).state
    for attempt in (store.save, store.hold):
        with pytest.raises(WizardError) as caught:
            attempt(state)
        assert caught.value.code == "state.unwritable"


def test_a_secret_is_refused_before_anything_is_written(store: Store, folder: Path) -> None:
    state = replace(fresh(), place="https://you:hunter2@example.com")
    with pytest.raises(WizardError) as caught:
        store.save(state)
    assert caught.value.code == "state.secret-refused"
    assert "hunter2" not in "\n".join(caught.value.lines(Address()))
    assert not folder.exists()


def test_names_of_files_stay_in_the_folder_whatever_the_cluster_says(store: Store, folder: Path) -> None:
    odd = ClusterRef("x", "https://x", "../../etc/passwd")
    path = store.path(odd, "../up")
    assert path.parent == folder
    assert store.load(odd, "../up").state.cluster.uid == odd.uid
