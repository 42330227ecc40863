"""Images that run icloudpd: the parts of a reference, and which of them can do what Apple asks for today."""

from __future__ import annotations

import re
from dataclasses import dataclass

FIRST_GOOD_ICLOUDPD = (1, 32, 3)
GOOD_IMAGE = "icloudpd/icloudpd:1.32.3"
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
        """Whether it is icloudpd's own image, whose entry point is a program that takes "icloudpd" as its first word."""
        return bool(_OFFICIAL.search(self.repository))

    @property
    def too_old(self) -> bool:
        """Whether it is icloudpd's own image of before 1.32.3; other images number their releases differently."""
        version = tuple(int(part) for part in re.findall(r"\d+", self.tag)[:3])
        return self.official and len(version) == 3 and version < FIRST_GOOD_ICLOUDPD
