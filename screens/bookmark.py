"""Where a person is in the wizard and how it looks to them: what the next start goes back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

ITERATION = "iteration"
FINDING = "finding"
KUBECTL = "kubectl"
SETUP = "setup"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """`screen` is one of the names above, `step` a step id, `finding` one of `references`, `theme` a name."""

    screen: str = ITERATION
    step: str = ""
    finding: str = ""
    theme: str = ""

    @classmethod
    def of(cls, texts: Mapping[str, str] | None) -> Bookmark:
        """From what was remembered; what is not known any more is left out."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: str(text) for name, text in (texts or {}).items() if name in names})

    def texts(self) -> dict[str, str]:
        """As plain texts, to be remembered."""
        return asdict(self)
