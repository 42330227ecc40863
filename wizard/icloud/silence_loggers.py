"""Keeps the libraries under signing in from logging: at debug level they write addresses, names and tokens."""

from __future__ import annotations

import logging

_LOUD = ("pyicloud", "requests", "urllib3", "fido2", "srp", "keyring")


def silence_loggers() -> None:
    """From now on nothing of these loggers, or of those below them, gets anywhere."""
    for name in _LOUD:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
        logger.handlers[:] = [logging.NullHandler()]
