"""What a page is made of: small frozen records that know how to draw themselves at a width. Text from outside is never markup.

The two columns at the left are the gutter; the cursor is drawn there, so that it shows without colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content

from screens.words import MUTED, STYLE

GUTTER = "  "
CURSOR = "› "  # noqa: RUF001 - a sign
_NARROW = 46


def clean(text: object) -> str:
    """Text from outside on one line, without control characters."""
    return "".join(sign if sign.isprintable() else " " for sign in str(text))


def clip(text: str, width: int) -> str:
    """`text` cut to `width` cells with an ellipsis."""
    return Content(text).truncate(max(1, width), ellipsis=True).plain


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells; long words are folded."""
    lines = [line.plain.rstrip() for part in text.splitlines() for line in Content(clean(part)).wrap(max(8, width))]
    return lines or [""]


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `id` is empty for what can't be chosen."""

    id: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        """The row's lines without the gutter, at most `width` cells each."""
        raise NotImplementedError

    def render(self, width: int, *, cursor: bool = False) -> Content:
        """The row with its gutter, as one content for the list."""
        return drawn(self.lines(width - len(GUTTER)), cursor=cursor)


def drawn(lines: Iterable[Content], *, cursor: bool) -> Content:
    """Lines with the gutter before them, and the cursor in it."""
    gutter = CURSOR if cursor else GUTTER
    return Content("\n").join(
        [Content.assemble((gutter if index == 0 else GUTTER, "bold"), line) for index, line in enumerate(lines)]
    )


@dataclass(frozen=True, slots=True)
class Space(Row):
    """An empty line."""

    def lines(self, width: int) -> Iterable[Content]:  # noqa: ARG002 - the same for every width
        return (Content(" "),)


@dataclass(frozen=True, slots=True)
class Text(Row):
    """A paragraph in one style, `indent` cells in; `lead` is a bold beginning."""

    text: str = ""
    style: str = ""
    indent: int = 0
    lead: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        text = f"{self.lead} {self.text}" if self.lead else self.text
        for index, line in enumerate(wrapped(text, width - self.indent)):
            head = self.lead if index == 0 and line.startswith(self.lead) else ""
            yield Content.assemble(" " * self.indent, (head, "bold"), (line[len(head) :], self.style))


@dataclass(frozen=True, slots=True)
class Heading(Row):
    """A bold text, and another at the right end with the sign's colour."""

    text: str = ""
    right: str = ""
    sign: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        room = width - len(self.right) - 2 if self.right else width
        text = clip(clean(self.text), room)
        gap = width - Content(text).cell_length - len(self.right)
        yield Content.assemble((text, "bold"), " " * max(1, gap), (self.right, "bold " + STYLE.get(self.sign, "")))


@dataclass(frozen=True, slots=True)
class Item(Row):
    """Something with a sign in front, to choose when it has an id; `more` stands at the end of its last line."""

    sign: str = ""
    text: str = ""
    more: str = ""
    style: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        indent = len(self.sign) + 1
        lines = wrapped(self.text, width - indent)
        room = width - indent - Content(lines[-1]).cell_length
        more = self.more
        if more and len(more) >= room:
            lines, room = [*lines, ""], width - indent
        for index, line in enumerate(lines):
            head = (self.sign, STYLE.get(self.sign, "") + " bold") if index == 0 else " " * len(self.sign)
            tail = (" " * (room - len(more)), (more, MUTED)) if more and index == len(lines) - 1 else ()
            yield Content.assemble(head, " ", (line, self.style), *tail)


@dataclass(frozen=True, slots=True)
class Button(Row):
    """The one obvious thing to do, with the key that does it from anywhere."""

    label: str = ""
    key: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        label = clip(self.label, width - len(self.key) - 6)
        yield Content.assemble((f"┃ {label}  {self.key} ┃", "bold on $primary 45%"))


@dataclass(frozen=True, slots=True)
class Table(Row):
    """A small table with a heading line, below its title if it has one; columns take what they need, the last one the rest.

    Where it doesn't fit, each row becomes lines of "column value".
    """

    columns: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    title: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        if self.title:
            yield from (Content.styled(line, "bold") for line in wrapped(self.title, width))
        cells = [tuple(clean(cell) for cell in row) for row in self.cells]
        widths = _column_widths((self.columns, *cells))
        last = width - sum(widths[:-1]) - 2 * (len(widths) - 1)
        if last < min(widths[-1], 10):
            yield from self._as_pairs(cells, width)
            return
        widths[-1] = last
        yield Content.assemble((_aligned(self.columns, widths), MUTED))
        for row in cells:
            tail = wrapped(row[-1], last)
            yield Content(_aligned((*row[:-1], tail[0]), widths))
            for line in tail[1:]:
                yield Content(" " * (width - last) + line)

    def _as_pairs(self, cells: Sequence[tuple[str, ...]], width: int) -> Iterable[Content]:
        label = max(map(len, self.columns)) + 2
        for index, row in enumerate(cells):
            if index:
                yield Content(" ")
            for column, cell in zip(self.columns, row, strict=True):
                yield Content.assemble((column.ljust(label), MUTED), clip(cell, width - label))


def _column_widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    return [max(Content(row[index]).cell_length for row in rows) for index in range(len(rows[0]))]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        Content(cell).pad_right(max(0, width - Content(cell).cell_length)).plain
        for cell, width in zip(row, widths, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Command(Row):
    """Something to type, whole, over as many lines as it needs."""

    command: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        yield from self._lines(width, "$text-primary")

    def render(self, width: int, *, cursor: bool = False) -> Content:
        """As any row, but under the cursor in the foreground's own colour: the cursor's is that of commands."""
        if not cursor:
            return Row.render(self, width)
        return drawn(self._lines(width - len(GUTTER), "bold"), cursor=True)

    def _lines(self, width: int, style: str) -> Iterable[Content]:
        for index, line in enumerate(self.command.splitlines()):
            for again, piece in enumerate(wrapped(line, width - 2) if line.strip() else [""]):
                mark = "$ " if index == 0 and again == 0 else "  "
                yield Content.assemble((mark, MUTED), (piece, style))
