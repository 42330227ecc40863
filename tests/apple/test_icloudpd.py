"""The real icloudpd 1.32.3 at the demo Apple: it takes over pyicloud's session, and its own words are those observed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.apple import icloudpd
from tests.apple.conftest import PASSWORD, Clock, lines, off_loop, service, sign_in
from wizard.demo.apple.photos import library
from wizard.demo.apple.proxy import DemoProxy
from wizard.demo.apple.server import DemoApple
from wizard.demo.apple.state import Way

WHO = "one.phone@example.com"
SUCCESS = "INFO     Authentication completed successfully"
EXPIRED = "ERROR    Authentication required for Account. (421)"
ALL_SET = "INFO     Great, you're all set up. The script can now be run without user interaction until 2FA expires."
ASKS = "iCloud Password for "
WANTS_CODE = "Please enter two-factor authentication code"

PROGRAM = icloudpd.binary()

pytestmark = pytest.mark.skipif(
    PROGRAM is None,
    reason="icloudpd's own binary is not here: set PHOTOSYNC_ICLOUDPD to site-packages/icloudpd/icloudpd",
)


@dataclass(slots=True)
class Machine:
    """The machine that icloudpd runs on: a cookie folder, a picture folder, and a proxy that knows the demo Apple only."""

    apple: DemoApple
    proxy: DemoProxy
    home: Path

    @property
    def cookies(self) -> Path:
        return self.home / "icloudpd"

    @property
    def pictures(self) -> Path:
        return self.home / "pictures"

    def hand_over(self, pyicloud: Path, apple_id: str = WHO) -> None:
        """Copy pyicloud's two files under icloudpd's names."""
        name = "".join(c for c in apple_id if c.isalnum() or c == "_")
        self.cookies.mkdir(exist_ok=True)
        (self.cookies / name).write_bytes((pyicloud / f"{name}.cookiejar").read_bytes())
        (self.cookies / f"{name}.session").write_bytes((pyicloud / f"{name}.session").read_bytes())

    def run(self, *arguments: str, apple_id: str = WHO) -> AbstractAsyncContextManager[icloudpd.Icloudpd]:
        assert PROGRAM is not None
        common = ("--username", apple_id, "--cookie-directory", str(self.cookies))
        return icloudpd.running(
            PROGRAM,
            (*common, *arguments),
            proxy=self.proxy.url,
            ca_file=self.apple.ca_file,
            home=self.home,
        )

    async def run_alone(self, *arguments: str, apple_id: str = WHO) -> icloudpd.Icloudpd:
        """A run that is asked nothing and has no password but what the arguments give it."""
        async with self.run("--password-provider", "parameter", *arguments, apple_id=apple_id) as run:
            await run.end()
            return run

    async def download(self, apple_id: str = WHO) -> icloudpd.Icloudpd:
        return await self.run_alone("--directory", str(self.pictures), "--log-level", "info", apple_id=apple_id)

    async def sign_in(
        self, apple_id: str, *answers: tuple[str, str], password: str = PASSWORD, domain: str = "com"
    ) -> icloudpd.Icloudpd:
        """Its own sign-in: `answers` are pairs of a prompt and what to type, `@device` and `@sms` being the live codes."""
        arguments = ("--auth-only", "--password-provider", "console", "--log-level", "info", "--domain", domain)
        async with self.run(*arguments, apple_id=apple_id) as run:
            await run.until(ASKS)
            run.type(password)
            for prompt, answer in answers:
                await run.until(prompt)
                run.type(self._typed(apple_id, answer))
            await run.end()
            return run

    def _typed(self, apple_id: str, answer: str) -> str:
        codes: dict[str, tuple[Way, int]] = {"@device": ("device", 0), "@sms": ("sms", 0), "@sms2": ("sms", 1)}
        if answer not in codes:
            return answer
        way, n = codes[answer]
        code = self.apple.code_for(apple_id, way, n)
        assert code is not None
        return code


@pytest_asyncio.fixture
async def machine(apple: DemoApple, tmp_path: Path) -> AsyncIterator[Machine]:
    async with DemoProxy.open(apple.address) as proxy:
        yield Machine(apple, proxy, tmp_path)
        assert proxy.refused == []


async def test_it_takes_over_the_session_with_a_single_validate(
    machine: Machine, apple: DemoApple, cookies: Path
) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    machine.hand_over(cookies)
    apple.requests.clear()
    run = await machine.run_alone("--auth-only")
    assert run.log == [f"INFO     Processing user: {WHO}", "DEBUG    Authenticating...", SUCCESS]
    assert run.exit_code == 0
    assert lines(apple) == ["POST /setup/ws/1/validate 200"]


async def test_it_takes_over_files_made_without_a_sign_in(machine: Machine, apple: DemoApple) -> None:
    files = apple.signed_in(WHO)
    machine.cookies.mkdir()
    (machine.cookies / "onephoneexamplecom").write_text(files.jar)
    (machine.cookies / "onephoneexamplecom.session").write_text(files.session)
    assert (await machine.run_alone("--auth-only")).log[-1] == SUCCESS
    assert lines(apple) == ["POST /setup/ws/1/validate 200"]


async def test_it_downloads_the_pictures_with_that_session(machine: Machine, apple: DemoApple, cookies: Path) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    machine.hand_over(cookies)
    run = await machine.download()
    assert run.log[-1] == "INFO     All photos and videos have been downloaded"
    downloaded = {path.name: path.read_bytes() for path in machine.pictures.rglob("*.*")}
    assert downloaded == {picture.name: picture.content for picture in library()}


async def test_expired_it_gives_up_until_pyicloud_has_healed_the_session(
    machine: Machine, apple: DemoApple, cookies: Path, clock: Clock
) -> None:
    def heal() -> None:
        with service(WHO, cookies, password=None) as api:
            assert api.is_trusted_session

    await off_loop(lambda: sign_in(apple, WHO, cookies))
    machine.hand_over(cookies)
    clock.advance(days=31)
    apple.requests.clear()
    run = await machine.run_alone("--auth-only")
    assert EXPIRED in run.log
    assert "KeyError: 'dsInfo'" in run.output
    assert run.exit_code == 1
    assert lines(apple) == ["POST /setup/ws/1/validate 421"]
    await off_loop(heal)
    machine.hand_over(cookies)
    assert (await machine.run_alone("--auth-only")).log[-1] == SUCCESS


@pytest.mark.exhaustive
async def test_with_the_password_it_uses_pyiclouds_trust_and_asks_for_no_code(
    machine: Machine, apple: DemoApple, cookies: Path
) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    machine.hand_over(cookies)
    apple.end_web_sessions(WHO)
    apple.end_session_tokens(WHO)
    apple.requests.clear()
    run = await machine.run_alone("--auth-only", "--password", "demo-password")
    assert run.log[-2:] == [EXPIRED, SUCCESS]
    assert lines(apple) == [
        "POST /setup/ws/1/validate 421",
        "POST /appleauth/auth/signin/init 200",
        "POST /appleauth/auth/signin/complete 200",
        "POST /setup/ws/1/accountLogin 200",
    ]


async def test_a_left_over_401_makes_it_download_nothing_and_say_it_did(
    machine: Machine, apple: DemoApple, cookies: Path
) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    machine.hand_over(cookies)
    session = machine.cookies / "onephoneexamplecom.session"
    session.write_text(json.dumps(json.loads(session.read_text()) | {"apple_rscd": "401"}))
    run = await machine.download()
    assert "ERROR    Invalid username/password combination. (401)" in run.log
    assert run.log[-1] == "INFO     All photos and videos have been downloaded"
    assert [path for path in machine.pictures.rglob("*.*") if path.is_file()] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("apple_id", "text"),
    [
        (
            "adp@example.com",
            "private db access disabled for this account.  Please wait a few minutes then try again."
            "The remote servers might be trying to throttle requests. (ACCESS_DENIED)",
        ),
        (
            "unfinished@example.com",
            "Apple iCloud setup is not complete. Please log into https://icloud.com/ to manually finish setting up your"
            " iCloud service (ZONE_NOT_FOUND)",
        ),
        ("photos.off@example.com", "Webservice not available (ckdatabasews)"),
        ("indexing@example.com", "Apple iCloud Photo Library has not finished indexing yet"),
    ],
)
async def test_photos_that_cannot_be_read_show_in_a_download(
    machine: Machine, apple: DemoApple, cookies: Path, apple_id: str, text: str
) -> None:
    await off_loop(lambda: sign_in(apple, apple_id, cookies))
    machine.hand_over(cookies, apple_id)
    run = await machine.download(apple_id)
    assert run.log[-1] == f"INFO     {text}"
    assert run.exit_code == 0


async def test_its_own_sign_in_with_the_code_of_the_device(machine: Machine, apple: DemoApple) -> None:
    run = await machine.sign_in(WHO, (WANTS_CODE, "@device"))
    assert run.log == [
        f"INFO     Processing user: {WHO}",
        "INFO     Two-factor authentication is required (2fa)",
        ALL_SET,
        SUCCESS,
    ]
    assert "  a: (***) ***-**81\n" in run.output
    assert f"{WANTS_CODE} or device index (a) to send SMS with a code: " in run.output
    assert lines(apple) == [
        "POST /appleauth/auth/signin/init 200",
        "POST /appleauth/auth/signin/complete 409",
        "POST /setup/ws/1/accountLogin 200",
        "GET /appleauth/auth 200",
        "PUT /appleauth/auth/verify/trusteddevice/securitycode 202",
        "POST /appleauth/auth/verify/trusteddevice/securitycode 204",
        "GET /appleauth/auth/2sv/trust 204",
        "POST /setup/ws/1/accountLogin 200",
    ]


async def test_its_own_sign_in_with_an_sms_to_the_second_number(machine: Machine) -> None:
    received = f"{WANTS_CODE} that you received over SMS: "
    run = await machine.sign_in("two.phones@example.com", ("(a..b)", "b"), (received, "@sms2"))
    assert "  a: (***) ***-**81\n  b: (***) ***-**42\n" in run.output
    assert run.log[-2:] == [ALL_SET, SUCCESS]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("apple_id", "answers", "end"),
    [
        (
            "no.phone@example.com",
            [(f"{WANTS_CODE}: ", "000000")],
            [
                "ERROR    Incorrect verification code. (-21669)",
                "ERROR    Code verification failed.",
                "INFO     Failed to verify two-factor authentication code",
            ],
        ),
        (
            "sms.conflict@example.com",
            [("(a)", "a"), ("SMS: ", "@sms")],
            ["INFO     Failed to verify two-factor authentication code"],
        ),
        ("sms.refused@example.com", [("(a)", "a")], ["INFO     Failed to send two-factor authentication code"]),
        (
            "codes.exhausted@example.com",
            [(WANTS_CODE, "123456")],
            [
                "ERROR    Too many verification codes have been sent. Please try again later. (-21668)",
                "INFO     Too many verification codes have been sent. Please try again later. (-21668)",
            ],
        ),
        ("throttled@example.com", [], ["INFO     Apple iCloud is temporary refusing to serve icloudpd"]),
        ("dropped@example.com", [], ["INFO     Cannot connect to Apple iCloud service"]),
        (
            "web.off@example.com",
            [],
            [
                EXPIRED,
                "INFO     ('Invalid authentication token.',"
                " PyiCloudAPIResponseException('Authentication required for Account. (421)'))",
            ],
        ),
    ],
)
async def test_its_own_sign_in_refused(
    machine: Machine, apple_id: str, answers: list[tuple[str, str]], end: list[str]
) -> None:
    run = await machine.sign_in(apple_id, *answers)
    assert run.log[-len(end) :] == end
    assert run.exit_code == 0


@pytest.mark.exhaustive
@pytest.mark.exhaustive
@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("apple_id", "password", "code", "status"),
    [(WHO, "another-demo-password", "-20101", 401), ("locked@example.com", "demo-password", "-20209", 403)],
)
async def test_its_own_sign_in_with_a_password_that_does_not_do(
    machine: Machine, apple_id: str, password: str, code: str, status: int
) -> None:
    run = await machine.sign_in(apple_id, password=password)
    assert run.log[-1].startswith("INFO     ('Invalid email/password combination.', PyiCloudAPIResponseException('")
    assert f'"code": "{code}"' in run.log[-1]
    assert run.log[-1].endswith(f" ({status})'))")
    assert run.exit_code == 0


async def test_its_own_sign_in_from_china_mainland(machine: Machine) -> None:
    run = await machine.sign_in("china@example.com")
    assert "Apple insists on using iCloud.com.cn for your request. Please use --domain parameter" in run.output
    assert run.exit_code == 1
    run = await machine.sign_in("china@example.com", (WANTS_CODE, "@device"), domain="cn")
    assert run.log[-1] == SUCCESS


async def test_its_own_sign_in_without_two_factor_authentication(machine: Machine) -> None:
    answers = (("Please choose an option: [0]: ", "0"), ("Please enter two-step authentication code: ", "@sms"))
    run = await machine.sign_in("no.2fa@example.com", *answers)
    assert "INFO     Two-step authentication is required (2sa)" in run.log
    assert "  0: SMS to ********81\n" in run.output
    assert run.log[-1] == SUCCESS


async def test_its_own_sign_in_without_any_second_factor(machine: Machine) -> None:
    run = await machine.sign_in("password.only@example.com")
    assert run.log[-1] == SUCCESS
    assert [str(seen) for seen in machine.apple.requests][-3:] == [
        "POST /appleauth/auth/signin/complete 412",
        "POST /appleauth/auth/repair/complete 200",
        "POST /setup/ws/1/accountLogin 200",
    ]
    alone = await machine.run_alone("--auth-only", "--log-level", "info", apple_id="password.only@example.com")
    assert alone.log[-1] == SUCCESS
