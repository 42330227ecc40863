"""The report for a person at a terminal: what `status` prints without `-o`.

Plain text by our own hands: importing rich's tables takes 80 ms, a seventh of what the whole command has. Signs and
words say everything, colour only repeats it. Text from outside is stripped of control characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC

from wizard.command import Address
from wizard.model import Account, Diagnosis, Finding, Report, SessionState, Severity, Status

NARROWEST, WIDEST = 40, 100
SIGN_IN_DUE = "authentication.session-expiring"
_INDENT = "    "
_LABEL = 10
_BAR = 20

_SIGNS = {
    Status.COMPLETE: ("✓", "+", "32"),
    Status.IN_PROGRESS: ("◐", "~", "36"),
    Status.ACTION_REQUIRED: ("!", "!", "33"),
    Status.BLOCKED: ("✗", "x", "31"),
    Status.PENDING: ("·", ".", "2"),
    Status.FAILED: ("✗", "x", "31"),
    Status.UNKNOWN: ("?", "?", "35"),
    Status.SKIPPED: ("–", "-", "2"),  # noqa: RUF001 - a dash as a sign
}
_REMARKS = {Severity.ERROR: "✗x", Severity.UNKNOWN: "??", Severity.WARNING: "!!"}
"""The signs, pretty and plain, of what is said under an iteration that is complete all the same."""

_SESSION_WORDS = {
    SessionState.VALID: "valid",
    SessionState.EXPIRING: "about to end",
    SessionState.EXPIRED: "expired",
    SessionState.MISSING: "missing",
    SessionState.UNVERIFIED: "not verified",
}


def to_table(report: Report, address: Address, width: int = 80, *, colour: bool = False, unicode: bool = True) -> str:
    """Lines of at most `width` columns (40 to 100 are used); commands for this address may be longer, to be copied whole."""
    return "\n".join(_Table(address, max(NARROWEST, min(width, WIDEST)), colour, unicode).lines(report)) + "\n"


class _Table:
    def __init__(self, address: Address, width: int, colour: bool, unicode: bool) -> None:
        self.address = address
        self.width = width
        self.colour = colour
        self.unicode = unicode

    def lines(self, report: Report) -> Iterator[str]:
        yield from self.head(report)
        yield ""
        for step in report.steps:
            yield from self.step(step)
        yield ""
        for account in report.accounts:
            yield from self.labelled("Session", _session_words(account))
        yield from self.following(report)
        unread = dict.fromkeys(
            finding.summary
            for step in report.included
            for finding in step.findings
            if finding.severity is Severity.UNKNOWN
        )
        yield from self.list("Unknown", unread)

    def head(self, report: Report) -> Iterator[str]:
        cluster = report.cluster
        place = f"{report.namespace} on {cluster.context}" if cluster.context else report.namespace
        yield from (self.painted(line, "1") for line in wrapped(f"{place} ({cluster.server})", self.width))
        total = len(report.included)
        share = report.complete / total if total else 1
        full, empty = ("█", "░") if self.unicode else ("#", ".")
        bar = full * round(_BAR * share) + empty * (_BAR - round(_BAR * share))
        progress = f"{bar}  {report.complete} of {total} complete"
        yield self.spread(progress, f"{report.taken_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")

    def step(self, step: Diagnosis) -> Iterator[str]:
        pretty, plain, paint = _SIGNS[step.status]
        sign = pretty if self.unicode else plain
        words = step.status.value.replace("_", " ")
        title = clean(step.title)
        line = self.spread(f"{sign} {step.iteration} {title}", words)
        if self.colour:
            line = self.painted(sign, paint) + line[len(sign) : -len(words)] + self.painted(words, paint)
        yield line
        finding = headline(step)
        if finding:
            remark = (
                _REMARKS[finding.severity][0 if self.unicode else 1] + " " if step.status is Status.COMPLETE else ""
            )
            indent = _INDENT + " " * len(remark)
            for number, part in enumerate(wrapped(finding.summary, self.width - len(indent))):
                yield indent + part if number else _INDENT + remark + part

    def following(self, report: Report) -> Iterator[str]:
        step = report.next_step
        finding = headline(step) if step else None
        if step is None:
            step, finding = next(_due(report), (None, None))
        if step is None:
            yield from self.labelled("Next", "nothing: every step that you want is complete")
            return
        yield from self.labelled("Next", f"{step.iteration} {step.title}")
        if finding:
            yield from self.labelled("", finding.fix)
            for command in self.address.lines(finding.commands):
                yield from self.command(command)
            yield from self.labelled("More", finding.docs)
        yield from self.list("Done when", report.ready_when)

    def command(self, text: str) -> Iterator[str]:
        """A command as it is to be copied; of several lines the further ones at the edge, where a here-document ends."""
        first, *more = (without_controls(line) for line in text.split("\n"))
        yield " " * _LABEL + self.painted(f"$ {first}", "36")
        yield from (self.painted(line, "36") for line in more)

    def list(self, label: str, items: Iterable[str]) -> Iterator[str]:
        for number, item in enumerate(items):
            yield from self.labelled("" if number else label, item)

    def labelled(self, label: str, text: str) -> Iterator[str]:
        for number, part in enumerate(wrapped(text, self.width - _LABEL)):
            head = "" if number else label
            yield self.painted(head, "1") + " " * (_LABEL - len(head)) + part

    def spread(self, left: str, right: str) -> str:
        """The two at both ends of a line; on two lines when one is too short."""
        gap = self.width - cells(left) - cells(right)
        return f"{left}{' ' * gap}{right}" if gap > 0 else f"{left}\n{right:>{self.width}}"

    def painted(self, text: str, paint: str) -> str:
        return f"\033[{paint}m{text}\033[0m" if self.colour and text else text


def headline(step: Diagnosis) -> Finding | None:
    """What one line says of an iteration: the first of its findings, as they are ordered from cause to consequence.

    A complete iteration needs none, so of it only what is loud is said.
    """
    findings = (finding for finding in step.findings if finding.severity is not Severity.OK)
    if step.status is Status.COMPLETE:
        findings = (finding for finding in findings if finding.severity in _REMARKS)
    return next(findings, None)


def _due(report: Report) -> Iterator[tuple[Diagnosis, Finding]]:
    """The sign-ins that are due although everything is complete."""
    for step in report.included:
        yield from ((step, finding) for finding in step.findings if finding.id == SIGN_IN_DUE)


def clean(text: str) -> str:
    """`text` on one line without anything that a terminal would obey."""
    return without_controls(" ".join(text.split()))


def without_controls(text: str) -> str:
    """`text` without anything that a terminal would obey."""
    return "".join(letter for letter in text if unicodedata.category(letter)[0] != "C")


def cells(text: str) -> int:
    """How many columns `text` takes."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def wrapped(text: str, width: int) -> Iterator[str]:
    """`text`, cleaned, in lines of at most `width` columns, broken at spaces where there are any."""
    line = ""
    for word in clean(text).split(" "):
        rest = word
        if line and cells(line) + 1 + cells(rest) <= width:
            line += " " + rest
            continue
        if line:
            yield line
        while cells(rest) > width:
            head = rest[: width // 2] if cells(rest[:width]) > width else rest[:width]
            yield head
            rest = rest[len(head) :]
        line = rest
    if line:
        yield line


def _session_words(account: Account) -> str:
    session = account.session
    who = f"{account.name} ({account.apple_id})" if account.apple_id else account.name
    words = _SESSION_WORDS[session.state]
    if session.expires_at and session.state in (SessionState.VALID, SessionState.EXPIRING, SessionState.UNVERIFIED):
        words += f", until {session.expires_at.astimezone(UTC):%Y-%m-%d}"
    if session.days_left is not None and session.days_left >= 0:
        words += f", {session.days_left} day{'' if session.days_left == 1 else 's'} left"
    return f"{who}: {words}"
