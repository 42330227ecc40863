"""Every trouble of signing in by its stable code, in plain words: what is, why, what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.command import Command, photosync_wizard
from wizard.errors import Exit, Retry, WizardError


@dataclass(frozen=True, slots=True)
class Message:
    """The texts of one trouble; `exit_code` NEEDS_PERSON where only the person can fix it."""

    what: str
    why: str
    fix: str
    retry: Retry
    exit_code: Exit = Exit.NEEDS_PERSON
    commands: tuple[Command, ...] = ()


_NOW, _LATER, _NEVER = Retry.NOW, Retry.LATER, Retry.NEVER

MESSAGES: dict[str, Message] = {
    "icloud.apple-id": Message(
        "That is not a valid Apple ID.",
        "An Apple ID is an e-mail address, or a phone number that starts with +.",
        "Type it as it stands on the device under Settings, your name.",
        _NOW,
    ),
    "icloud.no-password": Message(
        "There is no password to sign in with.", "", "Type the password of the Apple ID.", _NOW
    ),
    "icloud.app-specific-password": Message(
        "That is an app-specific password, which Apple does not accept here.",
        "Passwords of the form xxxx-xxxx-xxxx-xxxx open mail and calendars, never photos. It was not sent.",
        "Type the password of the Apple ID itself.",
        _NOW,
    ),
    "icloud.wrong-password": Message(
        "Apple does not know this Apple ID with this password.",
        "The password is wrong, or there is no such Apple ID: Apple gives the same answer to both. It was sent once.",
        "Type it again. After a few wrong ones Apple locks the account, so look it up rather than guessing.",
        _NOW,
    ),
    "icloud.same-password": Message(
        "Apple has just refused this password.",
        "It was not sent again: the answer would be the same, and a few wrong passwords lock the account.",
        "Type another one. If the password is right, the Apple ID may be wrong: leave, and check which one is used.",
        _NOW,
    ),
    "icloud.password-changed": Message(
        "Apple no longer accepts the kept password.",
        "The password of the Apple ID was probably changed since it was kept.",
        "Type the new one. The kept one was removed from the keyring, so that it is not sent again.",
        _NOW,
    ),
    "icloud.locked": Message(
        "Apple has locked this Apple ID for security reasons.",
        "That happens after too many wrong passwords or codes. Nothing is tried again until you say so.",
        "Unlock it at https://iforgot.apple.com, then sign in here again.",
        _NEVER,
    ),
    "icloud.unavailable": Message(
        "Apple can't answer just now.",
        "It answered with an error of its own, which says nothing about you.",
        "Try again in some minutes. If it lasts, sign in once at https://www.icloud.com and see whether it asks for anything.",
        _LATER,
        Exit.BLOCKED,
    ),
    "icloud.web-page": Message(
        "A web page came where Apple's own answer was expected.",
        "Something on the way may answer in Apple's place (a proxy, a filter, a network that wants a login first), or Apple "
        "shows a page of its own for a while.",
        "Open https://www.icloud.com in a browser on this machine and see what comes, then try again.",
        _LATER,
        Exit.BLOCKED,
    ),
    "icloud.throttled": Message(
        "Apple has had too many requests from here and asks for a pause.",
        "It counts tries per account and per address; more of them make the pause longer.",
        "Wait some hours before the next try, and let nothing else sign in meanwhile: suspend the CronJob if its runs fail.",
        _LATER,
        Exit.BLOCKED,
    ),
    "icloud.unreachable": Message(
        "Apple can't be reached from this machine.",
        "",
        "Check this machine's network: https://www.icloud.com should open. Then try again.",
        _LATER,
        Exit.BLOCKED,
    ),
    "icloud.push-unreachable": Message(
        "Apple's push host can't be reached, so no prompt can be asked for on your devices.",
        "websocket.push.apple.com on port 443 has to be reachable directly; a proxy or a filter on the way may keep it closed.",
        "Ask for a text message if the account has a phone number, or use another network.",
        _NOW,
        Exit.BLOCKED,
    ),
    "icloud.sms-refused": Message(
        "Apple is not sending text messages to this number at the moment.",
        "It limits how many codes a number gets.",
        "Use a trusted device or another number, or wait some hours.",
        _LATER,
    ),
    "icloud.code-not-sent": Message(
        "Apple gave no answer when it was asked for a text message.",
        "It may or may not arrive.",
        "Wait a moment for the code, or ask for another one.",
        _NOW,
    ),
    "icloud.wrong-code": Message(
        "Apple did not accept this code.",
        "It may be mistyped, an older one, or the one that came another way than asked for.",
        "Type the newest code.",
        _NOW,
    ),
    "icloud.code-unchecked": Message(
        "Apple gave no answer to the code.",
        "It was neither accepted nor refused.",
        "Type it once more, or a newer one where one has come.",
        _NOW,
    ),
    "icloud.code-shape": Message(
        "A code has six digits.", "Nothing was sent.", "Type the six digits; pasting works.", _NOW
    ),
    "icloud.too-many-codes": Message(
        "Apple accepts no more codes for this account at the moment.",
        "Too many were asked for or typed wrong.",
        "Wait some hours, then sign in again. More tries now make it longer.",
        _LATER,
    ),
    "icloud.sign-in-lapsed": Message(
        "This sign-in has timed out at Apple.",
        "It keeps one open for some minutes only.",
        "Sign in again from the password on.",
        _NOW,
    ),
    "icloud.not-trusted": Message(
        "Apple accepted the code but did not trust this session.",
        "Without that trust the session would end at once, and icloudpd would be asked for a code.",
        "Sign in again in some minutes.",
        _LATER,
    ),
    "icloud.trust-refused": Message(
        "Apple accepted the password, but no longer trusts the old session.",
        "",
        "Sign in again without the old session; a code will come.",
        _NOW,
    ),
    "icloud.session-ended": Message(
        "There is no live session.", "It was never finished, or it has ended.", "Sign in first.", _NOW
    ),
    "icloud.session-unreadable": Message(
        "The session's files can't be used.",
        "",
        "Sign in again; the old files are kept beside the new ones.",
        _NOW,
    ),
    "icloud.web-access-off": Message(
        "Access to iCloud data on the web is switched off for this account.",
        "icloudpd reads photos the way a browser does, so this locks it out as well.",
        "On the device: Settings, your name, iCloud, Access iCloud Data on the Web: on. Then sign in again.",
        _LATER,
    ),
    "icloud.advanced-data-protection": Message(
        "The photos are closed to the web: Advanced Data Protection is on for this account.",
        "With it only Apple's own devices can read them; neither icloudpd nor a browser can. Apple's text speaks of throttling, "
        "which it is not.",
        "On the device: Settings, your name, iCloud, Advanced Data Protection: off, and Access iCloud Data on the Web: on. "
        "There is no other way; whether it is worth it is up to you.",
        _LATER,
    ),
    "icloud.device-consent": Message(
        "Apple waits for your consent on a trusted device before it opens the photos.",
        "With Advanced Data Protection, each web session has to be allowed on a device, and ends within hours.",
        "Allow it on the device now; for unattended syncing Advanced Data Protection has to be off.",
        _LATER,
    ),
    "icloud.setup-unfinished": Message(
        "iCloud was never set up completely for this account.",
        "Apple wants something confirmed first, or has no photo library in its usual place.",
        "Sign in at https://www.icloud.com, answer what it asks, open Photos there once, and try again.",
        _LATER,
    ),
    "icloud.indexing": Message(
        "Apple is still indexing the photo library.",
        "Until that has finished, nobody can list the photos. Large libraries take hours, sometimes days.",
        "Nothing to do but wait; the sign-in is good. Look again tomorrow.",
        _LATER,
        Exit.BLOCKED,
    ),
    "icloud.no-photo-library": Message(
        "This account has no photo library in iCloud.",
        "Signing in works, but Apple offers no photos for it.",
        "On the device: Settings, your name, iCloud, Photos: sync this device. Or use the Apple ID that has the photos.",
        _LATER,
    ),
    "icloud.no-two-factor": Message(
        "This account has no two-factor authentication.",
        "The password was accepted, but pyicloud can't sign in without it.",
        "icloudpd can: sign in inside the pod, with the command below. Or, on the device: Settings, your name, Sign-In & "
        "Security, Two-Factor Authentication: on, then sign in again.",
        _LATER,
        commands=(photosync_wizard("reauth", "--in-pod"),),
    ),
    "icloud.terms": Message(
        "New iCloud terms wait to be accepted.",
        "Apple opens nothing before that, and they can't be shown here.",
        "Sign in at https://www.icloud.com or on the device and accept them, then sign in here again.",
        _LATER,
    ),
    "icloud.china": Message(
        "This is a mainland China account: it belongs to icloud.com.cn.",
        "Apple keeps these accounts apart; icloudpd needs the same choice (`--domain cn`).",
        "Type the password again: it goes to icloud.com.cn this time. The CronJob's icloudpd needs `--domain cn`.",
        _NOW,
    ),
    "icloud.not-china": Message(
        "This is not a mainland China account: it belongs to icloud.com.",
        "Apple keeps these accounts apart; icloudpd needs the same choice (no `--domain cn`).",
        "Type the password again: it goes to icloud.com this time. The CronJob's icloudpd must not have `--domain cn`.",
        _NOW,
    ),
    "icloud.security-key-missing": Message(
        "No security key is plugged in, or this user may not talk to it.",
        "Only keys on USB can be used from a terminal. On Linux the user needs access to its hidraw device (udev rules).",
        "Plug in the key of this account and try again.",
        _NOW,
    ),
    "icloud.security-key-untouched": Message(
        "The security key was not touched in time.", "", "Try again and touch the key when it blinks.", _NOW
    ),
    "icloud.security-key-refused": Message(
        "Apple did not accept this security key.",
        "It may belong to another account, or Apple may want the key another way than pyicloud can give it.",
        "Try another key of the account. Without one, signing in from here is not possible.",
        _NOW,
    ),
    "icloud.outdated": Message(
        "Apple no longer has what pyicloud asked for.",
        "Apple changed something; the library has to follow.",
        "Update photosync-wizard, which brings a newer pyicloud.",
        _NEVER,
        Exit.BLOCKED,
    ),
    "icloud.unexpected": Message(
        "Apple answered in a way that was not expected here.",
        "",
        "Try again later; update photosync-wizard, which brings a newer pyicloud.",
        _LATER,
        Exit.BLOCKED,
    ),
    "icloud.busy": Message("A step of this sign-in is still under way.", "", "Wait for it, or start again.", _NOW),
    "icloud.no-step": Message("There is nothing to answer in this sign-in.", "", "Start it again.", _NOW),
}


def trouble(code: str, why: str = "", fix: str = "") -> WizardError:
    """The trouble with this code; `why` and `fix` instead of the usual ones where more is known."""
    words = MESSAGES[code]
    return WizardError(
        code,
        words.what,
        why=why or words.why,
        fix=fix or words.fix,
        commands=words.commands,
        exit_code=words.exit_code,
        retry=words.retry,
    )


def unavailable(status: int, password_accepted: bool | None) -> WizardError:
    """Apple could not answer: what its status stands for, and what became of the password (None: none was sent)."""
    password = {None: "", True: " The password was accepted.", False: " It said nothing about the password."}[
        password_accepted
    ]
    if status == 503:
        why = "It answers 503 when it is busy, when it has had too many tries from here, and sometimes when new terms wait."
        fix = (
            "Wait an hour. If it lasts, sign in once at https://www.icloud.com and see whether it asks for anything; a VPN "
            "or another network can be the cause too."
        )
        return trouble("icloud.unavailable", why + password, fix)
    return trouble("icloud.unavailable", f"It answered {status}, an error of its own.{password}")
