"""The terminal that an app of ours draws on: when it goes away, the program goes too. It draws and decides nothing else.

Textual's own drivers take the end of input for nothing: their input thread spins, and keeps the interpreter alive for ever.
"""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from textual.drivers.linux_driver import LinuxDriver
from textual.drivers.linux_inline_driver import LinuxInlineDriver

from wizard.errors import Exit

if TYPE_CHECKING:
    from textual.app import App


class _Written:
    """A stream whose terminal may be gone: what can't be written any more is dropped."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes, or drops."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flushes, or drops."""
        with suppress(OSError):
            self._stream.flush()

    def fileno(self) -> int:
        """The stream's own."""
        return self._stream.fileno()


class _Watched:
    """Watches a driver's terminal beside its input thread: `gone` is True once it has hung up, and the app is told to exit."""

    def __init__(self, driver: FullScreen | BeneathThePrompt) -> None:
        self.gone = False
        self._driver = driver
        if hasattr(select, "poll"):
            threading.Thread(target=self._watch, daemon=True, name="terminal").start()

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._driver.fileno, 0)
        if not any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
            return
        self.gone = True
        self._driver.exit_event.set()
        with suppress(RuntimeError):
            self._driver._loop.call_soon_threadsafe(self._driver._app.exit, None, int(Exit.INTERRUPTED))  # noqa: SLF001 - Textual's only names for them


class FullScreen(LinuxDriver):
    """Textual's driver for the whole screen, on a terminal that may go away."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._file: Any = _Written(self._file)
        self.watched = _Watched(self)


class BeneathThePrompt(LinuxInlineDriver):
    """Textual's driver for a few rows beneath the prompt, on a terminal that may go away."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._file: Any = _Written(self._file)
        self.watched = _Watched(self)


def run(app: App[Any]) -> None:
    """Runs the app on the driver that it names; afterwards nothing waits for its terminal, or writes to one that is gone."""
    try:
        app.run()
    finally:
        driver = app._driver  # noqa: SLF001 - Textual's only name for it
        if isinstance(driver, FullScreen | BeneathThePrompt):
            driver.exit_event.set()
            if driver.watched.gone:
                _lead_nowhere()


def _lead_nowhere() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
