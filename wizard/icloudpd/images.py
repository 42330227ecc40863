"""Images that run icloudpd: the parts of a reference, and which of them can do what Apple asks for today."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.choices import IMAGE
from wizard.icloudpd.workload import Workload

FIRST_GOOD_ICLOUDPD = (1, 32, 3)
FIRST_WITH_ENTRY_POINT = (1, 32, 0)
GOOD_IMAGE = IMAGE.default
OFFICIAL_PROGRAM = "/app/icloudpd"
OLD_STARTER = "/app/icloudpd_ex"
BOREDAZFCUK_PROGRAM = "/opt/icloudpd/bin/icloudpd"
PROGRAM_PLACES = (
    f"icloudpd/icloudpd has {OFFICIAL_PROGRAM} since 1.32.0, and had {OLD_STARTER} before; boredazfcuk/icloudpd has "
    f"{BOREDAZFCUK_PROGRAM}."
)
_OFFICIAL = re.compile(r"(?:^|/)icloudpd/icloudpd$")


@dataclass(frozen=True, slots=True)
class Image:
    """An image reference in its parts; `tag` and `digest` are empty where they are not given."""

    repository: str
    tag: str
    digest: str

    @classmethod
    def of(cls, reference: str) -> Image:
        """The parts of "registry:5000/owner/name:tag@sha256:..."."""
        name, _, digest = reference.partition("@")
        folder, slash, last = name.rpartition("/")
        last, _, tag = last.partition(":")
        return cls(folder + slash + last, tag, digest)

    @property
    def official(self) -> bool:
        """Whether it is icloudpd's own image."""
        return bool(_OFFICIAL.search(self.repository))

    @property
    def version(self) -> tuple[int, ...]:
        """The release of icloudpd in its own image, empty where the tag does not say; other images number theirs differently."""
        version = tuple(int(part) for part in re.findall(r"\d+", self.tag)[:3])
        return version if self.official and len(version) == 3 else ()

    @property
    def too_old(self) -> bool:
        """Whether it is icloudpd's own image of before 1.32.3."""
        return bool(self.version) and self.version < FIRST_GOOD_ICLOUDPD

    @property
    def has_entry_point(self) -> bool:
        """Whether it is icloudpd's own image since 1.32.0: /app/icloudpd, and an entry point that takes the program's name first."""
        newest = self.official and not self.digest and self.tag in ("", "latest")
        return newest or self.version >= FIRST_WITH_ENTRY_POINT


def program_in(image: str) -> str:
    """How a shell in an image, given by its reference, calls icloudpd; by its name alone in one that nobody knows."""
    parts = Image.of(image)
    if parts.official:
        is_old = parts.version and parts.version < FIRST_WITH_ENTRY_POINT
        return f"{OLD_STARTER} icloudpd" if is_old else OFFICIAL_PROGRAM
    return BOREDAZFCUK_PROGRAM if parts.repository.endswith("boredazfcuk/icloudpd") else "icloudpd"


def names_no_program(workload: Workload) -> bool:
    """Whether its arguments go to the official image's entry point without the program's name before them."""
    container = workload.container
    to_entry_point = Image.of(container.image).has_entry_point and not container.command
    return to_entry_point and container.args[:1] not in (("icloudpd",), ("icloud",))
