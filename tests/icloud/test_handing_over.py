"""The real icloudpd takes the prepared pair without a password, and what it writes is resumed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apple import icloudpd
from tests.icloud.conftest import PASSWORD, lines, session, wrong
from wizard.demo.apple.proxy import DemoProxy
from wizard.demo.apple.server import DemoApple
from wizard.errors import WizardError
from wizard.icloud.files import Pair, fit_for_icloudpd, icloudpd_names
from wizard.icloud.ladder import Rung
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import SignedIn

WHO = "one.phone@example.com"
PROGRAM = icloudpd.binary()

pytestmark = pytest.mark.skipif(
    PROGRAM is None,
    reason="icloudpd's own binary is not here: set PHOTOSYNC_ICLOUDPD to site-packages/icloudpd/icloudpd",
)


async def run(apple: DemoApple, home: Path, *arguments: str) -> str:
    """What icloudpd prints, with no password anywhere."""
    assert PROGRAM is not None
    common = ["--username", WHO, "--cookie-directory", str(home / "cookies"), "--password-provider", "parameter"]
    async with (
        DemoProxy.open(apple.address) as proxy,
        icloudpd.running(PROGRAM, [*common, *arguments], proxy=proxy.url, ca_file=apple.ca_file, home=home) as program,
    ):
        await program.end()
        return program.output


def put(pair: Pair, home: Path) -> None:
    names = icloudpd_names(pair.account)
    folder = home / "cookies"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ((names.jar, pair.jar), (names.session, pair.session)):
        (folder / name).write_text(content, encoding="utf-8")


def take(home: Path) -> Pair:
    names = icloudpd_names(WHO)
    jar, file = home / "cookies" / names.jar, home / "cookies" / names.session
    return Pair(WHO, jar.read_text(encoding="utf-8"), file.read_text(encoding="utf-8"))


async def test_there_and_back(signing_in: SigningIn, apple: DemoApple, tmp_path: Path) -> None:
    put(fit_for_icloudpd(await session(signing_in, apple, WHO)), tmp_path)
    assert "Authentication completed successfully" in await run(apple, tmp_path, "--auth-only")
    assert lines(apple) == ["POST /setup/ws/1/validate 200"]
    apple.end_web_sessions(WHO)
    assert await signing_in.resume(take(tmp_path)) == SignedIn(Rung.HEALED)
    put(fit_for_icloudpd(await signing_in.files()), tmp_path)
    assert "Authentication completed successfully" in await run(apple, tmp_path, "--auth-only")


async def test_a_wrong_password_before_does_not_cost_the_photos(
    signing_in: SigningIn, apple: DemoApple, tmp_path: Path
) -> None:
    """A remembered 401 would have icloudpd download nothing and call it success."""
    pair = await session(signing_in, apple, WHO)
    with pytest.raises(WizardError):
        await signing_in.start(WHO, wrong(PASSWORD), kept_pair=pair)
    assert await signing_in.start(WHO, PASSWORD, kept_pair=pair) == SignedIn(Rung.TRUSTED_PASSWORD)
    put(fit_for_icloudpd(await signing_in.files()), tmp_path)
    photos = tmp_path / "photos"
    photos.mkdir()
    await run(apple, tmp_path, "--directory", str(photos))
    assert sum(file.is_file() for file in photos.rglob("*")) == 6
