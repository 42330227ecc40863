"""Kubernetes quantities ("100Gi", "1500M", "0.5") as bytes."""

from __future__ import annotations

import re

_UNITS: dict[str, float] = {
    "n": 10**-9,
    "u": 10**-6,
    "m": 10**-3,
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "P": 10**15,
    "E": 10**18,
} | {unit + "i": 1024**power for power, unit in enumerate("KMGTPE", start=1)}
_QUANTITY = re.compile(r"^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([0-9]+)|([A-Za-z]{0,2}))$")


def bytes_of(quantity: str) -> float:
    """The quantity as a number; 0 for what is no quantity."""
    match = _QUANTITY.match(quantity.strip())
    if not match or (match[3] or "") not in _UNITS:
        return 0
    return float(match[1]) * (float(f"1e{match[2]}") if match[2] else _UNITS[match[3] or ""])
