"""Choices on the command line: a flag and an answer for each, told apart from what is kept, refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import ran
from wizard.answers import parse_answers
from wizard.choices import ACCESS_MODES, CHOICES


def missing(*arguments: str) -> list[str]:
    """What step 1 of the complete world misses."""
    document = json.loads(ran(*arguments, "-o", "json").out)
    found = [finding for step in document["steps"] for finding in step["findings"]]
    return [finding["summary"] for finding in found if finding["id"] == "storage.pvc-missing"]


@pytest.mark.parametrize("command", [("--help",), ("status", "--help"), ("reauth", "--help"), ("demo", "--help")])
def test_the_help_has_every_choice_and_a_short_usage(command: tuple[str, ...]) -> None:
    ended = ran(*command, env={"COLUMNS": "100"})
    usage, _, rest = ended.out.partition("\n\n")
    assert "[CHOICES]" in usage
    assert "--photos-size" not in usage
    for choice in CHOICES:
        assert f"  {choice.flag} " in rest
    assert "(default: 100Gi)" in rest


def test_completion_knows_the_flags_and_their_words() -> None:
    script = ran("completion", "bash").out
    for word in (*(choice.flag for choice in CHOICES), *ACCESS_MODES, "--answers"):
        assert word in script


def test_a_flag_names_another_object_and_the_diagnosis_is_of_that() -> None:
    world = ("--demo", "complete", "status")
    assert missing(*world) == []
    for arguments in ((*world, "--photos-claim", "pictures"), ("--photos-claim=pictures", *world)):
        assert ["pictures" in summary for summary in missing(*arguments)] == [True]


def test_an_answers_file_does_the_same_and_a_flag_comes_before_it(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("photos_claim: pictures\nskipped: [exposure]\n")
    world = ("--demo", "complete", "status", "--answers", str(answers))
    assert ["pictures" in summary for summary in missing(*world)] == [True]
    assert missing(*world, "--photos-claim", "icloud-photos") == []
    document = json.loads(ran(*world, "-o", "json").out)
    assert [step["id"] for step in document["steps"] if step["status"] == "skipped"] == ["exposure"]


def test_commands_for_the_person_keep_what_says_which_objects_are_meant(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("warning_days: 3\n")
    flags = ("--photos-size", "200Gi", "--answers", str(answers), "--skip", "exposure")
    ended = ran("--demo", "expired", "status", *flags, "-o", "json")
    assert f"photosync-wizard --demo expired --answers {answers} --photos-size 200Gi reauth" in ended.out


def test_what_was_decided_comes_out_as_an_answers_file_that_can_be_read_again(tmp_path: Path) -> None:
    flags = (
        "--photos-size",
        "200Gi",
        "--skip",
        "exposure,argocd",
        "--apple-id",
        "me@example.com",
        "--warning-days",
        "3",
    )
    ended = ran("--demo", "complete", "status", *flags, "-o", "answers")
    assert parse_answers(ended.out, "out") == {
        "photos_size": "200Gi",
        "skipped": ("argocd", "exposure"),
        "apple_id": "me@example.com",
        "warning_days": 3,
    }
    again = tmp_path / "again.yaml"
    again.write_text(ended.out)
    assert ran("--demo", "complete", "status", "--answers", str(again), "-o", "answers").out == ended.out


@pytest.mark.parametrize(
    ("content", "fragments"),
    [
        ("photo_size: 1Gi\n", ("line 1: there is no choice called photo_size.", "Did you mean photos_size?")),
        ("x:\n  - y\n", ("line 1: there is no choice called x.", "storage_class, photos_claim")),
        ("\nschedule: daily\n", ("line 2: schedule: 'daily' is not a schedule", "For example 0 3 * * *.")),
        ("apple_password: hunter2\n", ("line 1: apple_password looks like a secret",)),
        (None, ("can't be read: No such file or directory.",)),
    ],
)
def test_an_answers_file_that_can_not_be_right(content: str | None, fragments: tuple[str, ...], tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    if content is not None:
        answers.write_text(content)
    ended = ran("--demo", "seed", "status", "--answers", str(answers))
    ended.said_in_words(2, *fragments)
    assert "hunter2" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--photos-size", "huge"), "argument --photos-size: 'huge' is not a valid size"),
        (("--photos-size="), "'' is not a valid size"),
        (("--host-name", "https://x"), "is not a valid host name"),
        (("--photos-access-mode", "RWO"), "'RWO' is not one of ReadWriteOnce"),
    ],
)
def test_a_flag_that_can_not_be_right(arguments: tuple[str, ...] | str, said: str) -> None:
    ended = ran("status", *((arguments,) if isinstance(arguments, str) else arguments))
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
