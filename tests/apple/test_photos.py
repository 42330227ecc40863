"""The demo's photo library as pyicloud sees it."""

from __future__ import annotations

from pathlib import Path

from tests.apple.conftest import off_loop, service, sign_in
from wizard.demo.apple.photos import library
from wizard.demo.apple.server import DemoApple

WHO = "one.phone@example.com"


async def test_pyicloud_counts_lists_and_downloads_the_pictures(apple: DemoApple, cookies: Path) -> None:
    def look() -> tuple[int, list[tuple[str, int | None]], list[bytes | None], list[str]]:
        with service(WHO, cookies, password=None) as api:
            photos = list(api.photos.all)
            count, libraries = len(api.photos.all), list(api.photos.libraries)
            return count, [(p.filename, p.size) for p in photos], [p.download() for p in photos], libraries

    await off_loop(lambda: sign_in(apple, WHO, cookies))
    count, listed, downloaded, libraries = await off_loop(look)
    newest_first = library()[::-1]
    assert count == len(newest_first) == 6
    assert listed == [(picture.name, len(picture.content)) for picture in newest_first]
    assert downloaded == [picture.content for picture in newest_first]
    assert libraries == ["root"]


def test_pictures_are_what_they_say() -> None:
    marks = {"public.jpeg": b"\xff\xd8\xff", "public.heic": b"ftypheic"}
    pictures = library()
    assert all(marks[picture.kind] in picture.content[:12] for picture in pictures)
    assert [picture.kind for picture in pictures].count("public.heic") == 1
