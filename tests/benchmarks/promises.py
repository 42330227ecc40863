"""Each promise and how it is measured: ours and what it stands beside, in turns, medians of both."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import commands, kubeconfigs, objects, proxy, results, signing_in, terminal
from tests.benchmarks.commands import Run
from tests.benchmarks.machine import wait_until_calm
from tests.benchmarks.results import Result

FIRST_FRAME_LIMIT = 1.5
STATUS_LIMIT = 1.2
STATUS_FAR_LIMIT = 0.4
OPEN_MEMORY_LIMIT = 2.5
CROWD_TIME_LIMIT = 1.25
CROWD_MEMORY_LIMIT = 5.0
JOBS_TIME_LIMIT = 2.0
JOBS_MEMORY_LIMIT = 30.0
HAND_OVER_LIMIT = 1.5

ROUND_TRIP = 0.030
FEW, MANY = 10, 10_000
FINISHED_JOBS = 5_000
STAY_SECONDS = 3.0

USEFUL = re.compile(rb"Verification|Is this your setup")
LOOKED = re.compile(rb"\blive\b")
GREETED = re.compile(rb"Hello, World!")
HEAVY = ("kubernetes", "aiohttp", "textual", "rich", "pyicloud", "keyring", "yaml")


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how often: `folder` is the harness's own, `namespace` holds the seed's objects.

    `apple_hook` is a program that leads the cluster's pods to a demo Apple; None where there is none.
    """

    kubeconfig: Path
    folder: Path
    namespace: str
    runs: int
    apple_hook: Path | None = None

    def status(self, kubeconfig: Path | None = None) -> Run:
        return commands.run_status(kubeconfig or self.kubeconfig, self.namespace, self.folder)

    def statuses(self) -> list[Run]:
        """As many as asked for, once the machine is calm, after one that fills the caches."""
        wait_until_calm()
        return [self.status() for _ in range(self.runs + 1)][1:]

    def seeds_own(self, kubeconfig: Path) -> Run:
        return commands.run_seeds_own(kubeconfig, self.namespace, self.folder)


def light_start(bench: Bench) -> Iterator[Result]:
    """`--help` and `--version` load no library that they don't need."""
    script = (
        "import sys\nfrom screens.__main__ import main\nsys.argv = ['photosync-wizard', sys.argv[1]]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"sys.stderr.write('LOADED ' + ' '.join(set({HEAVY!r}) & set(sys.modules)))"
    )
    for flag in ("--help", "--version"):
        done = subprocess.run(
            [sys.executable, "-c", script, flag],
            env=commands.environment(bench.folder),
            capture_output=True,
            text=True,
            timeout=commands.COMMAND_SECONDS,
            check=True,
        )
        loaded = done.stderr.rpartition("LOADED")[2].split()
        yield Result(
            f"{flag}: heavy libraries loaded", ", ".join(sorted(loaded)) or "none", "", len(loaded), 0, unit=""
        )


def first_frame(bench: Bench) -> Iterator[Result]:
    """From the process's start to the first useful frame."""
    ours = commands.wizard(bench.kubeconfig, bench.namespace)
    mine, hello = _in_turns(
        bench.runs,
        lambda: terminal.open_in_terminal(ours, USEFUL, bench.folder).seconds,
        lambda: terminal.open_in_terminal(terminal.hello(), GREETED, bench.folder).seconds,
    )
    yield results.seconds_in_turns("first useful frame / Textual's hello world", mine, hello, FIRST_FRAME_LIMIT)


