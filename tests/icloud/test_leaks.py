"""Passwords, codes, tokens and cookies are planted and searched for in whatever a sign-in leaves behind."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.icloud.conftest import PASSWORD, code, files_in, type_code, wrong
from wizard.command import Address
from wizard.demo.apple.server import DemoApple
from wizard.errors import WizardError
from wizard.icloud.files import Pair, read_jar
from wizard.icloud.service import Service
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import CodeWanted, SignedIn, WrongCode

WHO = "one.phone@example.com"


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """As loud as somebody could make it, before the first sign-in of the process has silenced anything."""
    loud = (
        "pyicloud",
        "pyicloud.base",
        "pyicloud.session",
        "pyicloud.hsa2_bridge",
        "urllib3",
        "urllib3.connectionpool",
    )
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in loud}
    for name in loud:
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(logging.NOTSET)
    with caplog.at_level(logging.DEBUG):
        yield
    for name, (level, propagate) in before.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).propagate = propagate


def secrets_of(pair: Pair) -> list[str]:
    tokens = [value for key, value in json.loads(pair.session).items() if key.endswith(("token", "id", "scnt"))]
    return [*tokens, *(cookie.value for cookie in read_jar(pair.jar) if len(cookie.value) > 5)]


async def test_no_secret_is_logged_printed_or_shown(
    signing_in: SigningIn, apple: DemoApple, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    shown: list[object] = [signing_in, vars(signing_in)]
    step = await signing_in.start(WHO, PASSWORD)
    first = code(apple, WHO)
    refused = await signing_in.submit(wrong(first))
    assert isinstance(refused, WrongCode)
    second = code(apple, WHO)
    assert isinstance(await type_code(signing_in, apple, WHO, refused.step), SignedIn)
    pair = await signing_in.files()
    shown += [step, refused, pair, await signing_in.photos(), signing_in._talk, await signing_in.resume(pair)]
    out, err = capfd.readouterr()
    left = "\n".join([caplog.text, out, err, *map(repr, shown)])
    planted = [PASSWORD, first, second, wrong(first), *secrets_of(pair)]
    assert len(planted) > 20
    assert [secret for secret in planted if secret in left] == []
    assert [record.name for record in caplog.records if record.name.startswith(("pyicloud", "urllib3"))] == []


async def test_refusals_carry_nothing_of_what_was_sent_or_answered(signing_in: SigningIn, apple: DemoApple) -> None:
    refusals: list[WizardError] = []
    password = f"planted-{PASSWORD}"
    for who in ("throttled@example.com", "locked@example.com", "nobody@example.com", "dropped@example.com"):
        with pytest.raises(WizardError) as refusal:
            await signing_in.start(who, password)
        refusals.append(refusal.value)
    step = await signing_in.start("web.off@example.com", PASSWORD)
    assert isinstance(step, CodeWanted)
    typed = code(apple, "web.off@example.com")
    with pytest.raises(WizardError) as refusal:
        await signing_in.submit(typed)
    refusals.append(refusal.value)
    for trouble in refusals:
        text = "".join([*trouble.lines(Address()), repr(trouble), *traceback.format_exception(trouble)])
        assert not any(secret in text for secret in (PASSWORD, typed, "serviceErrors", "pyicloud/"))
        assert trouble.__cause__ is None
        assert trouble.__context__ is None


async def test_files_are_on_the_disk_only_while_pyicloud_reads_or_writes_them(
    signing_in: SigningIn, apple: DemoApple, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    write = Service.write_files

    def writing(service: Service) -> object:
        written = write(service)
        seen.append([oct((private / name).stat().st_mode & 0o777) for name in files_in(private)])
        return written

    monkeypatch.setattr(Service, "write_files", writing)
    step = await signing_in.start(WHO, PASSWORD)
    assert files_in(private) == []
    await type_code(signing_in, apple, WHO, step)
    assert files_in(private) == []
    await signing_in.files()
    assert files_in(private) == []
    assert [modes[0] for modes in seen] == ["0o700"]
    assert len(seen[0]) == 3


async def test_pyiclouds_own_keyring_entry_folder_and_switches_are_left_alone(
    signing_in: SigningIn, apple: DemoApple, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("pyicloud asked the keyring")

    monkeypatch.setattr("keyring.get_password", never)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("ICLOUD_CHINA", "1")
    step = await signing_in.start(WHO, PASSWORD)
    assert isinstance(await type_code(signing_in, apple, WHO, step), SignedIn)
    pair = await signing_in.files()
    assert ".cn" not in pair.jar
    assert isinstance(await signing_in.resume(pair), SignedIn)
    assert (await signing_in.photos()).count == 6
    assert not (tmp_path / "elsewhere").exists()
