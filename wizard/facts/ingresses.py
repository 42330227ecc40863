"""Which Ingresses lead to Immich, and which of the others shows how this cluster does it."""

from __future__ import annotations

from collections import Counter

from wizard.facts.objects import items
from wizard.world import Found, Immich, Ingress, IngressRule, Page, Read, World


def ingresses_around(world: World) -> Read[Page[Ingress]]:
    """The Ingresses among which Immich's would be: its own namespace's where those were read, else the cluster's."""
    immich = world.immich.value if isinstance(world.immich, Found) else None
    return immich.ingresses if immich and isinstance(immich.ingresses, Found) else world.ingresses


def immich_routes(world: World) -> list[tuple[Ingress, IngressRule]]:
    """Every rule of an Ingress that leads to Immich's Service."""
    if not isinstance(world.immich, Found):
        return []
    return [
        (item, rule)
        for item in items(ingresses_around(world))
        for rule in item.rules
        if is_of_immich(item, rule, world.immich.value)
    ]


def pattern_ingress(world: World) -> Ingress | None:
    """An existing Ingress to take as the pattern: of the class that most of them use, the plainest first by name."""
    immich = world.immich.value if isinstance(world.immich, Found) else None
    others = [
        item
        for item in items(world.ingresses)
        if not immich or not any(is_of_immich(item, rule, immich) for rule in item.rules)
    ]
    if not others:
        return None
    popular = Counter(item.class_name for item in others).most_common(1)[0][0]
    return min(
        (item for item in others if item.class_name == popular), key=lambda item: (len(item.rules), item.meta.name)
    )


def is_of_immich(item: Ingress, rule: IngressRule, immich: Immich) -> bool:
    """Whether a rule leads to Immich's Service."""
    return item.meta.namespace == immich.namespace and rule.service == (immich.service or "immich-server")
