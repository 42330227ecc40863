"""A page: one list of rows that scrolls, with a cursor on those that can be chosen. It draws and reports, it decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.widgets.rows import Row


class Page(OptionList):
    """Rows of `screens.widgets.rows`. Keeps the cursor on the same row, by its id, when the rows are replaced.

    The cursor shows only while the page has the focus, unless it is `lasting`.
    """

    class RowMessage(Message):
        """Something happened to the row with this id."""

        def __init__(self, page: Page, row_id: str) -> None:
            self.page = page
            self.row_id = row_id
            super().__init__()

        @property
        def control(self) -> Page:
            """The page it happened on."""
            return self.page

    class Chosen(RowMessage):
        """Enter or a click on a row."""

        @property
        def row(self) -> Row | None:
            """The row itself."""
            return next((row for row in self.page.rows if row.id == self.row_id), None)

    class Moved(RowMessage):
        """The cursor is on another row."""

    class Left(Message):
        """The cursor was to go beyond the first (-1) or the last (1) choice, and nothing is left to scroll."""

        def __init__(self, page: Page, direction: int) -> None:
            self.page = page
            self.direction = direction
            super().__init__()

        @property
        def control(self) -> Page:
            """The page it happened on."""
            return self.page

    def __init__(self, *, id: str, lasting: bool = False) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, compact=True, markup=False)
        self._lasting = lasting
        self._rows: Sequence[Row] = ()
        self._drawn: tuple[Sequence[Row], int] | None = None
        self._wanted = ""
        self._still = False
        self._follows = False

    @property
    def rows(self) -> Sequence[Row]:
        """What is on the page."""
        return self._rows

    @property
    def cursor(self) -> str:
        """The id of the row under the cursor, empty when there is none."""
        option = self.highlighted_option
        return option.id or "" if option and not option.disabled else ""

    def show(self, rows: Iterable[Row], *, cursor: str = "") -> None:
        """Replaces the rows; the cursor goes to `cursor`, else stays, else goes to the first that can be chosen."""
        self._wanted = cursor or self._wanted
        self._rows = tuple(rows)
        self._draw()

    def move_to(self, row_id: str) -> None:
        """Puts the cursor on a row, when it is there."""
        if self._drawn is None:
            self._wanted = row_id
            return
        index = next((index for index, row in enumerate(self._rows) if row.id == row_id), None)
        if index is not None:
            self.highlighted = index

    def _draw(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        if self._drawn == (self._rows, width):
            target, self._wanted = self._wanted, ""
            if target and target != self.cursor:
                self.move_to(target)
            return
        cursor = self._wanted or self.cursor
        at_top = self.scroll_offset.y
        same = self._drawn is not None and bool(cursor) and cursor == self.cursor
        self._drawn = (self._rows, width)
        self._wanted = ""
        index = next((index for index, row in enumerate(self._rows) if row.id and row.id == cursor), None)
        if index is None:
            index = next((index for index, row in enumerate(self._rows) if row.id), None)
        self._still = same or not cursor
        self._follows = self._follows and same
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options(
                Option(self._drawing(row, width, cursor=number == index), id=row.id or None, disabled=not row.id)
                for number, row in enumerate(self._rows)
            )
            self.scroll_to(y=at_top if same else 0, animate=False, immediate=True)
            self.highlighted = index
        self._still = False

    def on_resize(self, _: events.Resize) -> None:
        """Draws for the new width."""
        self._draw()

    def scroll_to_highlight(self, top: bool = False) -> None:
        """Only where the cursor was put: a page opens at its beginning, wherever its first choice is."""
        if self._follows and not self._still:
            super().scroll_to_highlight(top)

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Shows the cursor where it is now, with what stands before the first and after the last choice."""
        self._mark()
        self._follows = self._follows or not self._still
        super().watch_highlighted(highlighted)
        if self._still:
            return
        choices = [index for index, row in enumerate(self._rows) if row.id]
        if choices and highlighted == choices[0]:
            self.scroll_home(animate=False, immediate=True)
        elif choices and highlighted == choices[-1] and self._height_after(choices[-1]) < self.size.height:
            self.scroll_end(animate=False, immediate=True)

    def _drawing(self, row: Row, width: int, *, cursor: bool) -> Content:
        return row.render(width, cursor=cursor and (self._lasting or self.has_focus))

    def _mark(self) -> None:
        if self._drawn:
            width = self._drawn[1]
            for index, row in enumerate(self._rows[: self.option_count]):
                if row.id:
                    drawing = self._drawing(row, width, cursor=index == self.highlighted)
                    self.replace_option_prompt_at_index(index, drawing)

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The cursor comes and goes with the focus."""
        super().watch_has_focus(_has_focus)
        self._mark()

    def _height_after(self, index: int) -> int:
        self._update_lines()
        return self.virtual_size.height - self._index_to_line.get(index, 0)

    def action_cursor_down(self) -> None:
        """To the next choice; beyond the last one the page scrolls."""
        self._step(1)

    def action_cursor_up(self) -> None:
        """To the choice before; above the first one the page scrolls."""
        self._step(-1)

    def _step(self, direction: int) -> None:
        choices = [index for index, row in enumerate(self._rows) if row.id]
        here = self.highlighted
        ahead = [index for index in choices if here is None or (index - here) * direction > 0]
        if self._out_of_view(here, direction) or not ahead:
            edge = self.scroll_offset.y <= 0 if direction < 0 else self.scroll_offset.y >= self.max_scroll_y
            if edge:
                self.post_message(self.Left(self, direction))
            else:
                self.scroll_relative(y=2 * direction, animate=False, immediate=True)
        else:
            self.highlighted = ahead[0] if direction > 0 else ahead[-1]

    def _out_of_view(self, index: int | None, direction: int) -> bool:
        """Whether the row under the cursor is still beyond the edge that the cursor moves to."""
        if index is None:
            return False
        self._update_lines()
        line = self._index_to_line.get(index, 0)
        top = self.scroll_offset.y
        return line >= top + self.size.height if direction > 0 else line < top

    def action_page_down(self) -> None:
        """Scrolls, and takes the cursor along into view."""
        self._scroll_pages(1)

    def action_page_up(self) -> None:
        """Scrolls, and takes the cursor along into view."""
        self._scroll_pages(-1)

    def _scroll_pages(self, direction: int) -> None:
        self.scroll_relative(y=direction * max(1, self.size.height - 1), animate=False, immediate=True)
        self._update_lines()
        top, bottom = self.scroll_offset.y, self.scroll_offset.y + self.size.height
        visible = [
            index
            for index, row in enumerate(self._rows)
            if row.id and top <= self._index_to_line.get(index, -1) < bottom
        ]
        if visible and self.highlighted not in visible:
            self._still = True
            self.highlighted = visible[0] if direction > 0 else visible[-1]
            self._still = False

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tells in the page's own words."""
        event.stop()
        self.post_message(self.Moved(self, event.option_id or ""))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tells in the page's own words."""
        event.stop()
        self.post_message(self.Chosen(self, event.option_id or ""))
