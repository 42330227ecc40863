"""pyicloud's service with names for the inner parts of it that signing in needs. Blocking.

This is the one place that leans on pyicloud's private members; the tests run all of them against the real library.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyicloud import PyiCloudService
from pyicloud.exceptions import PyiCloudException
from requests import Response

from wizard.icloud.transport import Transport

_JSON = "application/json"


class Service(PyiCloudService):  # type: ignore[misc]
    """Keeps its session in memory, speaks over `transport`, and never looks into a keyring. It sends nothing by itself."""

    def __init__(self, account: str, password: str | None, folder: Path, *, china: bool, transport: Transport) -> None:
        super().__init__(
            account,
            password,
            cookie_directory=str(folder),
            china_mainland=china,
            authenticate=False,
            refresh_interval=None,
        )
        self._found_phones: list[dict[str, Any]] = []
        self._write: Callable[[], None] = self.session._save_session_data  # noqa: SLF001
        self.session._save_session_data = lambda: None  # noqa: SLF001
        self.session.mount("https://", transport)
        self._trusted_device_bridge.timeout = transport.answer_limit

    @property
    def challenged(self) -> bool:
        """Whether Apple has asked for a second factor and said which there are."""
        return bool(self._auth_data)

    @property
    def code_is_asked_for(self) -> bool:
        """Whether a code is on its way by pyicloud's own asking."""
        return bool(self._two_factor_code_requested)

    @property
    def has_trusted_devices(self) -> bool:
        return bool(self._current_hsa2_boot_context().has_trusted_devices)

    @property
    def prompts_over_push_host(self) -> bool:
        return bool(self._supports_trusted_device_bridge())

    @property
    def prompt_is_for_one_try(self) -> bool:
        """Whether the prompt now shown is spent by a wrong code, so that even the right one fails afterwards."""
        state = self._trusted_device_bridge_state
        return state is not None and not state.uses_legacy_trusted_device_verifier

    @property
    def about(self) -> dict[str, Any]:
        """What Apple says of the account; empty before it says anything."""
        about = self.data.get("dsInfo")
        return about if isinstance(about, dict) else {}

    @property
    def raw_phones(self) -> list[dict[str, Any]]:
        """Apple's records of the trusted numbers, each with an `id`."""
        return self._found_phones or _phones_in(self._auth_data)

    def find_phones(self) -> None:
        """Ask Apple for the trusted numbers where pyicloud has found none, as on the page of before 2026."""
        if not self.raw_phones:
            headers = self._get_auth_headers({"Accept": _JSON})
            answer = self.session.get(self._auth_endpoint, headers=headers).json()
            self._found_phones = _phones_in(answer) if isinstance(answer, dict) else []

    def on_consent_asked(self, hear: Callable[[], None]) -> None:
        """Have `hear` called when Apple has asked on the devices whether this browser may read what only they can decrypt."""

        def answered(response: Response, *_: object, **__: object) -> None:
            if str(response.url).partition("?")[0].endswith("/enableDeviceConsentForPCS") and response.ok:
                hear()

        self.session.hooks["response"] = [answered]

    def forget_password(self) -> None:
        self._password_raw = None

    def send_text(self, raw_phone: dict[str, Any]) -> None:
        """Send an SMS to one of `raw_phones`, which later answers are then checked against."""
        before = self._auth_data.get("trustedPhoneNumber")
        self._auth_data["trustedPhoneNumber"] = raw_phone
        try:
            self._request_sms_2fa_code()
        except PyiCloudException:
            self._auth_data["trustedPhoneNumber"] = before
            raise

    def push(self) -> None:
        """Ask for a prompt on the trusted devices as icloudpd 1.32.3 does: without the push host."""
        headers = self._get_auth_headers({"Accept": _JSON})
        self.session.put(f"{self._auth_endpoint}/verify/trusteddevice/securitycode", headers=headers)
        self.use_existing_trusted_device_code()

    def expect(self, method: str) -> None:
        """Go back to checking codes against this delivery method, in pyicloud's own word."""
        self._set_two_factor_delivery_state(method)

    def terms(self) -> dict[str, Any]:
        """Apple's `iCloudTerms`: version and text; empty when it shows none."""
        body = {"locale": self.about.get("languageCode", "en_US")}
        answer = self.session.get(f"{self._setup_endpoint}/getTerms", params=self.params, json=body).json()
        terms = answer.get("iCloudTerms") if isinstance(answer, dict) else None
        return terms if isinstance(terms, dict) else {}

    def accept_terms(self, version: int) -> None:
        """Accept this version, and open the web session that was waiting for it."""
        body = {"acceptedICloudTerms": version}
        self.session.get(f"{self._setup_endpoint}/repairDone", params=self.params, json=body)
        self._authenticate_with_token()

    def write_files(self) -> tuple[Path, Path]:
        """Write the cookie jar and the session file into the folder, and say where they are."""
        self._write()
        return Path(self.session.cookiejar_path), Path(self.session.session_path)

    def hang_up(self) -> None:
        """Close every connection. It does not sign out."""
        try:
            self._clear_trusted_device_bridge_state()
        finally:
            self.session.close()


def _phones_in(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The numbers in Apple's description of the second factor, in whichever of its places they are."""
    for place in (data.get("phoneNumberVerification"), data):
        listed = place.get("trustedPhoneNumbers") if isinstance(place, dict) else None
        if isinstance(listed, list) and (numbers := [raw for raw in listed if _is_phone(raw)]):
            return numbers
    phone = data.get("trustedPhoneNumber")
    return [phone] if isinstance(phone, dict) and _is_phone(phone) else []


def _is_phone(raw: object) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("id"), (int, str))
