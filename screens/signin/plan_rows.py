"""What stands before a sign-in: whose it is, what it will do, and how to do it by hand. Rows and commands, pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from screens.clipboard import demo_note
from screens.signin.questions import Review, Way
from screens.signin.state import SignInState
from screens.widgets.rows import Button, Command, Item, Row, Space, Text
from screens.words import MUTED, plural, span
from wizard.command import Command as Typed
from wizard.command import kubectl
from wizard.plan import CreateObject, RunInPod

if TYPE_CHECKING:
    from wizard.model import Account, Session
    from wizard.plan import Change, Plan
    from wizard.signin.prepare import Preparation

MANIFEST_NAME = "sign-in-job.json"


def beginning(state: SignInState) -> Iterator[Row]:
    """Before there is a plan."""
    yield Item(
        sign="◐",
        text=f"looking at the cluster to find out what a sign-in needs… {span(state.now - state.attempt.began)}",
    )


def which_account(accounts: Iterable[Account]) -> Iterator[Row]:
    """The accounts, to choose one."""
    yield Text(text="Which account?")
    yield Space()
    for account in accounts:
        sign = {"valid": "✓", "expiring": "!", "unverified": "?"}.get(account.session.state, "✗")
        who = f"{account.name}: {account.apple_id or 'Apple ID not known here'}"
        yield Item(
            id=f"account-{account.name}",
            sign=sign,
            text=f"{who}. Session {account.session.state}{_until(account.session)}.",
        )


def plan_of(review: Review, way: Way) -> Plan:
    """What will be done on that way."""
    return review.inside if way is Way.IN_POD else review.plan


def the_plan(review: Review, state: SignInState) -> Iterator[Row]:
    """What will be done, and where the password comes from."""
    plan = plan_of(review, state.way)
    yield Text(lead=review.apple_id, text=f"({review.source})" if review.source else "")
    if not state.short:
        yield Space()
    for change in plan.changes:
        yield Item(sign="~", text=change.title)
    for note in plan.notes:
        yield Item(sign="!", text=note)
    if state.short:
        return
    yield Space()
    yield Text(text=_way_words(state.way), style=MUTED)
    yield Text(
        text=f"Password: in {review.keyring}; sent once, if it is needed at all."
        if review.kept and state.way is Way.HERE
        else "Password: asked for if it is needed, and sent once; the wizard does not save it unless you say so.",
        style=MUTED,
    )


def to_begin(review: Review, state: SignInState) -> Iterator[Row]:
    """The button, and below it whether a session that still works is renewed."""
    inside = state.way is Way.IN_POD
    steps = plural(len(plan_of(review, state.way).changes), "step")
    if inside:
        label = f"Sign in inside the pod  ({steps}; if one fails, nothing on the volume changes)"
    elif review.works and not state.renew:
        label = f"Check, and sign in only if it has ended  ({steps} at most)"
    elif review.works:
        label = f"Sign in again  ({steps}; if one fails, nothing on the volume changes)"
    else:
        label = f"Sign in  ({steps}; if one fails, nothing on the volume changes)"
    yield Button(id="go", label=label, key="⏎")
    if review.works and not inside and review.session is not None:
        until = _until(review.session).removeprefix(", ")
        yield Item(
            id="renew-yes",
            sign="●" if state.renew else "○",
            text=f"renew it now, even though it still works{f' {until}' if until else ''}",
        )
        yield Item(
            id="renew-no", sign="○" if state.renew else "●", text="leave it as it is while it works: nothing is asked"
        )


def _until(session: Session) -> str:
    """Until when, and how many days that is: ", until about 7 February (20 days)"."""
    until = f", until about {session.expires_at.day} {session.expires_at:%B}" if session.expires_at else ""
    return until + (f" ({plural(session.days_left, 'day')})" if session.days_left is not None else "")


def _way_words(way: Way) -> str:
    if way is Way.HERE:
        return "This machine talks to Apple; the cluster's icloudpd proves the result."
    return (
        "The second way: icloudpd itself asks Apple, inside the pod; you answer here. It allows one try for "
        "password and code: a wrong one ends it."
    )


# By hand


def by_hand(review: Review, state: SignInState) -> Iterator[Row]:
    """The plan as commands; what has none is said in words."""
    yield Text(text="The same by hand. None of it has been run.", style=MUTED)
    yield from demo_note(state)
    explained = False
    for number, change in enumerate(plan_of(review, state.way).changes):
        if isinstance(change, RunInPod):
            if not explained:
                yield from _inside_the_pod(review, state)
            explained = True
            continue
        if number or not state.demo_commands:
            yield Space()
        yield Item(sign="~", text=change.title, style="bold")
        if command := typed(change, state):
            yield Command(id=f"command-{number}", command=state.address.line(command))
        else:
            why = (
                "its manifest could not be written to a file"
                if change.command
                else "only the sign-in knows what to record"
            )
            yield Text(text=f"There is no command for it: {why}.", indent=2)
        yield from _undo(number, change, state)


def _undo(number: int, change: Change, state: SignInState) -> Iterator[Row]:
    if change.undo or change.no_undo:
        yield Text(text=f"Undo: {change.no_undo}".rstrip(), style=MUTED, indent=2)
    for undo in change.undo:
        if undo.command:
            yield Command(id=f"undo-{number}", command=state.address.line(undo.command))


def _inside_the_pod(review: Review, state: SignInState) -> Iterator[Row]:
    yield Space()
    inside = [change for change in plan_of(review, state.way).changes if isinstance(change, RunInPod)]
    for change in inside:
        yield Item(sign="~", text=change.title, style="bold")
    yield Text(
        text="There are no commands for these: the wizard does them through the pod, so that the current session stays "
        "whatever happens. By hand, icloudpd signs in there by itself, and overwrites the current session at once:",
        indent=2,
    )
    for name, command in _instead(review, state):
        yield Command(id=f"command-{name}", command=state.address.line(command))


def _instead(review: Review, state: SignInState) -> Iterator[tuple[str, Typed]]:
    plan = plan_of(review, state.way)
    job = next((change.target for change in plan.changes if isinstance(change, CreateObject)), None)
    if job is None or not review.by_hand or not state.manifest:
        return
    name = f"job/{job.name}"
    ready = "--for=jsonpath={.status.ready}=1"
    yield "wait", kubectl("wait", name, ready, "--timeout=5m", namespace=job.namespace)
    yield "inside", kubectl("exec", "-it", name, "--", *review.by_hand, namespace=job.namespace)


def typed(change: Change, state: SignInState) -> Typed | None:
    """What a person would type for this change; None when nothing can be."""
    if change.command and change.command.stdin:
        return change.command.reading(state.manifest) if state.manifest else None
    return change.command


def commands(review: Review, state: SignInState) -> list[str]:
    """All that do the plan by hand, in their order."""
    typed_commands: list[Typed] = []
    explained = False
    for change in plan_of(review, state.way).changes:
        if isinstance(change, RunInPod):
            typed_commands += [] if explained else [command for _, command in _instead(review, state)]
            explained = True
        elif command := typed(change, state):
            typed_commands.append(command)
    return list(state.address.lines(typed_commands))


def manifest(review: Review) -> tuple[str, str] | None:
    """The name and the text of a file that holds the pod of the plan; None where there is none to be made."""
    for change in review.plan.changes:
        if isinstance(change, CreateObject):
            return MANIFEST_NAME, json.dumps(change.manifest, indent=2) + "\n"
    return None


def signs_in_by_itself(preparation: Preparation, apple_id: str) -> tuple[str, ...]:
    """How icloudpd signs in inside the pod of this plan, in the folder where the session lies; it asks for all it needs."""
    handover = preparation.handover
    words = [
        handover.program,
        "--auth-only",
        "--username",
        preparation.username or apple_id,
        "--cookie-directory",
        handover.directory,
    ]
    words += ["--domain", handover.domain] if handover.domain else []
    return (*words, "--password-provider", "console")
