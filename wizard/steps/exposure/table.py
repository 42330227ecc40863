"""What iteration 6 shows beside its findings: the Ingresses that lead to Immich, else some to take as the pattern."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.facts.ingresses import immich_routes
from wizard.facts.objects import items
from wizard.model import FactTable
from wizard.settings import Settings
from wizard.world import Ingress, IngressRule, World

_MOST = 5


def ingresses_table(world: World, settings: Settings) -> FactTable:
    """One row an Ingress, with the hosts of those of its rules that count."""
    del settings
    routes = immich_routes(world)
    others = [(ingress, rule) for ingress in items(world.ingresses) for rule in ingress.rules[:1]]
    return FactTable(
        ("host", "ingress", "class", "TLS", "address"),
        tuple(_row(ingress, rules) for ingress, rules in _by_ingress(routes or others)[:_MOST]),
        "What leads to Immich" if routes else "Other Ingresses in this cluster, to use one as a pattern",
    )


def _by_ingress(routes: Sequence[tuple[Ingress, IngressRule]]) -> list[tuple[Ingress, list[IngressRule]]]:
    """The rules by the Ingress that they stand in."""
    rules: dict[tuple[str, str], tuple[Ingress, list[IngressRule]]] = {}
    for ingress, rule in routes:
        rules.setdefault((ingress.meta.namespace, ingress.meta.name), (ingress, []))[1].append(rule)
    return list(rules.values())


def _row(ingress: Ingress, rules: Sequence[IngressRule]) -> tuple[str | None, ...]:
    return (
        ", ".join(dict.fromkeys(rule.host or "*" for rule in rules)),
        f"{ingress.meta.namespace}/{ingress.meta.name}",
        ingress.class_name or None,
        "yes" if ingress.tls else "no",
        ", ".join(ingress.addresses) or None,
    )
