"""What the demo's user may not do, from the patterns of Scenario.denied. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from wizard.demo.api.kinds import Object
from wizard.demo.api.refusals import Refused, refusal

USER = "demo"
ANONYMOUS = "system:anonymous"


@dataclass(frozen=True, slots=True)
class Wish:
    """Something somebody wants to do; `namespace` and `name` are "" where they do not apply."""

    verb: str
    group: str
    plural: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def resource(self) -> str:
        """As messages name it: "pods/exec"."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


class Policy:
    """Answers whether a wish is granted.

    Patterns are "verb resource[.group][/subresource] [namespace]": without a group about every group, without a
    subresource about the objects themselves, without a namespace about all.
    """

    def __init__(self, denied: tuple[str, ...] = ()) -> None:
        self._rules = [(*pattern.split(), "*")[:3] for pattern in denied]
        self.grants_everything = not denied

    def allows(self, wish: Wish) -> bool:
        """False when a pattern names it."""
        return not any(_is_about(verb, resource, namespace, wish) for verb, resource, namespace in self._rules)


def _is_about(verb: str, resource: str, namespace: str, wish: Wish) -> bool:
    whole, _, subresource = resource.partition("/")
    plural, _, group = whole.partition(".")
    return (
        fnmatchcase(wish.verb, verb)
        and fnmatchcase(wish.plural, plural)
        and fnmatchcase(wish.group, group or "*")
        and (resource == "*" or fnmatchcase(wish.subresource, subresource))
        and fnmatchcase(wish.namespace, namespace)
    )


def forbidden(user: str, wish: Wish) -> Refused:
    """403 in the words of RBAC."""
    qualified = f"{wish.plural}.{wish.group}" if wish.group else wish.plural
    subject = f'{qualified} "{wish.name}"' if wish.name else qualified
    where = f'in the namespace "{wish.namespace}"' if wish.namespace else "at the cluster scope"
    message = (
        f'{subject} is forbidden: User "{user}" cannot {wish.verb} resource "{wish.resource}" '
        f'in API group "{wish.group}" {where}'
    )
    details: Object = {"name": wish.name, "group": wish.group, "kind": wish.plural}
    return refusal(403, "Forbidden", message, details={key: value for key, value in details.items() if value})


def forbidden_path(user: str, path: str) -> Refused:
    """403 for a path that is no resource."""
    return refusal(403, "Forbidden", f'forbidden: User "{user}" cannot get path "{path}"', details={})


def forbidden_stream(wish: Wish) -> Refused:
    """403 for who may only get exec or attach, and not create it: a real server gives no reason."""
    details: Object = {"name": wish.name, "kind": wish.plural}
    return refusal(403, "Forbidden", f'{wish.plural} "{wish.name}" is forbidden: ', details=details)
