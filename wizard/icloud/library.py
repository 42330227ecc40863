"""How many photos and videos iCloud holds, and about how much they take. Blocking, and only asks."""

from __future__ import annotations

import itertools
from typing import Any

from pyicloud.exceptions import PyiCloudException

from wizard.icloud.steps import Library

_SAMPLE = 50
_DOWNLOADED = ("original", "original_video")


def measure_library(api: Any) -> Library:
    """Apple's count, and the size by its storage figure, else by the newest pictures. Raises what keeps the photos closed."""
    album = api.photos.all
    count = len(album)
    if taken := stored(api):
        return Library(count, taken, "storage")
    sizes = [_size(photo) for photo in itertools.islice(album, min(count, _SAMPLE))]
    known_sizes = [size for size in sizes if size]
    if not known_sizes:
        return Library(count, 0 if count == 0 else None, "nothing")
    return Library(count, round(count * sum(known_sizes) / len(known_sizes)), "sample", len(known_sizes))


def stored(api: Any) -> int | None:
    """What Apple's storage page says that photos take; None where it does not say."""
    try:
        media = api.account.storage.usages_by_media.get("photos")
        return int(media.usage_in_bytes) or None if media else None
    except (PyiCloudException, ValueError, KeyError, TypeError, AttributeError):
        return None


def _size(photo: Any) -> int:
    """What icloudpd downloads of a picture: the original, and a Live Photo's video."""
    resources = photo.resources
    return sum(int(resources[name].size or 0) for name in _DOWNLOADED if name in resources)
