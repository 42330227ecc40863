"""With what a visit to Apple begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from wizard.icloud.files import Pair


@dataclass(frozen=True, slots=True)
class Login:
    """`folder` is the visit's own and not there yet; `pair` is an earlier session of the account.

    `kept_password` says that the password was not typed just now.
    """

    account: str
    folder: Path
    password: str | None = field(repr=False)
    kept_password: bool = False
    china: bool = False
    pair: Pair | None = None
