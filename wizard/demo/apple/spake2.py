"""The trusted device's half of the proof that a browser knows the six digits: SPAKE2+ over P-256, as in pyicloud.

It follows pyicloud's hsa2_bridge_prover, so that it shows the two to agree; it shows nothing about Apple's own devices.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Point = tuple[int, int]

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
GENERATOR: Point = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
M = bytes.fromhex("02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f")
N = bytes.fromhex("03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49")
_NAMES = (b"SPAKE2Web", b"com.apple.security.webprover", b"com.apple.security.webverifier")


class Verifier:
    """Checks one code; the messages are the bytes that the bridge carries."""

    def __init__(self, code: str, salt: bytes) -> None:
        stretched = hashlib.scrypt(code.encode(), salt=salt, n=16384, r=8, p=1, dklen=64)
        self._w0 = int.from_bytes(stretched[:32])
        self._w1 = int.from_bytes(stretched[32:])
        self._y = secrets.randbelow(ORDER - 1) + 1
        self._share = _add(_multiply(GENERATOR, self._y), _multiply(_decode(N), self._w0))
        self._confirmations = b""
        self._shared = b""

    def answer(self, client_share: bytes) -> tuple[bytes, bytes]:
        """Our share and our proof of the code; ValueError if the client's share is no point of the curve."""
        client = _decode(client_share)
        base = _add(client, _negate(_multiply(_decode(M), self._w0)))
        z = _multiply(base, self._y)
        v = _multiply(_multiply(GENERATOR, self._w1), self._y)
        points = (_decode(M), _decode(N), client, self._share, z, v)
        w0 = self._w0.to_bytes(max(1, (self._w0.bit_length() + 7) // 8))
        parts = (*_NAMES, *(_encode(point) for point in points), w0)
        transcript = hashlib.sha256(b"".join(len(part).to_bytes(8, "little") + part for part in parts)).digest()
        self._confirmations = _derive(transcript, b"ConfirmationKeys", 64)
        self._shared = _derive(transcript, b"SharedKey", 32)
        share = _encode(self._share)
        return share, hmac.digest(self._confirmations[32:], _encode(client), "sha256")

    def accepts(self, client_proof: bytes) -> bool:
        """Whether the client has shown that it knows the code too."""
        expected = hmac.digest(self._confirmations[:32], _encode(self._share), "sha256")
        return hmac.compare_digest(expected, client_proof)

    def seal(self, text: str) -> str:
        """`text` for the client's eyes only: version, nonce, tag, ciphertext, in base64."""
        nonce, version = secrets.token_bytes(12), b"\0"
        sealed = AESGCM(_derive(self._shared, b"webVerifier", 32)).encrypt(nonce, text.encode(), version)
        return base64.b64encode(version + nonce + sealed[-16:] + sealed[:-16]).decode()


def _derive(secret: bytes, info: bytes, length: int) -> bytes:
    key = hmac.digest(bytes(32), secret, "sha256")
    out, block = b"", b""
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:length]


def _decode(raw: bytes) -> Point:
    numbers = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw).public_numbers()
    return numbers.x, numbers.y


def _encode(point: Point) -> bytes:
    return b"\x04" + point[0].to_bytes(32) + point[1].to_bytes(32)


def _negate(point: Point) -> Point:
    return point[0], -point[1] % P


def _add(left: Point, right: Point) -> Point:
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % P == 0:
        raise ValueError("the sum is the point at infinity")
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P) if left == right else (y1 - y2) * pow(x1 - x2, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def _multiply(point: Point, factor: int) -> Point:
    factor %= ORDER
    result: Point | None = None
    while factor:
        if factor & 1:
            result = point if result is None else _add(result, point)
        point = _add(point, point)
        factor >>= 1
    if result is None:
        raise ValueError("a multiple of the order gives the point at infinity")
    return result
