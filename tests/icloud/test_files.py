"""The session's two files: names as both programs derive them, and whatever is in them read without stumbling."""

from __future__ import annotations

import http.cookiejar
import json
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wizard.command import Address
from wizard.errors import WizardError
from wizard.icloud.files import (
    TOKEN,
    FileNames,
    Pair,
    fit_for_icloudpd,
    has_token,
    icloudpd_names,
    is_of_china,
    pyicloud_names,
    read_jar,
    tidy,
    without_session,
)
from wizard.icloud.input_checks import account_name

WHO = "you@example.com"
LINE = (
    f'Set-Cookie3: {TOKEN}="\\"v=2:t=planted-cookie; a,b\\""; path="/"; domain=".icloud.com"; path_spec; domain_dot; '
    'secure; expires="2030-12-23 06:24:06Z"; HttpOnly=None; version=0'
)
OTHER = 'Set-Cookie3: aasp=planted; path="/"; domain=.idmsa.apple.com; secure; discard; version=0'
JAR = f"#LWP-Cookies-2.0\n{LINE}\n{OTHER}\n"
SESSION = json.dumps(
    {
        "session_token": "planted-session",
        "trust_token": "planted-trust",
        "client_id": "c",
        "apple_rscd": "401",
        "new": [1],
    }
)
PAIR = Pair(WHO, JAR, SESSION)


def loaded(folder: Path, jar: str) -> dict[str, str | None]:
    """The jar as Python's own reader for it takes it, which is the one in both programs."""
    file = folder / "jar"
    file.write_text(jar, encoding="utf-8", newline="")
    reader = http.cookiejar.LWPCookieJar(str(file))
    reader.load(ignore_discard=True, ignore_expires=True)
    return {cookie.name: cookie.value for cookie in reader}


@pytest.mark.parametrize(
    ("account", "pyicloud", "icloudpd"),
    [
        ("user+tag@ex-ample.com", "usertagexamplecom", "usertagexamplecom"),
        ("User.Name+X@Example.COM", "UserNameXExampleCOM", "usernamexexamplecom"),
        ("under_score@ex-ample.com", "under_scoreexamplecom", "under_scoreexamplecom"),
        ("josé.ñandú@example.com", "joséñandúexamplecom", "joséñandúexamplecom"),
        (unicodedata.normalize("NFD", "josé.ñandú@example.com"), "josenanduexamplecom", "josenanduexamplecom"),
    ],
)
def test_names(account: str, pyicloud: str, icloudpd: str) -> None:
    assert pyicloud_names(account) == FileNames(f"{pyicloud}.cookiejar", f"{pyicloud}.session")
    assert icloudpd_names(account) == FileNames(icloudpd, f"{icloudpd}.session")


@given(st.text(max_size=40))
def test_one_account_name_gives_both_programs_the_same_stem(typed: str) -> None:
    name = account_name(typed)
    assert account_name(name) == name
    assert pyicloud_names(name).session == icloudpd_names(name).session


def test_a_prepared_pair_keeps_the_contents_and_loses_the_trap(tmp_path: Path) -> None:
    prepared = fit_for_icloudpd(PAIR)
    assert prepared.jar == JAR
    assert json.loads(prepared.session) == {
        "session_token": "planted-session",
        "trust_token": "planted-trust",
        "client_id": "c",
        "new": [1],
    }
    assert loaded(tmp_path, prepared.jar) == {TOKEN: '"v=2:t=planted-cookie; a,b"', "aasp": "planted"}


@pytest.mark.parametrize(
    "jar",
    [
        JAR.replace("\n", "\r\n"),
        f"\ufeff{JAR}",
        JAR.replace("-2.0", "-1.0"),
        f"{LINE}\n{OTHER}",
        f"#LWP-Cookies-2.0\n\n# a comment\nwhat is this\n{LINE}\n\n{OTHER}\n",
        JAR.replace("version=0", "version=1"),
        JAR.replace("; version=0", ""),
        JAR.replace("version=0", "version"),
    ],
)
def test_what_one_of_the_programs_would_stumble_over_is_mended(tmp_path: Path, jar: str) -> None:
    prepared = fit_for_icloudpd(Pair(WHO, jar, SESSION))
    assert loaded(tmp_path, prepared.jar) == {TOKEN: '"v=2:t=planted-cookie; a,b"', "aasp": "planted"}
    assert prepared.jar.count("version=0") == 2


