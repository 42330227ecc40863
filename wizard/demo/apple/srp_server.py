"""The server's half of Apple's password proof: SRP-6a over SHA-256 with the 2048-bit group of RFC 5054, appendix A.

It holds a verifier and never learns the password from the exchange. It must not log anything it is given.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Literal

N = int(
    "AC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050A37329CBB4A099ED8193E0757767A13DD52312AB4B03310D"
    "CD7F48A9DA04FD50E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B855F97993EC975EEAA80D740ADBF4FF74"
    "7359D041D5C33EA71D281E446B14773BCA97B43A23FB801676BD207A436C6481F1D2B9078717461A5B9D32E688F87748544523B524B0D57D"
    "5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB6"
    "94B5C803D89F7AE435DE236D525F54759B65E372FCD68EF20FA7111F9E4AFF73",
    16,
)
G = 2
WIDTH = 256
ITERATIONS = 20_000

Protocol = Literal["s2k", "s2k_fo"]


def new_salt() -> bytes:
    """Sixteen bytes that never start with zero, which the clients' library would strip."""
    return bytes([secrets.randbelow(255) + 1]) + secrets.token_bytes(15)


def verifier(password: str, salt: bytes, protocol: Protocol) -> int:
    """What Apple keeps of a password; `s2k_fo` stretches the digest's hex text, `s2k` its bytes."""
    digest = hashlib.sha256(password.encode())
    secret = digest.hexdigest().encode() if protocol == "s2k_fo" else digest.digest()
    stretched = hashlib.pbkdf2_hmac("sha256", secret, salt, ITERATIONS, 32)
    x = _hash(salt, _hash(b":", stretched))
    return pow(G, int.from_bytes(x), N)


class Handshake:
    """One exchange: made with the client's `A`, answers with `b`, checks the client's proof once."""

    def __init__(self, apple_id: str, salt: bytes, password_verifier: int, client_public: bytes) -> None:
        """Raise ValueError for an `A` that would make the proof meaningless."""
        self.apple_id = apple_id
        self._salt = salt
        self._client = int.from_bytes(client_public)
        if self._client % N == 0:
            raise ValueError("the client's public value is a multiple of N")
        secret = secrets.randbits(256)
        k = int.from_bytes(_hash(_bytes(N), _pad(G)))
        self._public = (k * password_verifier + pow(G, secret, N)) % N
        u = int.from_bytes(_hash(_pad(self._client), _pad(self._public)))
        shared = pow(self._client * pow(password_verifier, u, N), secret, N)
        self._key = _hash(_bytes(shared))

    @property
    def public(self) -> bytes:
        return _bytes(self._public)

    def proves(self, name: str, m1: bytes, m2: bytes) -> bool:
        """Whether the client, which called itself `name` in `m1`, knows the password."""
        group = bytes(a ^ b for a, b in zip(_hash(_bytes(N)), _hash(_pad(G)), strict=True))
        expected = _hash(group, _hash(name.encode()), self._salt, _bytes(self._client), self.public, self._key)
        answer = _hash(_bytes(self._client), expected, self._key)
        return hmac.compare_digest(m1, expected) and hmac.compare_digest(m2, answer)


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _pad(number: int) -> bytes:
    return number.to_bytes(WIDTH)
