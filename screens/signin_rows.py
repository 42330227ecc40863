"""What the sign-in shows, as rows: pure functions of the course, the time and a few choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from screens.asking import (
    AccountAsked,
    AppleIdAsked,
    CodeAsked,
    InUseAsked,
    Keep,
    KeyAsked,
    PasswordAsked,
    Review,
    SecondWayAsked,
    TermsAsked,
    Way,
)
from screens.course import APPLE, CODE, PASSWORD, PHOTOS, PROVED, SAVED, STEPS, VOLUME, Course, Mark
from screens.rows import Button, Command, Heading, Item, Row, Space, Text, clean, clip, wrapped
from screens.words import MUTED, STYLE, plural, span
from wizard.renewal.person import Tick

if TYPE_CHECKING:
    from wizard.errors import Trouble
    from wizard.icloud.steps import CodeWanted, TermsWanted
    from wizard.model import Account

SEND_AGAIN_AFTER = timedelta(seconds=60)
SIGNS = {Tick.DOING: "◐", Tick.DONE: "✓", Tick.FAILED: "✗", Tick.SKIPPED: "–"}  # noqa: RUF001 - a dash as a sign
_LABEL = 28
_TWO_COLUMNS = 62


@dataclass(frozen=True, slots=True)
class Shown:
    """All that decides what is shown. `aside` is what is looked at besides: "", "why", "numbers" or "kubectl".

    `other` says that the typed code is the one that came the other way; `hint` is a line about what was just done.
    """

    course: Course
    now: datetime
    inline: bool = False
    aside: str = ""
    way: Way = Way.HERE
    keep: Keep = Keep.NOWHERE
    keyring: str = ""
    kept: bool = False
    other: bool = False
    hint: str = ""
    demo: str = ""
    namespace: str = "photo-sync"
    commands: tuple[str, ...] = ()


def clock(length: timedelta) -> str:
    """A short length of time as minutes and seconds: "0:14"."""
    seconds = max(0, int(length.total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02}"


@dataclass(frozen=True, slots=True)
class StepRow(Row):
    """One step of the sign-in: its sign, its name, and what is known of it; in two columns where there is room."""

    sign: str = ""
    label: str = ""
    text: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        sign = (self.sign, STYLE.get(self.sign, "") + " bold")
        faint = MUTED if self.sign == "·" else ""
        if width < _TWO_COLUMNS:
            whole = f"{self.label}: {self.text}" if self.text else self.label
            for index, line in enumerate(wrapped(whole, width - 2)):
                yield Content.assemble(sign if index == 0 else " ", " ", (line, faint))
            return
        for index, line in enumerate(wrapped(self.text, width - 2 - _LABEL)):
            label = self.label.ljust(_LABEL) if index == 0 else " " * _LABEL
            yield Content.assemble(sign if index == 0 else " ", " ", (label, faint), (line, MUTED))


@dataclass(frozen=True, slots=True)
class OneLine(Row):
    """Something with a sign in front that takes one line, whatever it is."""

    sign: str = ""
    text: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        yield Content.assemble((self.sign, STYLE.get(self.sign, "") + " bold"), " ", clip(clean(self.text), width - 2))


def heading(shown: Shown) -> tuple[str, str, str]:
    """The title, what stands at the right end, and the sign whose colour that has."""
    course = shown.course
    if course.leaving:
        return "Sign in to iCloud", "leaving", "~"
    if course.outcome:
        return "Sign in to iCloud", "signed in", "✓"
    if course.trouble:
        return "Sign in to iCloud", "not signed in", "✗"
    if isinstance(course.question, Review):
        return "Sign in to iCloud", "nothing has been done yet", "·"
    return "Sign in to iCloud", course.apple_id, ""


def above(shown: Shown) -> Iterator[Row]:
    """The page, or what stands above the line or the boxes that are typed into."""
    course = shown.course
    if shown.aside == "why":
        yield from _why_no_code()
        return
    if shown.aside == "numbers" and isinstance(course.question, CodeAsked):
        yield from _numbers(course.question.wanted)
        return
    if shown.aside == "kubectl" and isinstance(course.question, Review):
        yield from _kubectl(course.question)
        return
    if course.leaving:
        yield from _ticks(shown, tuple(STEPS))
        yield Space()
        yield Item(sign="~", text=f"{leaving_words(course)} {span(shown.now - course.leaving)}")
        return
    match course.question:
        case AccountAsked(accounts=accounts):
            yield from _accounts(accounts, shown.now)
        case AppleIdAsked(why=why):
            yield from _problem(why)
            yield Text(text="Which Apple ID? It is the address that you sign in to iCloud with.")
        case Review() as review:
            yield from _review(review, shown)
        case PasswordAsked() as asked:
            yield from _ticks(shown, _until(PASSWORD))
            yield from _problem(asked.why)
            yield Text(text=_password_words(asked, shown))
        case CodeAsked() as asked:
            yield from _ticks(shown, _until(CODE))
            yield from _problem(asked.why, short=shown.inline)
            if shown.demo:
                yield Text(lead="Demo phone of", text=shown.demo, style="$text-accent", indent=2)
            if asked.wanted.may_have_two_codes:
                yield Text(text=_two_codes(asked.wanted, other=shown.other))
        case TermsAsked(wanted=wanted):
            yield from _terms(wanted)
        case None if course.ended:
            yield from _end(shown)
        case None:
            yield from _ticks(shown, tuple(STEPS)) if course.under_way else _beginning(shown)
            if course.proved and not any(mark.tick is Tick.DOING for mark in course.marks.values()):
                yield Item(sign="◐", text="removing the pod")
        case question:
            yield from _ticks(shown, tuple(STEPS))
            yield Space()
            yield from _choice(question)


def below(shown: Shown) -> Iterator[Row]:
    """What stands below the page, the line or the boxes: what there is to choose from."""
    if shown.aside or shown.course.leaving:
        return
    match shown.course.question:
        case Review() as review:
            label = "Sign in" if shown.way is Way.HERE else "Sign in inside the pod"
            steps = plural(len(review.plan.actions), "step")
            yield Button(id="go", label=f"{label}  ({steps}; if one fails, the session before stays)", key="⏎")
        case TermsAsked():
            yield Item(id="terms-no", sign="·", text="not now: leave, nothing is changed")
            yield Item(id="terms-yes", sign="·", text="I have read them, and accept them")
        case AppleIdAsked():
            yield Text(text="Nothing has been done yet; the plan comes next.", style=MUTED)
        case None if shown.course.ended:
            yield from _after(shown)
        case PasswordAsked():
            yield from _places(shown)
            yield from _rest(shown, PASSWORD)
        case CodeAsked() as asked:
            yield from _helps(asked.wanted, shown)
            yield from _rest(shown, CODE)
        case _:
            return


def keys(shown: Shown) -> list[tuple[str, str, str]]:
    """The keys for the last line: (key, word, action)."""
    course = shown.course
    leave = ("Esc", "leave", "screen.leave")
    if shown.aside:
        copy = [("c", "copy", "screen.press('copy')")] if shown.aside == "kubectl" else []
        return [("Esc", "back", "screen.leave"), *copy]
    if course.leaving:
        return [("Esc", "don't wait for it", "screen.leave")]
    if course.outcome:
        return [("⏎", "done", "screen.press('done')"), ("c", "reminder for my calendar", "screen.press('calendar')")]
    if course.trouble:
        again = [("r", "try again", "screen.press('again')")] if course.trouble.retry != "never" else []
        return [*again, ("Esc", "back", "screen.leave")]
    match course.question:
        case Review():
            return [
                ("⏎", "sign in", "screen.press('go')"),
                ("i", "the other way", "screen.press('way')"),
                ("k", "kubectl", "screen.press('kubectl')"),
                leave,
            ]
        case PasswordAsked():
            kept = [("↓", "where it is kept", "")] if shown.keyring or not shown.inline else []
            return [("⏎", "send", ""), *kept, leave]
        case CodeAsked():
            return [("0-9", "type or paste", ""), ("↓", "more ways", ""), leave]
        case None:
            return [leave]
        case _:
            return [("↑↓", "choose", ""), ("⏎", "take", ""), leave]


# The steps


def _until(step: str) -> tuple[str, ...]:
    names = tuple(STEPS)
    return names[: names.index(step) + 1]


def _ticks(shown: Shown, names: tuple[str, ...]) -> Iterator[Row]:
    course = shown.course
    marks = course.marks
    if not shown.inline:
        for name in names:
            yield _tick(name, marks.get(name), shown)
        return
    done = [_short(name, mark) for name in names if (mark := marks.get(name)) and mark.tick is Tick.DONE]
    if done:
        yield Item(sign="✓", text=", ".join(done), style=MUTED)
    for name in names:
        mark = marks.get(name)
        if mark and mark.tick in (Tick.DOING, Tick.FAILED):
            yield _tick(name, mark, shown)


def _short(name: str, mark: Mark) -> str:
    """A step that is done, in as few words as say it."""
    return mark.text if name in (VOLUME, PHOTOS) and mark.text else STEPS[name]


def _rest(shown: Shown, after: str) -> Iterator[Row]:
    """The steps that follow the one that is typed for."""
    names = tuple(STEPS)
    following = names[names.index(after) + 1 :]
    if not shown.inline:
        yield Space()
        for name in following:
            yield _tick(name, shown.course.marks.get(name), shown)


def _tick(name: str, mark: Mark | None, shown: Shown) -> Row:
    label = STEPS[name]
    if mark is None:
        return StepRow(sign="·", label=label)
    question = shown.course.question
    if name == APPLE and isinstance(question, (PasswordAsked, CodeAsked)):
        return StepRow(sign="·", label=label)
    if name == SAVED and mark.tick is Tick.DOING and PROVED in shown.course.marks:
        return StepRow(sign="~", label=label, text="beside the old one, until icloudpd has said yes")
    text = mark.text
    if name == CODE and isinstance(question, CodeAsked):
        text = came(question.wanted, shown.now)
    elif name == PASSWORD and isinstance(question, PasswordAsked):
        text = ""
    elif mark.tick is Tick.DONE and name in (APPLE, PROVED):
        text = "" if mark.text in ("signed in", "icloudpd says yes") else text
    elif mark.tick is Tick.DOING:
        text = f"{text}… {span(shown.now - mark.since)}"
    return StepRow(sign=SIGNS[mark.tick], label=label, text=text)


def came(wanted: CodeWanted, now: datetime) -> str:
    """How the code came, and how long ago."""
    ago = f"{clock(now - wanted.sent_at)} ago"
    match wanted.delivery:
        case "device":
            return f"sent to your trusted devices {ago}"
        case "sms":
            return f"text message{' to •• ' + wanted.phone.ending if wanted.phone else ''} sent {ago}"
        case _:
            return f"Apple wants one and does not say whether it sent any; asked {ago}"


def leaving_words(course: Course) -> str:
    """What leaving does."""
    kept = "The new session is in place." if course.saved else "Nothing was changed: the session before stays."
    return f"{kept} The pod is being removed…"


# Before it


def _beginning(shown: Shown) -> Iterator[Row]:
    yield Item(
        sign="◐",
        text=f"looking at the cluster and at what a sign-in would need… {span(shown.now - shown.course.began)}",
    )


def _accounts(accounts: Iterable[Account], now: datetime) -> Iterator[Row]:
    yield Text(text="Which account?")
    yield Space()
    for account in accounts:
        session = account.session
        until = f", until about {session.expires_at.day} {session.expires_at:%B}" if session.expires_at else ""
        left = f" ({plural(session.days_left, 'day')})" if session.days_left is not None else ""
        sign = {"valid": "✓", "expiring": "!", "unverified": "?"}.get(session.state, "✗")
        who = f"{account.name}: {account.apple_id or 'Apple ID not known here'}"
        yield Item(id=f"account-{account.name}", sign=sign, text=f"{who}. Session {session.state}{until}{left}.")
    del now


def _review(review: Review, shown: Shown) -> Iterator[Row]:
    yield Text(lead=review.apple_id, text=f"({review.source})" if review.source else "")
    if not shown.inline:
        yield Space()
    for action in review.plan.actions:
        yield OneLine(sign="~", text=action.title) if shown.inline else Item(sign="~", text=action.title)
    for note in review.plan.notes:
        yield Item(sign="!", text=note)
    if not shown.inline:
        yield Space()
        yield Text(text=_way_words(shown.way), style=MUTED)
        yield Text(
            text=f"Password: in {review.keyring}; sent once, if it is needed at all."
            if review.kept
            else "Password: asked for if it is needed, sent once, kept nowhere unless you say so.",
            style=MUTED,
        )


def _way_words(way: Way) -> str:
    if way is Way.HERE:
        return "This machine talks to Apple; the cluster's icloudpd proves the result."
    return "icloudpd itself asks Apple, inside the pod; you answer here."


def _kubectl(review: Review) -> Iterator[Row]:
    yield Text(text="The same by hand. Nothing of it has been run.", style=MUTED)
    for number, action in enumerate(review.plan.actions):
        yield Space()
        yield Item(sign="~", text=action.title, style="bold")
        if action.command:
            yield Command(id=f"command-{number}", command=action.command)
        if action.undo:
            yield Text(text=f"Undo: {action.undo}", style=MUTED, indent=2)


# What is asked


def _problem(why: Trouble | None, *, short: bool = False) -> Iterator[Row]:
    if why is None:
        return
    yield Item(sign="✗", text=why.what, style="bold")
    rest = " ".join(part for part in ("" if short else why.why, why.fix) if part)
    if rest:
        yield Text(text=rest, indent=2)


def _password_words(asked: PasswordAsked, shown: Shown) -> str:
    if asked.early:
        return (
            f"Type the password of {asked.apple_id} meanwhile. It is sent only if the session on the volume can't be brought "
            "back without it."
        )
    if shown.inline:
        return f"The password of {asked.apple_id}, sent to Apple once:"
    return f"The password of {asked.apple_id}. It goes to Apple once, from here, and is then forgotten."


def _places(shown: Shown) -> Iterator[Row]:
    """Where the password may live, the first by default."""
    places = [(Keep.NOWHERE, "kept nowhere: it is asked for each time")]
    if shown.keyring:
        places.append((Keep.KEYRING, f"kept in {shown.keyring}, this machine's keyring: no typing next time"))
    if not shown.inline:
        places.append(
            (
                Keep.CLUSTER,
                f"kept in the cluster's Secret: icloudpd then signs in again by itself while Apple trusts it; whoever may read "
                f"Secrets in {shown.namespace} can then read it. Shown as commands at the end",
            )
        )
    for place, words in places if len(places) > 1 else ():
        yield Item(id=f"keep-{place}", sign="●" if place is shown.keep else "○", text=words)
    if not shown.keyring and not shown.inline:
        yield Text(text="There is no keyring here that keeps a password safe.", style=MUTED, indent=2)


def _two_codes(wanted: CodeWanted, *, other: bool) -> str:
    sms = (wanted.delivery == "sms") != other
    mine = "came by text message" if sms else "is shown on your device"
    return (
        f"More than one code may be on its way; the newest one counts. What you type is taken for the one that {mine}."
    )


def _helps(wanted: CodeWanted, shown: Shown) -> Iterator[Row]:
    if shown.hint:
        yield Text(text=shown.hint, style="$text-warning")
    left = SEND_AGAIN_AFTER - (shown.now - wanted.sent_at)
    wait = f" (in {clock(left)})" if left > timedelta() else ""
    yield Item(id="help-n", sign="n", text=f"nothing arrived: send again{wait}")
    if wanted.delivery != "device":
        yield Item(id="help-d", sign="d", text="show a code on my devices instead")
    if len(wanted.phones) == 1:
        yield Item(id="help-t", sign="t", text=f"text message to •• {wanted.phones[0].ending}")
    elif wanted.phones:
        yield Item(id="help-t", sign="t", text=f"text message to one of {len(wanted.phones)} numbers…")
    if wanted.may_have_two_codes and wanted.phones:
        sms = (wanted.delivery == "sms") != shown.other
        yield Item(
            id="help-b", sign="b", text=f"what I type {'is shown on my device' if sms else 'came by text message'}"
        )
    yield Item(id="help-w", sign="w", text="why no code may come")


def _numbers(wanted: CodeWanted) -> Iterator[Row]:
    yield Text(text="To which number? Apple limits how many messages each one gets.")
    yield Space()
    for index, phone in enumerate(wanted.phones):
        yield Item(id=f"number-{index}", sign="·", text=f"text message to •• {phone.ending}")


def _why_no_code() -> Iterator[Row]:
    yield Heading(text="Why no code may come")
    for text in (
        "It goes to devices that are switched on, online, and signed in to this Apple ID. They ask first whether to allow it, "
        "and show the code after that.",
        "On the iPhone itself: Settings, your name, Sign-In & Security, Get Verification Code. On iOS 26.4 and later that entry "
        "shows only in airplane mode: switch it on, take the code, switch it off.",
        "Since iOS 26.4 a code has to be asked for, and the wizard does so. One device with it is enough to change this for all.",
        "Asking goes over websocket.push.apple.com, port 443: a proxy or a filter on the way may keep it closed. A text message "
        "takes another way.",
        "Codes for one sign-in run out after some minutes, and Apple limits how many it sends: wait a minute between two.",
        "The page icloud.com shows a code for its own sign-in. It works here for some people only.",
    ):
        yield Item(sign="·", text=text)


def _terms(wanted: TermsWanted) -> Iterator[Row]:
    if wanted.version is None or not wanted.text:
        yield Text(text=f"Apple has new terms to accept, and does not show them here. Read them at {wanted.url}.")
        return
    yield Heading(text="Apple wants these terms accepted")
    yield Text(text=wanted.text)


def _choice(question: object) -> Iterator[Row]:
    match question:
        case InUseAsked(pods=pods, waiting=waiting):
            yield Text(text=f"{', '.join(pods)} uses the session just now. Two programs on one session spoil it.")
            yield Space()
            if waiting:
                yield Item(sign="◐", text="waiting until it has ended…")
            else:
                yield Item(id="in-use-wait", sign="·", text="wait until it has ended")
            yield Item(
                id="in-use-stop",
                sign="·",
                text="stop it: what it has downloaded stays, the next run goes on from there",
            )
            yield Item(id="in-use-leave", sign="·", text="leave")
        case KeyAsked(wanted=wanted):
            names = f" ({', '.join(wanted.keys)})" if wanted.keys else ""
            yield Text(
                text=f"This Apple ID opens only with a security key{names}. Plug it in, go on, then touch it when it blinks."
            )
            yield Text(
                text="This goes as far as pyicloud's own call does; nobody here could prove it against Apple.",
                style=MUTED,
            )
            yield Space()
            yield Item(id="key-yes", sign="·", text="it is plugged in: go on")
            yield Item(id="key-no", sign="·", text="leave")
        case SecondWayAsked(why=why):
            yield from _problem(why)
            yield Space()
            yield Item(
                id="second-yes", sign="·", text="let icloudpd itself sign in, inside the pod; a new code will come"
            )
            yield Item(id="second-no", sign="·", text="leave; the session before is still in place")
        case _:
            return


# After it


def _end(shown: Shown) -> Iterator[Row]:
    course = shown.course
    if course.trouble:
        yield from _refused(course.trouble, shown)
        return
    for index, line in enumerate(course.told):
        sign, text = line[0], line[2:]
        yield (
            Item(sign=sign, text=text, style="bold" if index == 0 else "") if sign != " " else Text(text=text, indent=2)
        )
    if shown.inline:
        return
    if shown.keep is Keep.CLUSTER and shown.commands:
        yield Space()
        yield Text(
            text="For unattended re-login: put the password into the Secret, and in the CronJob's command let "
            "--password-provider console < /credentials/password take the place of --password-provider parameter.",
            indent=2,
        )
        for index, command in enumerate(shown.commands):
            yield Command(id=f"command-{index}", command=command)
    yield Space()
    for name in STEPS:
        yield _tick(name, course.marks.get(name), shown)


def _after(shown: Shown) -> Iterator[Row]:
    """What can be done at the end."""
    course = shown.course
    if shown.inline and course.outcome:
        return
    if shown.hint:
        yield Text(text=shown.hint, style=MUTED)
    if course.trouble is None:
        yield Button(id="done", label="Done", key="⏎")
        if not shown.hint and course.outcome and course.outcome.expires_at:
            yield Item(id="calendar", sign="c", text="put a reminder into my calendar")
        return
    if course.trouble.retry != "never":
        yield Button(id="again", label="Try again", key="r")
    yield Item(id="back", sign="·", text="back")


def _refused(trouble: Trouble, shown: Shown) -> Iterator[Row]:
    yield Item(sign="✗", text=trouble.what, style="bold")
    if trouble.why:
        yield Text(lead="Why.", text=trouble.why, indent=2)
    if trouble.fix:
        yield Text(lead="What to do.", text=trouble.fix, indent=2)
    for index, command in enumerate(trouble.commands):
        yield Command(id=f"command-{index}", command=command)
    if shown.inline:
        return
    yield Space()
    if shown.course.marks:
        for name in STEPS:
            if mark := shown.course.marks.get(name):
                yield _tick(name, mark, shown)
        yield Space()
    yield Text(
        text="The new session is in place." if shown.course.saved else "What was there before is still in place.",
        style=MUTED,
        indent=2,
    )


__all__ = ["VOLUME", "Shown", "StepRow", "above", "below", "came", "clock", "heading", "keys", "leaving_words"]
