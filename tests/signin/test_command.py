"""`reauth` as a command on a real cluster: exit codes, what it prints where, what it leaves of itself, what anybody can see."""

from __future__ import annotations

import datetime as dt
import json
import re
import signal
from pathlib import Path

import pytest

from tests.signin.apple import PASSWORD
from tests.signin.place import Place
from tests.signin.process import Seen, left_behind, reauth, watched
from wizard.icloud.files import Pair, read_jar, read_session

pytestmark = pytest.mark.cluster

LONG_AGO = dt.timedelta(days=91)


def planted(place: Place, *more: Pair) -> list[str]:
    """The password, every code that was sent, every token and every cookie of anybody's session."""
    state = place.apple.apple._state
    tokens = [*state.session_tokens, *state.trust_tokens, *state.web_sessions]
    values = [
        str(value) for pair in more for key, value in read_session(pair.session).items() if key != "account_country"
    ]
    cookies = [cookie.value for pair in more for cookie in read_jar(pair.jar)]
    return [PASSWORD, *tokens, *(value for value in (*values, *cookies) if len(value) > 8)]


def found_in(place: Place, texts: dict[str, str], *more: Pair) -> list[str]:
    """Where something of it stands, never what."""
    secrets = planted(place, *more)
    written = [*secrets, *(json.dumps(each)[1:-1] for each in secrets)]
    code = re.compile(r"(?<![\d.])(?:" + "|".join(place.apple.codes_of(place.apple_id) or ["(?!)"]) + r")(?![\d.])")
    plain = {name: re.sub(r'"(?:resourceVersion|uid)": ?"[^"]*"', "", text) for name, text in texts.items()}
    return [name for name, text in plain.items() if code.search(text) or any(each in text for each in written)]


def everything(place: Place, seen: Seen, *texts: str) -> dict[str, str]:
    shown = {f"printed {n}": text for n, text in enumerate(texts)}
    watched_texts = {f"watched {n}": text for n, text in enumerate(sorted(seen.texts))}
    return shown | watched_texts | left_behind(place.private.parent)


async def test_a_sign_in_from_standard_input(place: Place, tmp_path: Path) -> None:
    await place.set_up()
    old = await place.lay(place.apple.apple.signed_in(place.apple_id, LONG_AGO))
    calendar = tmp_path / "next.ics"

    async with watched(place) as seen:
        ended = await reauth(place, "--ics", str(calendar))
        files = await place.pair()
        await place.all_gone()

    assert ended.code == 0, ended.err
    said = ended.out.splitlines()
    assert said[0].startswith("✓ Signed in until about")
    assert "password and code" in said[1]
    assert len(said) <= 6, said
    assert "BEGIN:VEVENT" in calendar.read_text()
    new = Pair(place.apple_id, files[0].content.decode(), files[1].content.decode())
    assert any("--auth-only" in text for text in seen.texts)
    assert found_in(place, everything(place, seen, ended.out, ended.err), old, new) == []
    assert found_in(place, {"the session itself": new.session}, new) == ["the session itself"]
    assert list((tmp_path / "run" / "photosync-wizard").iterdir()) == []
    assert found_in(place, {"annotations": json.dumps((await place.api.get("persistentvolumeclaims")).body)}, new) == []


async def test_a_wrong_password_is_sent_once_and_ends_with_3(place: Place) -> None:
    await place.set_up()
    old = await place.lay(place.apple.apple.signed_in(place.apple_id, LONG_AGO))
    before = await place.files()

    async with watched(place) as seen:
        ended = await reauth(place, password="pl4nted-but-wrong")
        await place.all_gone()

    assert ended.code == 3, ended.err
    assert ended.out == ""
    assert place.apple.passwords_sent(place.apple_id) == 1
    assert await place.files() == before
    texts = everything(place, seen, ended.out, ended.err)
    assert found_in(place, texts, old) == []
    assert [name for name, text in texts.items() if "pl4nted-but-wrong" in text] == []


async def test_a_mistake_of_its_own_shows_and_keeps_nothing(place: Place) -> None:
    await place.set_up()

    async with watched(place) as seen:
        ended = await reauth(place, crash=True)
        await place.all_gone()

    assert ended.code == 1, ended.err
    assert found_in(place, everything(place, seen, ended.out, ended.err)) == []
    assert not [name for name in await place.files() if "photosync" in name]


async def test_ctrl_c_leaves_the_claim_as_it_was(place: Place) -> None:
    await place.set_up()
    await place.lay(place.apple.apple.signed_in(place.apple_id, LONG_AGO))
    before = await place.files()

    def press(_: int, line: str) -> float | None:
        return 0 if "asking Apple" in line else None

    ended = await reauth(place, code=lambda: None, on_line=press, kill=signal.SIGINT)

    assert ended.code == 130, ended.err
    assert "Traceback" not in ended.err
    await place.all_gone()
    assert await place.files() == before


async def test_a_check_prints_one_line(place: Place) -> None:
    await place.set_up()
    await place.lay(place.apple.apple.signed_in(place.apple_id, LONG_AGO))

    ended = await reauth(place, "--check", "--ask-apple")

    assert (ended.code, len(ended.out.splitlines())) == (3, 1), ended.err
    assert "While Apple trusts it your password is enough" in ended.out


async def test_what_is_missing_and_what_cannot_be_reached_have_their_codes(place: Place, tmp_path: Path) -> None:
    assert (await reauth(place)).code == 3
    unreachable = tmp_path / "unreachable.yaml"
    unreachable.write_text(re.sub(r"server: .*", "server: https://127.0.0.1:9", place.kubeconfig.read_text()))
    place.kubeconfig = unreachable
    assert (await reauth(place)).code == 5


async def test_photos_that_apple_keeps_closed_end_with_4(place: Place) -> None:
    await place.set_up(kind="closed")

    ended = await reauth(place)

    assert ended.code == 4, ended.err
    assert "Signed in until" in ended.out
    assert "Advanced Data Protection" in ended.out
