"""Where the images of icloudpd have their programs, and what starts in them: the demo's are laid out as the real ones are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wizard.icloudpd.images import BOREDAZFCUK_PROGRAM, OFFICIAL_PROGRAM, Image

ENTRY_POINT = "/app/entrypoint.sh"


@dataclass(frozen=True, slots=True)
class Layout:
    """`programs` says which program stands where: a path, or a name that is on the PATH. `entry_point` gets a pod's args."""

    programs: Mapping[str, str]
    entry_point: tuple[str, ...] = ()


_OFFICIAL = Layout({OFFICIAL_PROGRAM: "icloudpd", ENTRY_POINT: "entrypoint.sh"}, (ENTRY_POINT,))
_NONE = Layout({})
_OTHER = Layout({BOREDAZFCUK_PROGRAM: "icloudpd", "icloudpd": "icloudpd"})


def layout_of(image: str) -> Layout:
    """The layout of an image by its reference; an icloudpd that nobody knows is like boredazfcuk/icloudpd."""
    if Image.of(image).official:
        return _OFFICIAL
    return _OTHER if "icloudpd" in image else _NONE
