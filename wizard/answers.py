"""The answers file: choices by their ids in YAML or JSON, read with the line of what is wrong, and written from the settings.

It holds no secrets: what looks like one is refused, and not repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wizard.choice_values import choice_called
from wizard.choices import CHOICES
from wizard.command import photosync_wizard
from wizard.errors import Exit, Retry, WizardError
from wizard.settings import Choice, Settings
from wizard.state.record import SecretInStateError, refuse_secrets

SIZE_LIMIT = 64 * 1024
_HOW = "An answers file has lines such as photos_size: 200Gi; this writes one:"
_WRITE = photosync_wizard("status", "-o", "answers")


def read_answers(path: Path) -> Mapping[str, Any]:
    """The values of the choices in a file, by choice id. Raises WizardError "answers.…" with the line that is wrong."""
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
        text = content.decode()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _error("unreadable", f"The answers file {path} can't be read: {reason}.") from None
    except UnicodeDecodeError:
        raise _error("unreadable", f"The answers file {path} is not text.") from None
    if len(content) > SIZE_LIMIT:
        raise _error(
            "unreadable", f"The answers file {path} is too long: at most {SIZE_LIMIT // 1024} KiB are allowed."
        )
    return parse_answers(text, str(path))


def parse_answers(text: str, name: str) -> Mapping[str, Any]:
    """The values in the text of a file called `name`, by choice id. Raises WizardError with the line that is wrong."""
    answers: dict[str, Any] = {}
    for line, written, value in _entries(text, name):
        key = written if written.isidentifier() and len(written) < 40 else repr(written[:40])
        where = f"{name}, line {line}"
        try:
            refuse_secrets(value, written)
        except SecretInStateError:
            raise _error(
                "secret",
                f"{where}: {key} looks like a secret, which an answers file must not hold.",
                "Take it out of the file. Passwords are asked for when they are needed.",
            ) from None
        choice = choice_called(key)
        if choice is None:
            raise _error("unknown", f"{where}: there is no choice called {key}.", _nearest(key))
        if key in answers:
            raise _error("twice", f"{where}: {key} is there twice.", "Leave one of them out.")
        try:
            answers[key] = choice.check(choice.text(value))
        except WizardError as error:
            raise _error("impossible", f"{where}: {key}: {error.what}", f"For example {choice.example}.") from None
    return answers


def answers_of(settings: Settings) -> str:
    """The text of an answers file with everything that the person decided, each with its question above."""
    said = [(choice, settings[choice]) for choice in CHOICES if settings.is_said(choice)]
    if not said:
        return "# You decided nothing: everything is worked out from the cluster or has its default.\n"
    return "\n".join(_written(choice, value) for choice, value in said)


def _written(choice: Choice[Any], value: Any) -> str:
    import json  # noqa: PLC0415 - seldom needed

    return f"# {choice.question}\n{choice.id}: {json.dumps(choice.text(value) if choice.many else value)}\n"


def _entries(text: str, name: str) -> Iterator[tuple[int, str, str | tuple[str, ...]]]:
    """Line, key and value of each answer, scalars as they are written."""
    import yaml  # noqa: PLC0415 - only where there is an answers file

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}, line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or "it contains control characters"
        raise _error("syntax", f"{where}: this is not YAML: {problem}.") from None
    except RecursionError:
        raise _error("syntax", f"{name}: this is not an answers file: it is nested far too deeply.") from None
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        raise _error("syntax", f"{name}, line 1: expected choices with their values.")
    for key, value in root.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _error("syntax", f"{name}, line {line}: a name is expected here.")
        scalars = value.value if isinstance(value, yaml.SequenceNode) else [value]
        if not all(isinstance(item, yaml.ScalarNode) for item in scalars):
            raise _error("syntax", f"{name}, line {line}: {key.value} takes a plain value, not a nested one.")
        words = tuple(item.value for item in scalars)
        yield line, key.value, words if isinstance(value, yaml.SequenceNode) else words[0]


def _nearest(key: str) -> str:
    import difflib  # noqa: PLC0415 - seldom needed

    close = difflib.get_close_matches(key.replace("-", "_"), [choice.id for choice in CHOICES], 1)
    return f"Did you mean {close[0]}?" if close else f"The choices are: {', '.join(choice.id for choice in CHOICES)}."


def _error(code: str, problem: str, fix: str = _HOW) -> WizardError:
    commands = (_WRITE,) if fix == _HOW else ()
    return WizardError(f"answers.{code}", problem, fix=fix, commands=commands, exit_code=Exit.USAGE, retry=Retry.NEVER)
