"""Choices: declared once, checked in words, and found as flag, answer, kept value, row and question."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import pytest

from tests.state.worlds import full_state
from tests.steps import choices_page
from tests.steps.worlds import SETTINGS, complete, fresh, meta, page
from wizard import answers, choice_values, choices, setup
from wizard.answers import answers_of, parse_answers
from wizard.choice_values import choice_named, value_of, with_value
from wizard.choices import (
    ACCESS_MODES,
    CHOICES,
    CONFIG_CLAIM,
    CRON_JOB,
    GIT_BRANCH,
    GIT_PATH,
    GIT_REPOSITORY,
    IMMICH_MOUNT,
    IMPORT_FOLDER,
    PHOTOS_SIZE,
    SECRET,
    SKIPPED,
    STORAGE_CLASS,
    TIME_ZONE,
    import_path,
)
from wizard.cli import choice_flags
from wizard.cli.choice_flags import add_choices, said
from wizard.command import Address
from wizard.errors import Exit, WizardError
from wizard.settings import ANSWERS, FLAG, STATE, Choice, Settings
from wizard.setup import setup_rows
from wizard.state import Choices, State, chosen, fill_in
from wizard.world import StorageClass

EXTRA: Choice[str] = Choice(
    id="favourite_album",
    label="Album",
    question="The album that you like best.",
    default="All Photos",
    parse=str.title,
    example="Holidays",
    help="the album that you like best",
    step="immich",
)


def parsed(*words: str, top: bool = False) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_choices(parser, top=top, choices=choices.CHOICES)
    return parser.parse_args(words)


@pytest.mark.parametrize("extra", [None, EXTRA], ids=["declared", "one more"])
def test_one_entry_makes_flag_answer_kept_value_row_and_question(
    extra: Choice[Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = (*CHOICES, extra) if extra else CHOICES
    for module in (choices, choice_values, choice_flags, answers, setup):
        monkeypatch.setattr(module, "CHOICES", everything)
    for choice in (extra,) if extra else everything:
        value = choice.check(choice.example)
        text = choice.text(value)
        flagged = said(parsed(choice.flag, text), everything)
        assert (flagged[choice.id].value, flagged[choice.id].source) == (value, FLAG)
        assert parse_answers(f"{choice.id}: {text!r}\n", "answers.yaml") == {choice.id: value}
        kept = chosen(Choices(), choice.id, text)
        state = replace(full_state(), choices=kept)
        settings = fill_in(Settings(), State.from_json(state.to_json()).choices)
        assert settings[choice] == value
        assert settings.sources[choice.id] == STATE
        [row] = [row for row in setup_rows(complete(), settings, everything) if row.id == choice.id]
        assert (row.label, row.said) == (choice.label, text)
        assert "your choice" in row.source
        assert not row.advanced
        assert chosen(kept, choice.id, "") == Choices()


def test_labels_fit_their_column_and_ids_are_told_apart() -> None:
    assert len({choice.id for choice in CHOICES}) == len({choice.flag for choice in CHOICES}) == len(CHOICES)
    assert all(len(choice.label) < 12 for choice in CHOICES)
    assert all(choice.question.endswith(".") and choice.example for choice in CHOICES)


def test_the_page_lists_the_choices_as_they_are_declared() -> None:
    assert choices_page.PAGE.read_text(encoding="utf-8") == choices_page.page(), (
        "write it: python -m tests.steps.choices_page"
    )


def test_the_defaults_are_possible_values() -> None:
    for choice in CHOICES:
        if choice.default not in (None, ()):
            assert choice.check(choice.text(choice.default)) == choice.default


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("photos_size", " 200Gi ", "200Gi"),
        ("photos_size", "1.5Ti", "1.5Ti"),
        ("config_size", "1e9", "1e9"),
        ("photos_access_mode", "ReadWriteMany", "ReadWriteMany"),
        ("photos_claim", "my.photos-1", "my.photos-1"),
        ("cron_job", "a" * 52, "a" * 52),
        ("schedule", "*/15 1-5 * jan MON", "*/15 1-5 * jan MON"),
        ("schedule", "@daily", "@daily"),
        ("schedule", "@every 12h", "@every 12h"),
        ("schedule", "? ? * * *", "? ? * * *"),
        ("schedule", "*/7 3 * * *", "*/7 3 * * *"),
        ("schedule", "0 3 * * */2", "0 3 * * */2"),
        ("image", "boredazfcuk/icloudpd:latest", "boredazfcuk/icloudpd:latest"),
        ("image", "registry.home.example:5000/a/b_c@sha256:" + "a" * 64, None),
        ("image", "icloudpd", "icloudpd"),
        ("config_mount", "/config/", "/config"),
        ("photos_mount", "/data/my photos", "/data/my photos"),
        ("import_folder", "a/b/", "a/b"),
        ("git_path", "apps/photo-sync", "apps/photo-sync"),
        ("git_branch", "feature/photos", "feature/photos"),
        ("git_repository", "git@github.com:you/homelab.git", None),
        ("git_repository", "https://you@git.home.example/you/homelab", None),
        ("git_checkout", "/home/you/homelab/", "/home/you/homelab"),
        ("host_name", "immich.home.example", "immich.home.example"),
        ("apple_id", " Me@Example.com ", "me@example.com"),
        ("warning_days", "14", 14),
        ("warning_days", "1 day", 1),
        ("warning_days", "7 days", 7),
        ("skipped", "exposure, argocd,exposure", ("argocd", "exposure")),
        ("time_zone", "Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_what_can_be_right(name: str, text: str, value: Any) -> None:
    assert choice_named(name).check(text) == (text if value is None else value)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        *(("photos_size", text, "is not a valid size") for text in ("-1Gi", "5 gigs", "100gi")),
        *(("config_size", text, "is not a valid size") for text in ("", "0", "0Gi", "big", "1e400", "100m")),
        ("photos_access_mode", "RWO", "is not one of ReadWriteOnce"),
        *(("photos_claim", text, "is not a valid name for a claim") for text in ("", "Photos", "a_b", "-a", "a..b", "a" * 254)),
        ("cron_job", "a" * 53, "at most 52"),
        *(
            ("schedule", text, "is not a schedule that Kubernetes understands")
            for text in ("", "daily", "0 3 * *", "0 3 * * * *", "0 3 * * 7", "0 3 * * 1-7", "0 0 L * *", "0 0 * * 5#2")
        ),
        *(("schedule", text, "ever comes due") for text in ("0 3 30 2 *", "61 3 * * *", "@reboot", "@every 0s")),
        ("schedule", "TZ=Europe/Berlin 0 3 * * *", "names a time zone"),
        *(("image", text, "is not a valid image") for text in ("", "a b", "Icloudpd/X:y:z", "x@sha256:abc", "x:", "https://x/y")),
        *(("config_mount", text, "is not an absolute path") for text in ("", "config", "/", "//a", "/a/../b", "/a:b", "~/a")),
        *(("import_folder", text, "is not a relative path") for text in ("", "/a", "../a", "a//b", ".")),
        *(("git_branch", text, "is not a valid branch") for text in ("a b", "a..b", "-a", "a~1", "x.lock", "a/")),
        ("git_repository", "homelab", "is not the address of a repository"),
        ("host_name", "https://a.example", "is not a valid host name"),
        *(("warning_days", text, "is not a number of days from 1 to 60") for text in ("", "0", "61", "soon", "-1", "1.5")),
        ("skipped", "nothing", "is not one of storage"),
        ("time_zone", "Mars/Phobos", "no time zone"),
    ],
)  # fmt: skip
def test_what_can_not_be_right_is_said_in_words(name: str, text: str, problem: str) -> None:
    with pytest.raises(WizardError, match=problem) as caught:
        choice_named(name).check(text)
    assert (caught.value.code, caught.value.exit_code) == (f"settings.{name.replace('_', '-')}", Exit.USAGE)
    assert choice_named(name).example in caught.value.fix


@pytest.mark.parametrize("user", ["you:hunter2", "ghp_hunter2", "glpat-hunter2", "hunter2" * 5, ":hunter2"])
def test_a_password_in_the_address_of_the_repository_is_not_repeated(user: str) -> None:
    with pytest.raises(WizardError, match="has a password or a token in it") as caught:
        choice_named("git_repository").check(f"https://{user}@github.com/you/homelab")
    assert "hunter2" not in "\n".join(caught.value.lines(Address()))


def test_a_choice_that_there_is_not() -> None:
    with pytest.raises(WizardError, match="no choice called colour"):
        chosen(Choices(), "colour", "red")


CLASSES = [
    StorageClass(meta(name, ""), "x", "Immediate", "Delete", expandable=False, default=name == "b") for name in "ab"
]


def test_what_is_said_comes_before_what_is_worked_out_and_that_before_what_is_usual() -> None:
    world = replace(complete(), storage_classes=page(*CLASSES))
    assert value_of(STORAGE_CLASS, world, SETTINGS) == ("b", "the default of 2")
    assert value_of(STORAGE_CLASS, world, SETTINGS.having(STORAGE_CLASS, "a")) == ("a", "from --storage-class")
    assert value_of(STORAGE_CLASS, replace(world, storage_classes=page()), SETTINGS) == (None, "the default")
    assert value_of(PHOTOS_SIZE, world, SETTINGS) == ("100Gi", "the default")
    assert value_of(PHOTOS_SIZE, world, SETTINGS.having(PHOTOS_SIZE, "1Ti", ANSWERS)) == (
        "1Ti",
        "from your answers file",
    )
    detected = SETTINGS.having(TIME_ZONE, "Europe/Berlin", "from this machine")
    assert value_of(TIME_ZONE, complete(), detected) == ("America/Phoenix", "from CronJob icloudpd-sync")
    assert value_of(TIME_ZONE, fresh(), detected) == ("Europe/Berlin", "from this machine")
    assert value_of(TIME_ZONE, complete(), detected.having(CRON_JOB, "mine"))[0] == "Europe/Berlin"


def test_where_git_leads_is_worked_out_from_the_application() -> None:
    world = complete()
    declared: tuple[Choice[Any], ...] = (GIT_REPOSITORY, GIT_BRANCH, GIT_PATH)
    values = [value_of(choice, world, SETTINGS).value for choice in declared]
    assert values == ["https://github.com/you/homelab", "master", "apps/photo-sync"]


def test_the_path_in_immich_follows_its_two_parts() -> None:
    assert import_path(SETTINGS) == "/external/icloud/icloud-import"
    assert import_path(SETTINGS.having(IMMICH_MOUNT, "/mnt/x").having(IMPORT_FOLDER, "in")) == "/mnt/x/in"


def test_rarely_changed_choices_are_advanced_until_somebody_says_one() -> None:
    rows = {row.id: row for row in setup_rows(complete(), with_value(SETTINGS, SECRET, "mine", FLAG))}
    assert (rows["secret_name"].value, rows["secret_name"].source) == ("mine", "from --secret-name")
    assert (rows["secret_name"].advanced, rows["config_claim"].advanced) == (False, True)
    assert (rows["config_claim"].value, rows["config_claim"].source) == ("icloudpd-config", "the default")
    assert (rows["skipped"].value, rows["git_checkout"].value) == ("none", "unknown")
    assert rows["photos_access_mode"].options == ACCESS_MODES


@pytest.mark.parametrize(
    ("classes", "name", "told"),
    [
        (CLASSES, "a", ("a", "your choice", "ok")),
        (CLASSES, "c", ("c", "your choice, but there is no such class", "wrong")),
        ([], "c", ("c", "your choice, but there is no such class", "wrong")),
        (CLASSES, "", ("b", "the default of 2", "ok")),
    ],
)
def test_the_class_that_was_said_is_checked(classes: list[StorageClass], name: str, told: tuple[str, str, str]) -> None:
    settings = SETTINGS.having(STORAGE_CLASS, name, STATE) if name else SETTINGS
    world = replace(complete(), storage_classes=page(*classes))
    [row] = [row for row in setup_rows(world, settings) if row.id == "storage_class"]
    assert (row.value, row.source, row.state) == told
    assert row.options == tuple(item.meta.name for item in classes)


def test_flags_before_and_behind_a_command_add_up_or_the_last_counts() -> None:
    top = argparse.ArgumentParser()
    commands = top.add_subparsers(metavar="COMMAND")
    add_choices(commands.add_parser("status"))
    add_choices(top, top=True)
    words = ("--skip", "argocd", "--photos-size", "1Gi", "status", "--skip", "immich,exposure", "--photos-size", "2Gi")
    flags = said(top.parse_args(words))
    assert flags["photos_size"].value == "2Gi"
    assert set(flags[SKIPPED.id].value) == {"argocd", "immich", "exposure"}


ANSWERS_FILE = """\
# my home
photos_size: 200Gi
warning_days: 14
skipped: [exposure, argocd]
"time_zone": Europe/Berlin
"""


def test_an_answers_file_is_read_as_it_is_written() -> None:
    assert parse_answers(ANSWERS_FILE, "a") == {
        "photos_size": "200Gi",
        "warning_days": 14,
        "skipped": ("argocd", "exposure"),
        "time_zone": "Europe/Berlin",
    }
    assert parse_answers('{"photos_size": "200Gi", "skipped": ["immich"]}', "a.json")["skipped"] == ("immich",)
    assert parse_answers("", "a") == parse_answers("# nothing\n", "a") == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("photos_size: 1Gi\nphoto_size: 2Gi\n", "a.yaml, line 2: there is no choice called photo_size."),
        ("\nphotos_size: huge\n", "a.yaml, line 2: photos_size: 'huge' is not a valid size"),
        ("photos_size: 1Gi\nphotos_size: 2Gi\n", "a.yaml, line 2: photos_size is there twice."),
        ("photos_size: {a: b}\n", "a.yaml, line 1: photos_size takes a plain value, not a nested one."),
        ("skipped: [[a]]\n", "a.yaml, line 1: skipped takes a plain value"),
        ("- photos_size\n", "a.yaml, line 1: expected choices"),
        ("? [a]\n: b\n", "a.yaml, line 1: a name is expected here."),
        ("a: b: c\n", "a.yaml, line 1: this is not YAML"),
        ("photos_size:\n", "a.yaml, line 1: photos_size: '' is not a valid size"),
        ("a: \x01\n", "a.yaml: this is not YAML: it contains control characters"),
        ("[" * 5000, "nested far too deeply"),
        ("password: hunter2\n", "a.yaml, line 1: password looks like a secret"),
        ("apple_password: hunter2\n", "looks like a secret"),
        ("git_repository: https://you:hunter2@github.com/x\n", "looks like a secret"),
        ("'\x1b[31m': x\n", "this is not YAML"),
    ],
)
def test_what_is_wrong_in_an_answers_file_is_said_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(WizardError) as caught:
        parse_answers(text, "a.yaml")
    assert problem in caught.value.what
    assert caught.value.exit_code is Exit.USAGE
    assert "hunter2" not in "\n".join(caught.value.lines(Address()))


def test_what_was_decided_is_written_as_an_answers_file() -> None:
    assert answers_of(SETTINGS).startswith("# You decided nothing")
    settings = fill_in(Settings(), full_state().choices)
    again = parse_answers(answers_of(settings), "again")
    assert again == {choice.id: settings[choice] for choice in CHOICES if settings.is_said(choice)}
    assert {"skipped", "secret_name", "apple_id", "warning_days"} <= again.keys()


def test_a_diagnosis_is_of_the_objects_that_were_named() -> None:
    from wizard.steps import diagnose

    storage = diagnose(complete(), SETTINGS.having(CONFIG_CLAIM, "session", FLAG)).steps[0]
    assert any(finding.id == "storage.pvc-missing" and "session" in finding.summary for finding in storage.findings)
