"""Reads the scenarios' own files: objects as YAML documents, logs as text. Read when asked for, never at import."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

Object = dict[str, Any]


def documents(name: str) -> list[Object]:
    """The objects in objects/NAME.yaml, in the file's order; each call gives copies of their own."""
    import yaml  # noqa: PLC0415 - the list of scenarios must not load a YAML parser

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = _read("objects", f"{name}.yaml")
    return [document for document in yaml.load_all(text, Loader=loader) if document]


def log(name: str) -> str:
    """The text of logs/NAME.log."""
    return _read("logs", f"{name}.log")


def _read(folder: str, name: str) -> str:
    return files(__package__).joinpath(folder, name).read_text(encoding="utf-8")
