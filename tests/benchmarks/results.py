"""What was measured, against what, and the table of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Result:
    """One promise: `value` may be at most `limit`; a ratio, or MB where `unit` says so. The texts are for people."""

    what: str
    ours: str
    other: str
    value: float
    limit: float
    unit: str = "x"

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return self.value <= self.limit


def seconds_apart(what: str, ours: list[float], other: list[float], limit: float) -> Result:
    """The ratio of two minima, for what can't be measured in turns: the fastest run is the one that nobody disturbed."""
    return Result(what, spread(ours), spread(other), min(ours) / min(other), limit)


def seconds_in_turns(what: str, ours: list[float], other: list[float], limit: float) -> Result:
    """The median of the ratios of neighbours: what slows the machine down for a while slows down both of a pair."""
    ratios = [mine / theirs for mine, theirs in zip(ours, other, strict=True)]
    return Result(what, spread(ours), spread(other), median(ratios), limit)


def megabytes(what: str, ours: list[float], other: list[float], limit: float) -> Result:
    """The ratio of two medians of megabytes."""
    return Result(what, f"{median(ours):.0f} MB", f"{median(other):.0f} MB", median(ours) / median(other), limit)


def more_megabytes(what: str, ours: list[float], other: list[float], limit: float) -> Result:
    """How many megabytes one median is above the other."""
    return Result(
        what, f"{median(ours):.0f} MB", f"{median(other):.0f} MB", median(ours) - median(other), limit, unit=" MB"
    )


def spread(values: list[float]) -> str:
    """The median of some seconds, and how far they were apart."""
    return f"{median(values):.2f} s ({min(values):.2f}-{max(values):.2f})"


def table(results: Iterable[Result]) -> str:
    """One line for each result under a head, in columns."""
    rows = [("what", "ours", "beside", "value", "limit", "")]
    rows += [
        (
            result.what,
            result.ours,
            result.other,
            f"{result.value:.2f}{result.unit}",
            f"{result.limit:g}{result.unit}",
            "ok" if result.kept else "EXCEEDED",
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join((lines[0], "  ".join("-" * width for width in widths).rstrip(), *lines[1:]))
