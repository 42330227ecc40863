"""The few protobuf messages of Apple's push courier that a browser exchanges, read and written by field number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

Fields = dict[int, list[bytes | int]]

_SIGNATURE_PREFIX = b"\x01\x03"


@dataclass(frozen=True, slots=True)
class Hello:
    """A browser's first message: a fresh public key and a nonce that it has signed."""

    genuine: bool


def read_hello(path: str) -> Hello:
    """Decode the message that travels, in hex, as the path of the websocket's address."""
    try:
        connection = _message(_fields(bytes.fromhex(path)), 1)
        public_key = _bytes(connection, 1)
        nonce = _bytes(connection, 2)
        signature = _bytes(connection, 3)
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
        key.verify(signature.removeprefix(_SIGNATURE_PREFIX), nonce, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return Hello(genuine=False)
    return Hello(genuine=signature.startswith(_SIGNATURE_PREFIX))


def wanted_topic(message: bytes) -> str | None:
    """The topic that a browser asks for, if this is the message in which it does."""
    try:
        return _bytes(_message(_fields(message), 3), 1).decode()
    except ValueError:
        return None


def connected(push_token: str) -> bytes:
    """The answer to a hello: the address under which pushes reach this browser."""
    return _field(1, _field(1, push_token.encode()))


def push(topic: str, number: int, payload: Mapping[str, object]) -> bytes:
    """A push with a JSON payload, under the hash of its topic."""
    hashed = hashlib.sha1(topic.encode(), usedforsecurity=False).digest()
    return _field(2, _field(1, hashed) + _number(2, number) + _field(4, json.dumps(payload).encode()))


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _fields(message: bytes) -> Fields:
    """Raise ValueError for anything but whole varints and length-delimited fields."""
    fields: Fields = {}
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        value, at = _read_varint(message, at)
        if key & 7 == 0:
            fields.setdefault(key >> 3, []).append(value)
        elif key & 7 == 2 and at + value <= len(message):
            fields.setdefault(key >> 3, []).append(message[at : at + value])
            at += value
        else:
            raise ValueError("not a message of the push courier")
    return fields


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("a number is cut off")


def _bytes(fields: Fields, number: int) -> bytes:
    value = fields.get(number, [b""])[0]
    if not isinstance(value, bytes) or not value:
        raise ValueError(f"field {number} is missing")
    return value


def _message(fields: Fields, number: int) -> Fields:
    return _fields(_bytes(fields, number))
