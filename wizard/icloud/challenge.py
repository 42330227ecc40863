"""The second factor of one visit: which way a code came, asking for another, and judging one. Blocking.

It goes further than pyicloud by itself in two places: where pyicloud asks for no code (the page of before 2026, or a push host
that can't be reached) it asks the way icloudpd does, and an SMS can go to a number of the person's choice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from pyicloud.exceptions import (
    PyiCloudAPIResponseException,
    PyiCloudConnectionException,
    PyiCloudException,
    PyiCloudTrustedDeviceVerificationException,
)

from wizard.errors import WizardError
from wizard.icloud.messages import trouble
from wizard.icloud.refusals import NO_SMS, TOO_MANY_CODES, Answer, busy_code, says_nothing
from wizard.icloud.service import Service
from wizard.icloud.steps import CodeWanted, Delivery, Phone
from wizard.icloud.transport import Transport

_WAYS: dict[str, Delivery] = {"trusted_device": "device", "sms": "sms"}

_TEXT = "/verify/phone"
_TRUST = "/2sv/trust"
_CODES = ("/securitycode", "/bridge/code/validate")

Verdict = Literal["accepted", "wrong", "unchecked"]


class Challenge:
    """What Apple wants to see before it trusts this browser."""

    def __init__(self, service: Service, transport: Transport, clock: Callable[[], datetime]) -> None:
        self._service = service
        self._transport = transport
        self._clock = clock
        self._ways: list[Delivery] = []
        self._phone: Phone | None = None
        self._notice: WizardError | None = None
        self._sent_at = clock()

    def opened(self, failure: OSError | None) -> CodeWanted:
        """What pyicloud's own asking led to; where it led to nothing, asks the older way. `failure` is the push host's."""
        service = self._service
        self._find_phones()
        by_itself = service.has_trusted_devices and not service.prompts_over_push_host
        if failure or service.two_factor_delivery_notice:
            self._notice = trouble("icloud.push-unreachable")
        if any(NO_SMS in answer.codes for answer in self._transport.answers):
            self._notice = trouble("icloud.sms-refused")
        if (asked := self._last(_TEXT)) and says_nothing(asked):
            self._notice = trouble("icloud.code-not-sent")
        if by_itself or service.two_factor_delivery_notice:
            self._sent("device")
        if service.code_is_asked_for:
            self._sent(_WAYS.get(service.two_factor_delivery_method, "unknown"))
        else:
            self._sent("device" if self._push() else "unknown")
        return self.wanted()

    def wanted(self) -> CodeWanted:
        """The step as it stands now."""
        return CodeWanted(
            delivery=self._ways[-1],
            phones=tuple(_phone(raw) for raw in self._service.raw_phones),
            sent_at=self._sent_at,
            may_have_two_codes=sum(way != "unknown" for way in self._ways) > 1,
            phone=self._phone,
            notice=self._notice,
        )

    def request(self, delivery: Delivery, phone: Phone | None) -> CodeWanted:
        """Ask Apple for a new code; what was asked for before stays answerable if Apple refuses."""
        self._notice = None
        if delivery == "sms":
            self._text(phone)
        else:
            self._prompt()
        return self.wanted()

    def judge(self, code: str, delivery: Delivery | None) -> Verdict:
        """Send the code once. Where Apple does not say what it made of it, ask for trust, which only an accepted code gets.

        Where the prompt is spent, a new one is asked for.
        """
        service = self._service
        if delivery == "device" and self._ways[-1] == "sms":
            service.use_existing_trusted_device_code()
        if delivery == "sms" and "sms" in self._ways:
            service.expect("sms")
        spent = service.prompt_is_for_one_try
        accepted = self._check(code)
        if accepted or (accepted is None and self._is_trusted()):
            return "accepted"
        if accepted is False and (refusal := self._refusal()):
            raise refusal
        if spent:
            self._prompt()
        return "unchecked" if accepted is None else "wrong"

    def _check(self, code: str) -> bool | None:
        """Whether Apple accepts the code; None when it does not say. An accepted one leads on to trust and the web session."""
        try:
            accepted = self._service.validate_2fa_code(code)
        except PyiCloudTrustedDeviceVerificationException:
            return None
        except PyiCloudConnectionException:
            if self._last(_TRUST):
                raise
            return None
        answer = self._last(*_CODES)
        if answer and says_nothing(answer):
            return None
        return accepted or self._last(_TRUST) is not None

    def _is_trusted(self) -> bool:
        """Whether a code on which Apple gave no word was accepted. Raises what keeps Apple from saying it."""
        if not self._last(*_CODES):
            return False
        if not self._last(_TRUST):
            self._service.trust_session()
        trust = self._last(_TRUST)
        if trust and says_nothing(trust):
            raise PyiCloudAPIResponseException("no answer about the trust")
        return trust is not None and trust.status < 300

    def _last(self, *ends: str) -> Answer | None:
        """The last answer in this step from an address that ends so."""
        return next((answer for answer in reversed(self._transport.answers) if answer.path.endswith(ends)), None)

    def _find_phones(self) -> None:
        """Numbers to choose from are worth one more request, and none of them is no reason to stop."""
        with contextlib.suppress(PyiCloudException, ValueError):
            self._service.find_phones()

    def _refusal(self) -> WizardError | None:
        """What stands behind pyicloud's plain "no" when it is not the code's fault."""
        judged = [
            answer for answer in self._transport.answers if "/verify/" in answer.path or "/bridge/" in answer.path
        ]
        last = judged[-1] if judged else None
        if last is None:
            return None
        if last.codes & TOO_MANY_CODES or last.status == 423:
            return trouble("icloud.too-many-codes")
        if busy := busy_code(last):
            return trouble(busy)
        return trouble("icloud.sign-in-lapsed") if last.status == 401 else None

    def _prompt(self) -> None:
        """A prompt on the trusted devices: over the push host, else the older way."""
        service = self._service
        before = service.two_factor_delivery_method
        service.use_existing_trusted_device_code()
        if self._prompted_over_push_host():
            self._sent(_WAYS.get(service.two_factor_delivery_method, "unknown"))
        elif self._push():
            self._sent("device")
        else:
            service.expect(before)
            self._notice = self._notice or trouble("icloud.push-unreachable")
            self._sent("unknown")

    def _prompted_over_push_host(self) -> bool:
        """Whether a code is on its way: a prompt, or the SMS that pyicloud falls back to."""
        service = self._service
        if not service.prompts_over_push_host:
            return False
        try:
            asked = bool(service.request_2fa_code())
        except (PyiCloudException, OSError):
            asked = False
        if not asked or service.two_factor_delivery_notice:
            self._notice = trouble("icloud.push-unreachable")
        return asked

    def _push(self) -> bool:
        """Whether Apple says that it sends a prompt the older way."""
        if not self._service.has_trusted_devices:
            return False
        try:
            self._service.push()
        except PyiCloudException:
            return False
        return True

    def _text(self, phone: Phone | None) -> None:
        """Send an SMS to this number, to the first when None."""
        raw = next((raw for raw in self._service.raw_phones if phone is None or raw["id"] == phone.id), None)
        if raw is None:
            raise trouble("icloud.sms-refused", "The account has no such number.")
        try:
            self._service.send_text(raw)
        except PyiCloudException:
            if (asked := self._last(_TEXT)) and says_nothing(asked):
                raise trouble("icloud.code-not-sent") from None
            raise
        self._sent("sms", _phone(raw))

    def _sent(self, way: Delivery, phone: Phone | None = None) -> None:
        self._ways.append(way)
        self._sent_at = self._clock()
        first = next((_phone(raw) for raw in self._service.raw_phones), None)
        self._phone = (phone or first) if way == "sms" else None


def _phone(raw: dict[str, Any]) -> Phone:
    number = raw.get("lastTwoDigits") or raw.get("obfuscatedNumber") or raw.get("numberWithDialCode") or ""
    return Phone(raw["id"], "".join(character for character in str(number) if character.isdigit())[-2:])
