"""setup.icloud.com: turning a sign-in into a web session, and telling whether one is still alive."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from wizard.demo.apple import answers, cookies
from wizard.demo.apple.state import Grant, Person, State

_TERMS_VERSION = 7


class AccountSetup:
    """The handlers of `/setup/ws/1`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        setup = "/setup/ws/1"
        return [
            web.post(f"{setup}/accountLogin", self.account_login),
            web.post(f"{setup}/validate", self.validate),
            web.post(f"{setup}/logout", self.logout),
            web.post(f"{setup}/requestWebAccessState", self.web_access_state),
            web.post(f"{setup}/enableDeviceConsentForPCS", self.ask_for_consent),
            web.post(f"{setup}/requestPCS", self.request_pcs),
            web.get(f"{setup}/getTerms", self.terms),
            web.get(f"{setup}/repairDone", self.accept_terms),
            web.get(f"{setup}/listDevices", self.devices),
            web.post(f"{setup}/sendVerificationCode", self.send_code),
            web.post(f"{setup}/validateVerificationCode", self.check_code),
        ]

    async def account_login(self, request: web.Request) -> web.Response:
        body = await answers.body_of(request)
        grant = self._state.session_token(str(body.get("dsWebAuthToken", "")))
        if grant is None:
            return web.json_response({"success": False, "error": "Invalid Session Token"}, status=400)
        person = grant.person
        answers.note(request, person)
        account = person.account
        if account.china_mainland != _is_chinese(request):
            return web.json_response(
                {"domainToUse": "iCloud.com.cn" if account.china_mainland else "iCloud.com"}, status=302
            )
        if not account.web_access:
            return answers.no_web_session("Access to iCloud data on the web is turned off for this account.")
        trusted = grant.trusted or self._state.is_trusted(person, [str(body.get("trustToken", ""))])
        session = self._state.open_web_session(person, trusted=trusted)
        now, domain = self._state.clock(), _domain(request)
        response = web.json_response(self._describe(person, request, trusted=trusted))
        if trusted:
            jar = cookies.at_sign_in(session, person.dsid, now, domain, new=not person.known_browser)
            person.known_browser = True
        else:
            jar = cookies.before_the_code(session, domain)
        return _with_cookies(response, jar)

    async def validate(self, request: web.Request) -> web.Response:
        session, grant = self._session(request)
        if grant is None:
            return answers.no_web_session()
        response = web.json_response(self._describe(grant.person, request, trusted=grant.trusted))
        return _with_cookies(response, cookies.at_validate(session, self._state.clock(), _domain(request)))

    async def logout(self, request: web.Request) -> web.Response:
        session, grant = self._session(request)
        if grant is None:
            return answers.no_web_session()
        body = await answers.body_of(request)
        if body.get("allBrowsers"):
            self._state.forget(self._state.web_sessions, grant.person)
        if not body.get("trustBrowser"):
            self._state.forget(self._state.trust_tokens, grant.person)
        self._state.web_sessions.pop(session, None)
        return web.json_response({"success": True})

    async def web_access_state(self, request: web.Request) -> web.Response:
        _, grant = self._session(request)
        if grant is None:
            return answers.no_web_session()
        person = grant.person
        asks = person.account.consent != "not-needed"
        return web.json_response({"isICDRSDisabled": asks, "isDeviceConsentedForPCS": person.consented})

    async def ask_for_consent(self, request: web.Request) -> web.Response:
        _, grant = self._session(request)
        if grant is None:
            return answers.no_web_session()
        grant.person.consent_asked = True
        return web.json_response({"isDeviceConsentNotificationSent": True})

    async def request_pcs(self, request: web.Request) -> web.Response:
        _, grant = self._session(request)
        if grant is None:
            return answers.no_web_session()
        if grant.person.consented:
            return web.json_response({"status": "success", "message": ""})
        return web.json_response({"status": "failure", "message": "Requested the device to upload cookies."})

    async def terms(self, request: web.Request) -> web.Response:
        _, grant = self._session(request, cookies.TOKEN, cookies.HSA_LOGIN)
        if grant is None:
            return answers.no_web_session()
        return web.json_response({"iCloudTerms": {"version": _TERMS_VERSION, "text": "The demo's terms: none."}})

    async def accept_terms(self, request: web.Request) -> web.Response:
        _, grant = self._session(request, cookies.TOKEN, cookies.HSA_LOGIN)
        if grant is None:
            return answers.no_web_session()
        accepted = (await answers.body_of(request)).get("acceptedICloudTerms") == _TERMS_VERSION
        grant.person.terms_pending = grant.person.terms_pending and not accepted
        return web.json_response({"success": accepted})

    async def devices(self, request: web.Request) -> web.Response:
        _, grant = self._session(request, cookies.TOKEN, cookies.HSA_LOGIN)
        if grant is None:
            return answers.no_web_session()
        phones = [
            {"deviceId": str(n), "deviceType": "SMS", "areaCode": "", "phoneNumber": f"********{phone.last_digits}"}
            for n, phone in enumerate(grant.person.account.phones)
        ]
        return web.json_response({"devices": phones})

    async def send_code(self, request: web.Request) -> web.Response:
        _, grant = self._session(request, cookies.TOKEN, cookies.HSA_LOGIN)
        n = _device_index(await answers.body_of(request))
        if grant is None or not 0 <= n < len(grant.person.account.phones):
            return answers.no_web_session()
        self._state.send_code(grant.person, "sms", n)
        return web.json_response({"success": True})

    async def check_code(self, request: web.Request) -> web.Response:
        session, grant = self._session(request, cookies.TOKEN, cookies.HSA_LOGIN)
        if grant is None:
            return answers.no_web_session()
        body = await answers.body_of(request)
        code = str(body.get("verificationCode", ""))
        if self._state.check_code(grant.person, "sms", _device_index(body), code) != "right":
            wrong = {"success": False, "errorCode": int(answers.WRONG_CODE), "errorMessage": "Incorrect code."}
            return web.json_response(wrong)
        for token, old in list(self._state.session_tokens.items()):
            if old.person is grant.person:
                self._state.session_tokens[token] = Grant(old.person, True, old.until)
        self._state.web_sessions.pop(session, None)
        return web.json_response({"success": True})

    def _session(self, request: web.Request, *cookies_that_do: str) -> tuple[str, Grant | None]:
        """The web session of the request's cookies, and whose it is while it lives."""
        for name in cookies_that_do or (cookies.TOKEN,):
            session, grant = cookies.web_session_of(request, self._state, name)
            if grant is not None:
                answers.note(request, grant.person)
                return session, grant
        return "", None

    def _describe(self, person: Person, request: web.Request, *, trusted: bool) -> dict[str, Any]:
        account = person.account
        country = "CHN" if account.china_mainland else "USA"
        services = {"account": "setup", "ckdatabasews": "p42-ckdatabasews"}
        if account.photos == "absent":
            del services["ckdatabasews"]
        root = _domain(request)
        return {
            "dsInfo": {
                "dsid": person.dsid,
                "appleId": account.apple_id,
                "primaryEmail": account.apple_id,
                "fullName": "Demo Person",
                "firstName": "Demo",
                "lastName": "Person",
                "hsaVersion": 2 if account.two_factor else 0 if account.password_only else 1,
                "hsaEnabled": not account.password_only,
                "hasICloudQualifyingDevice": account.two_factor,
                "iCDPEnabled": account.advanced_data_protection,
                "isWebAccessAllowed": account.web_access,
                "isManagedAppleID": False,
                "languageCode": "en-us",
                "countryCode": country,
                "statusCode": 2,
                "locked": False,
            },
            "webservices": {
                name: {"url": f"https://{host}{root}:443", "status": "active"} for name, host in services.items()
            },
            "apps": {"photos": {}, "find": {"canLaunchWithOneFactor": True}},
            "hsaTrustedBrowser": trusted and not account.password_only,
            "hsaChallengeRequired": not trusted,
            "termsUpdateNeeded": person.terms_pending,
            "isExtendedLogin": True,
            "isRepairNeeded": False,
            "requestInfo": {"country": country, "region": "", "timeZone": "UTC"},
            "version": 2,
            "success": True,
        }


def _is_chinese(request: web.Request) -> bool:
    return request.host.partition(":")[0].endswith(".cn")


def _domain(request: web.Request) -> str:
    return ".icloud.com.cn" if _is_chinese(request) else ".icloud.com"


def _device_index(body: dict[str, Any]) -> int:
    device = str(body.get("deviceId", ""))
    return int(device) if device.isascii() and device.isdigit() else -1


def _with_cookies(response: web.Response, jar: list[cookies.Cookie]) -> web.Response:
    for cookie in jar:
        response.headers.add("Set-Cookie", cookie.header())
    return response
