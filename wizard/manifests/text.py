"""Manifests as people write them: YAML in block style, long texts as they are. Reads nothing; PyYAML would be I/O's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Manifest = dict[str, Any]
"""A Kubernetes object as the API takes it: apiVersion, kind, metadata and the rest, of dicts, lists, strings and numbers."""

_PLAIN = re.compile(r"-{0,2}[A-Za-z/][\w./@+-]*(?::[\w./@+-]+)*(?: [\w./@+-]+)*|\d+(?:\.\d+)?[A-Za-z]+")
_MEANS_MORE = re.compile(
    r"(?i)y|n|yes|no|on|off|true|false|null|~|[-+.]?(?:\d[\d_]*\.?[\d_]*(?:e[-+]?\d+)?|inf|nan)|0[xob][\da-f_]+"
)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_LONGEST_FLOW = 60
_SYNC_OPTION = re.compile(r"\w+=\w+(?:,\w+=\w+)*")


def as_yaml(*manifests: Mapping[str, Any]) -> str:
    """The manifests as one YAML text, `---` between them, a newline at its end; read again it gives the same values."""
    return "---\n".join("".join(f"{line}\n" for line in _lines(manifest)) for manifest in manifests)


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(f"{_scalar(key)}:", item)
    else:
        for item in value:
            if _is_block(item):
                first, *rest = _lines(item)
                yield f"- {first}"
                yield from (f"  {line}" for line in rest)
            else:
                yield from _entry("-", item)


def _entry(head: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and _is_literal(value):
        yield f"{head} |" + ("" if value.endswith("\n") else "-")
        yield from (f"  {line}" if line else "" for line in value.removesuffix("\n").split("\n"))
    elif _is_block(value):
        yield head
        yield from (f"  {line}" for line in _lines(value))
    else:
        yield f"{head} {_flow(value) if isinstance(value, list | tuple) else _scalar(value)}"


def _is_block(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list | tuple) and bool(value) and not _is_flow(value)


def _is_flow(items: Sequence[Any]) -> bool:
    """Whether a list stands on one line: short words, and few."""
    words = all(isinstance(item, str) and "\n" not in item for item in items)
    return words and len(_flow(items)) <= _LONGEST_FLOW


def _is_literal(text: str) -> bool:
    """Whether a text of several lines keeps its meaning when it is written as it stands."""
    return (
        "\n" in text.removesuffix("\n")
        and not text.startswith((" ", "\n", "\t"))
        and not text.endswith("\n\n")
        and all(line.isprintable() and line == line.rstrip() for line in text.split("\n"))
    )


def _flow(items: Iterable[Any]) -> str:
    return f"[{', '.join(map(_scalar, items))}]"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) or _SYNC_OPTION.fullmatch(value)
        return value if plain and not _MEANS_MORE.fullmatch(value) else _quoted(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'