def open_memory(bench: Bench) -> Iterator[Result]:
    """Peak memory of the open wizard, its first look done."""
    ours = commands.wizard(bench.kubeconfig, bench.namespace)
    mine, hello = _in_turns(
        max(2, bench.runs // 2),
        lambda: terminal.open_in_terminal(ours, USEFUL, bench.folder, settled=LOOKED, stay=STAY_SECONDS).megabytes,
        lambda: terminal.open_in_terminal(terminal.hello(), GREETED, bench.folder, stay=1.0).megabytes,
    )
    yield results.megabytes("memory of the open wizard / hello world", mine, hello, OPEN_MEMORY_LIMIT)


def status_near(bench: Bench) -> Iterator[Result]:
    """`status` beside the seed's seven commands, on loopback."""
    yield _status_beside_seeds_own(bench, bench.kubeconfig, "status / seven kubectl commands", STATUS_LIMIT)


def status_far(bench: Bench) -> Iterator[Result]:
    """The same over a line with 30 ms of round trip."""
    host, port = kubeconfigs.server_of(bench.kubeconfig)
    with proxy.delaying(host, port, ROUND_TRIP / 2) as local:
        far = kubeconfigs.through(bench.kubeconfig, local, bench.folder / "far.yaml")
        yield _status_beside_seeds_own(bench, far, "the same, 30 ms round trip", STATUS_FAR_LIMIT)


def crowd(bench: Bench) -> Iterator[Result]:
    """`status` with few and with many objects that have nothing to do with it."""
    with objects.crowded(bench.kubeconfig, bench.folder, f"{bench.namespace}-few", FEW):
        few = bench.statuses()
    with objects.crowded(bench.kubeconfig, bench.folder, f"{bench.namespace}-many", MANY):
        many = bench.statuses()
    what = f"status, {MANY:,} / {FEW} unrelated objects"
    yield results.seconds_apart(what, _seconds(many), _seconds(few), CROWD_TIME_LIMIT)
    yield results.more_megabytes(f"{what}: memory", _megabytes(many), _megabytes(few), CROWD_MEMORY_LIMIT)


def finished_jobs(bench: Bench) -> Iterator[Result]:
    """`status` with thousands of finished Jobs in its own namespace, and with none."""
    none = bench.statuses()
    objects.add_finished_jobs(bench.kubeconfig, bench.folder, bench.namespace, FINISHED_JOBS)
    many = bench.statuses()
    what = f"status, {FINISHED_JOBS:,} finished Jobs / none"
    yield results.seconds_apart(what, _seconds(many), _seconds(none), JOBS_TIME_LIMIT)
    yield results.more_megabytes(f"{what}: memory", _megabytes(many), _megabytes(none), JOBS_MEMORY_LIMIT)


def hand_over(bench: Bench) -> Iterator[Result]:
    """From "code accepted" to "accepted by the cluster's icloudpd", beside one copy and one icloudpd by kubectl."""
    if bench.apple_hook is None:
        sys.stderr.write("hand-over: left out, it needs --apple-hook\n")
        return
    wait_until_calm()
    ours, bare = signing_in.measure(
        bench.kubeconfig, bench.apple_hook, bench.folder, f"{bench.namespace}-apple", bench.runs
    )
    yield results.seconds_in_turns("code accepted to proved / exec copy + icloudpd", ours, bare, HAND_OVER_LIMIT)


PROMISES: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "light-start": light_start,
    "first-frame": first_frame,
    "open-memory": open_memory,
    "status": status_near,
    "status-far": status_far,
    "hand-over": hand_over,
    "crowd": crowd,
    "finished-jobs": finished_jobs,
}
"""In this order: the last one leaves its Jobs in the namespace."""


@contextmanager
def bench_in(
    kubeconfig: Path, folder: Path, namespace: str, runs: int, apple_hook: Path | None = None
) -> Iterator[Bench]:
    """A Bench with the seed's objects in a namespace of its own, for as long as it is needed."""
    kubeconfigs.server_of(kubeconfig)
    with objects.seeded(kubeconfig, folder, namespace):
        yield Bench(kubeconfig, folder, namespace, runs, apple_hook)


def _status_beside_seeds_own(bench: Bench, kubeconfig: Path, what: str, limit: float) -> Result:
    ours, own = _in_turns(
        bench.runs, lambda: bench.status(kubeconfig).seconds, lambda: bench.seeds_own(kubeconfig).seconds
    )
    return results.seconds_in_turns(what, ours, own, limit)


def _in_turns(runs: int, ours: Callable[[], float], other: Callable[[], float]) -> tuple[list[float], list[float]]:
    """The values of both, taken in turns, after one of each that doesn't count and fills the caches."""
    wait_until_calm()
    pairs = [(ours(), other()) for _ in range(runs + 1)][1:]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _seconds(runs: list[Run]) -> list[float]:
    return [each.seconds for each in runs]


def _megabytes(runs: list[Run]) -> list[float]:
    return [each.megabytes for each in runs]
