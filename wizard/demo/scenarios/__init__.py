"""The worlds that the demo can show, by name: a fresh cluster, the seed's, a finished one, and one per way to fail.

Objects are YAML files in `objects/`, logs text files in `logs/`; a failing world is a good one plus a small edit.
Nothing is read before a scenario is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wizard.demo.scenario import Scenario
from wizard.demo.scenarios.applying import ours
from wizard.demo.scenarios.catalogue import ENTRIES
from wizard.demo.scenarios.edits import OURS
from wizard.demo.scenarios.files import Object
from wizard.demo.scenarios.stored import as_stored
from wizard.errors import Exit, Retry, WizardError


def names() -> tuple[str, ...]:
    """Every scenario, in the order in which a newcomer would try them."""
    return tuple(ENTRIES)


def titles() -> Mapping[str, str]:
    """One line for each scenario: what it shows."""
    return {name: entry.title for name, entry in ENTRIES.items()}


def load(name: str) -> Scenario:
    """The scenario called `name`. Raises WizardError, with the names that there are, for another."""
    entry = ENTRIES.get(name)
    if entry is None:
        raise WizardError(
            "demo.unknown-scenario",
            f"There is no demo scenario called {name}.",
            fix=f"Choose one of: {', '.join(ENTRIES)}.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )
    scenario = entry.build()
    return replace(scenario, name=name, title=entry.title, objects=as_stored(scenario.objects))


def manifests(name: str, namespace: str = OURS, *, applications: bool = False) -> tuple[Object, ...]:
    """What is in photo-sync in that scenario, for `kubectl apply` into `namespace` of a real cluster, in order.

    Without status, uids and times. `applications` adds the Argo CD Applications that sync into it, with their status,
    for a cluster on which no Argo CD runs.
    """
    return ours(load(name).objects, namespace, applications=applications)
