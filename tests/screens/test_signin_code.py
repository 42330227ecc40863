"""The code on the sign-in's screen: pasted, wrong, asked for again, on one way or another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from textual import events

from screens.signin.questions import (
    CodeAsked,
)
from screens.widgets.code_boxes import CodeBoxes
from tests.screens.entering import (
    Clock,
    Entering,
    asked,
    at_the_code,
    ended,
    signing,
    view_of,
)
from tests.screens.signing import (
    ScriptedService,
    Signing,
    wanted,
)
from wizard.icloud.messages import trouble
from wizard.signin.person import Outcome

__all__ = ["signing"]


async def test_a_pasted_code(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await at_the_code(wizard)
        wizard.app.post_message(events.Paste("not a code"))
        await wizard.until(lambda: "What was pasted does not contain six digits." in wizard.text)
        wizard.app.post_message(events.Paste("417 902"))
        await ended(wizard)
        assert service.runs[0].given[1:] == ["417902 None"]


async def test_a_wrong_code_is_typed_again(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await at_the_code(wizard)
        await wizard.press(*"000000")
        await wizard.until(lambda: "Apple did not accept this code." in wizard.text)
        await wizard.settle()
        assert wizard.app.screen.query_one(CodeBoxes).empty
        await wizard.press(*"417902")
        await ended(wizard)
        assert service.runs[0].given[1:] == ["417902 None"]


async def test_another_code_only_after_a_minute(signing: Entering) -> None:
    clock = Clock()
    service = ScriptedService()
    async with signing(service, now=clock) as wizard:
        await at_the_code(wizard)
        assert "sent to your trusted devices 0:14 ago" in wizard.text
        assert "send again (in 0:46)" in wizard.text
        await wizard.press("n")
        assert "It can be sent there again in 0:46" in wizard.text
        assert service.runs[0].given == ["hunter2"]
        clock.now += timedelta(seconds=46)
        view_of(wizard).draw()
        await wizard.settle()
        assert "1:00 ago" in wizard.text
        assert "send again\n" in "\n".join(line.rstrip() for line in wizard.text.splitlines())
        await wizard.press("n")
        await wizard.until(lambda: service.runs[0].given[1:] == ["device"])


async def test_a_text_message_to_the_number_of_ones_choice(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await at_the_code(wizard)
        await wizard.press("t")
        assert "text message to •• 81" in wizard.text
        await wizard.press("down", "enter")
        await wizard.until(lambda: "text message to •• 42 sent" in wizard.text)
        assert service.runs[0].given[1:] == ["sms 42"]
        assert "the one that came by text message" in wizard.text
        await wizard.press("b")
        assert "the one that is shown on your device" in wizard.text
        await wizard.press(*"417902")
        await ended(wizard)
        assert service.runs[0].given[-1] == "417902 device"


async def test_the_minute_is_counted_on_every_way(signing: Entering) -> None:
    clock = Clock()
    service = ScriptedService()
    async with signing(service, now=clock) as wizard:
        await at_the_code(wizard)
        await wizard.press("t", "enter")
        await wizard.until(lambda: service.runs[0].given[1:] == ["sms 81"])
        await wizard.settle()
        await wizard.press("d")
        assert "It can be sent there again in 0:46" in wizard.text
        await wizard.press("t", "enter")
        assert "It can be sent there again in 0:46" in wizard.text
        await wizard.press("down", "enter")
        await wizard.until(lambda: service.runs[0].given[1:] == ["sms 81", "sms 42"])
        await wizard.settle()
        clock.now += timedelta(seconds=60)
        await wizard.press("d")
        await wizard.until(lambda: service.runs[0].given[1:] == ["sms 81", "sms 42", "device"])


@pytest.mark.parametrize(("later", "told"), [(0, "No new one was sent"), (5, "Apple was asked for a new one")])
async def test_after_a_wrong_code_it_is_said_whether_a_new_one_comes(signing: Entering, later: int, told: str) -> None:
    async def wrong(signing: Signing) -> Outcome:
        await signing.person.code(wanted(), None)
        for _ in range(2):
            again = replace(wanted(), sent_at=wanted().sent_at + timedelta(seconds=later))
            await signing.person.code(again, trouble("icloud.wrong-code"))
        return signing.outcome()

    async with signing(ScriptedService(wrong)) as wizard:
        await wizard.press("enter")
        await asked(wizard, CodeAsked)
        await wizard.press(*"000000")
        await wizard.until(lambda: told in " ".join(wizard.text.split()))
        assert "refusal" not in wizard.text
        await wizard.settle()
        await wizard.press(*"000000")
        await wizard.until(lambda: "That is the second refusal" in " ".join(wizard.text.split()))


async def test_back_to_the_devices(signing: Entering) -> None:
    async def sms(signing: Signing) -> Outcome:
        answer = await signing.person.code(wanted(delivery="sms", phone=wanted().phones[0]), None)
        signing.given.append(repr(answer))
        return signing.outcome()

    service = ScriptedService(sms)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, CodeAsked)
        await wizard.press("d")
        await ended(wizard)
        assert service.runs[0].given == ["AnotherCode(delivery='device', phone=None)"]


async def test_why_no_code_may_come_keeps_what_was_typed(signing: Entering) -> None:
    async with signing(ScriptedService()) as wizard:
        await at_the_code(wizard)
        await wizard.press("4", "1", "w")
        assert "only in airplane mode" in " ".join(wizard.text.split()).replace("entry shows ", "")
        await wizard.press("escape")
        assert "│ 4 ││ 1 │" in wizard.text


async def test_the_ways_below_the_boxes_can_be_chosen_with_arrows_and_mouse(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await at_the_code(wizard)
        await wizard.press("down", "down", "down", "enter")
        assert "Why a code may not arrive" in wizard.text
        await wizard.press("escape")
        await wizard.click_text("text message to one of 2 numbers")
        await wizard.click_text("text message to •• 81")
        await wizard.until(lambda: service.runs[0].given[1:] == ["sms 81"])


async def test_the_demo_phone_is_shown_where_the_code_is_typed(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await at_the_code(wizard)
        service.phone("the code on your demo device is 417902")
        await wizard.until(lambda: "Demo phone of the code on your demo device is 417902" in wizard.text)