@pytest.mark.parametrize(
    ("jar", "session"),
    [
        (JAR, ""),
        (JAR, SESSION[:-5]),
        (JAR, "[]"),
        (JAR, '{"trust_token": "planted-trust"}'),
        (JAR, '{"session_token": ""}'),
        (JAR, '{"session_token": 7}'),
        ("", SESSION),
        ("# Netscape HTTP Cookie File\n.icloud.com\tTRUE\t/\tTRUE\t0\tX-APPLE-WEBAUTH-TOKEN\tplanted\n", SESSION),
        (f"#LWP-Cookies-2.0\n{OTHER}\n", SESSION),
    ],
)
def test_what_can_be_no_session_is_refused_without_showing_it(jar: str, session: str) -> None:
    with pytest.raises(WizardError) as refusal:
        fit_for_icloudpd(Pair(WHO, jar, session))
    assert refusal.value.code == "icloud.session-unreadable"
    assert "planted" not in " ".join(refusal.value.lines(Address()))


def test_a_byte_order_mark_is_no_hindrance() -> None:
    assert (
        json.loads(fit_for_icloudpd(Pair(WHO, JAR, f"\ufeff{SESSION}")).session)["session_token"] == "planted-session"
    )


def test_both_ways_to_write_a_domain_are_read() -> None:
    domains = [cookie.attributes["domain"] for cookie in read_jar(JAR)]
    assert domains == [".icloud.com", ".idmsa.apple.com"]
    assert not is_of_china(PAIR)
    assert is_of_china(Pair(WHO, JAR.replace(".icloud.com", ".icloud.com.cn"), SESSION))


def test_what_is_kept_of_a_session_that_has_ended() -> None:
    kept = without_session(PAIR)
    assert json.loads(kept.session) == {"trust_token": "planted-trust", "client_id": "c"}
    assert (kept.jar, has_token(kept, "trust_token"), has_token(kept, "session_token")) == (JAR, True, False)


def test_nothing_of_the_contents_is_in_a_repr() -> None:
    assert "planted" not in repr((PAIR, fit_for_icloudpd(PAIR), read_jar(JAR)))


anything = st.one_of(
    st.text(max_size=300),
    st.integers(0, len(JAR)).map(lambda length: JAR[:length]),
    st.tuples(st.integers(0, len(JAR)), st.text(max_size=5)).map(lambda cut: JAR[: cut[0]] + cut[1] + JAR[cut[0] :]),
    st.lists(st.sampled_from(['"', "\\", "=", ";", " ", "a", "\n", "Set-Cookie3:", "version", "0"]), max_size=60).map(
        lambda parts: "#LWP-Cookies-2.0\nSet-Cookie3: " + "".join(parts)
    ),
)


@given(jar=anything, session=st.one_of(st.text(max_size=100), st.integers(0, len(SESSION)).map(lambda n: SESSION[:n])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_whatever_is_in_the_files_both_programs_read_what_comes_of_it(tmp_path: Path, jar: str, session: str) -> None:
    pair = Pair(WHO, jar, session)
    made = tidy(pair)
    assert tidy(made) == made
    assert isinstance(json.loads(made.session), dict)
    assert set(loaded(tmp_path, made.jar)) <= {cookie.name for cookie in read_jar(made.jar)}
    with suppress(WizardError):
        assert fit_for_icloudpd(pair) == made
        assert has_token(made, "session_token")


def test_every_beginning_of_a_jar(tmp_path: Path) -> None:
    for length in range(len(JAR)):
        made = tidy(Pair(WHO, JAR[:length], SESSION))
        assert set(loaded(tmp_path, made.jar)) == {cookie.name for cookie in read_jar(made.jar)}
