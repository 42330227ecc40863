"""Which scenarios there are: a name, one line for people, and what builds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wizard.demo.scenario import Scenario
from wizard.demo.scenarios import good


@dataclass(frozen=True, slots=True)
class Entry:
    """`title` says what the scenario shows; `build` makes it, its objects not yet as a server stores them."""

    title: str
    build: Callable[[], Scenario]


ENTRIES: Mapping[str, Entry] = {
    "fresh": Entry("An empty cluster with Argo CD, an ingress class and a default storage class", good.fresh),
    "seed": Entry("Four iterations thought done, two of them truly: the seed's own state", good.seed),
    "complete": Entry("All seven iterations done, the session good for three weeks", good.complete),
    "expired": Entry("Complete, but Apple's session is dead and the nightly run fails", good.expired),
    "expiring": Entry("Complete, with five days of the session left", good.expiring),
}
