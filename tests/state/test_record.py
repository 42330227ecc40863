"""The state's JSON: nothing lost on the way, nothing broken let in, no secret let out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.state.worlds import NOON, full_state, json_values, states
from wizard.choices import APPLE_ID, HOST_NAME, PHOTOS_SIZE, SKIPPED, TIME_ZONE, WARNING_DAYS
from wizard.settings import ANSWERS, FLAG, STATE, Settings
from wizard.state import Choices, State, fill_in, unusable
from wizard.state.record import (
    HISTORY_LIMIT,
    SCHEMA,
    BrokenStateError,
    FutureStateError,
    SecretInStateError,
    migrate,
    refuse_secrets,
)

FAST = settings(derandomize=True, deadline=None, max_examples=60)


@FAST
@given(states)
def test_a_state_survives_its_json(state: State) -> None:
    assert State.from_json(json.loads(json.dumps(state.to_json()))) == state


@FAST
@given(json_values)
def test_any_json_is_a_state_or_broken_or_from_the_future(value: object) -> None:
    with pytest.raises((BrokenStateError, FutureStateError)):
        State.from_json(value)


@FAST
@given(st.data())
def test_one_field_of_another_type_is_a_state_or_broken(data: st.DataObject) -> None:
    document = full_state().to_json()
    name = data.draw(st.sampled_from(sorted(document)))
    document[name] = data.draw(json_values)
    try:
        State.from_json(document)
    except (BrokenStateError, FutureStateError):
        return


@pytest.mark.parametrize("name", sorted(full_state().to_json()))
def test_a_missing_field_is_broken(name: str) -> None:
    document = full_state().to_json()
    del document[name]
    with pytest.raises(BrokenStateError, match="schema" if name == "schema" else name):
        State.from_json(document)


def test_a_later_schema_is_from_the_future() -> None:
    with pytest.raises(FutureStateError):
        State.from_json({**full_state().to_json(), "schema": SCHEMA + 1})


def _first(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**document, "b": document["a"]}


def _second(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"c": [document["b"].upper()]}


CHAIN = {1: _first, 2: _second}


def test_migrations_run_one_after_the_other() -> None:
    assert migrate({"schema": 1, "a": "x"}, CHAIN, 3) == {"schema": 3, "c": ["X"]}


@FAST
@given(st.dictionaries(st.sampled_from(("schema", "a", "b", "c")), json_values | st.integers(-1, 5)))
def test_migrating_is_total_and_idempotent(document: dict[str, Any]) -> None:
    try:
        once = migrate(document, CHAIN, 3)
    except (BrokenStateError, FutureStateError):
        return
    assert once["schema"] == 3
    assert migrate(once, CHAIN, 3) == once


def test_the_first_schema_is_still_read() -> None:
    document = full_state().to_json()
    del document["signed_in_as"]
    assert State.from_json({**document, "schema": 1}) == replace(full_state(), signed_in_as={})


def test_the_history_is_bounded_and_loses_the_oldest() -> None:
    state = full_state()
    for turn in range(HISTORY_LIMIT + 5):
        state = state.noting(NOON, "look", str(turn))
    assert len(state.history) == HISTORY_LIMIT
    assert state.history[-1].detail == str(HISTORY_LIMIT + 4)


def test_a_longer_history_in_a_file_is_cut_when_it_is_read() -> None:
    document = full_state().to_json()
    document["history"] = [{**document["history"][0], "detail": str(turn)} for turn in range(HISTORY_LIMIT + 5)]
    history = State.from_json(document).history
    assert [entry.detail for entry in history] == [str(turn) for turn in range(5, HISTORY_LIMIT + 5)]


@pytest.mark.parametrize(
    "key",
    [
        "password", "apple_password", "passphrase", "passwd", "code", "otp_code", "2fa", "sms_code", "token",
        "session_token", "cookies", "secret", "credentials", "api_key", "apiKey", "private_key", "PASSWORD",
    ],
)  # fmt: skip
def test_a_value_under_a_secrets_name_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SecretInStateError) as caught:
        refuse_secrets({"choices": [{"deep": {key: "hunter2"}}]})
    assert key in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
        "https://you:hunter2@github.com/you/homelab",
    ],
)
def test_a_value_that_looks_like_a_secret_is_refused(value: str) -> None:
    state = replace(full_state(), choices=Choices({"git_checkout": value}))
    with pytest.raises(SecretInStateError, match="git_checkout"):
        state.to_json()


def test_harmless_names_and_empty_values_pass() -> None:
    refuse_secrets({"namespace": "x", "host_name": "y", "password": None, "token": "", "passing": "z", "encoded": "e"})


def test_kept_choices_fill_in_what_no_flag_or_answers_file_said() -> None:
    said = Settings().having(HOST_NAME, "from.flag", FLAG).having(PHOTOS_SIZE, "1Ti", ANSWERS)
    said = said.having(TIME_ZONE, "Europe/Berlin", "from this machine").having(SKIPPED, ("immich",), FLAG)
    kept = full_state().choices
    filled = fill_in(said, replace(kept, values={**kept.values, "photos_size": "2Ti"}))
    assert filled[HOST_NAME] == "from.flag"
    assert filled[PHOTOS_SIZE] == "1Ti"
    assert filled[TIME_ZONE] == "America/Edmonton"
    assert filled[WARNING_DAYS] == 10
    assert filled[SKIPPED] == ("immich", "exposure")
    assert filled[APPLE_ID] == filled.apple_ids["default"] == "you@example.com"
    assert filled.apple_ids["token"] == "kid@example.com"
    assert filled.accounts == ("default", "token")
    assert (filled.sources["host_name"], filled.sources["time_zone"]) == (FLAG, STATE)


def test_choices_that_were_never_made_change_nothing() -> None:
    assert fill_in(Settings(), Choices()) == Settings()


def test_a_kept_value_that_can_not_be_right_is_left_out_and_said() -> None:
    kept = Choices({"photos_size": "huge", "warning_days": ("a", "b"), "host_name": "a.example", "unheard_of": "x"})
    assert fill_in(Settings(), kept) == Settings().having(HOST_NAME, "a.example", STATE)
    assert [sentence.split(" is not used")[0] for sentence in unusable(kept)] == [
        "The saved value of Photos size",
        "The saved value of Remind me",
    ]


SCHEMA_2_CHOICES: dict[str, Any] = {
    "application": "photo-sync",
    "immich_namespace": None,
    "host_name": "photos.home.example",
    "time_zone": None,
    "git_checkout": None,
    "accounts": [],
    "apple_ids": [{"account": "default", "apple_id": "you@example.com"}],
    "skipped": ["exposure"],
    "warning_days": 10,
    "sources": {},
}


@pytest.mark.parametrize(
    ("changed", "values"),
    [
        (
            {},
            {
                "application": "photo-sync",
                "host_name": "photos.home.example",
                "skipped": ("exposure",),
                "warning_days": 10,
            },
        ),
        ({"application": None, "host_name": None, "skipped": [], "warning_days": None}, {}),
    ],
)
def test_what_the_second_schema_kept_is_still_read(changed: dict[str, Any], values: dict[str, Any]) -> None:
    document = {**full_state().to_json(), "schema": 2, "choices": SCHEMA_2_CHOICES | changed}
    assert State.from_json(document).choices == Choices(values, (), {"default": "you@example.com"})
