"""The two proofs, of the password and of the code, against the clients' own halves."""

from __future__ import annotations

import base64
import hashlib
from typing import Literal

import pytest
import srp  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyicloud import hsa2_bridge
from pyicloud.hsa2_bridge_prover import TrustedDeviceBridgeProver
from pyicloud.srp_password import SrpPassword, SrpProtocolType

from wizard.demo.apple import push_protocol, spake2, srp_server

SALT = b"\x01" + bytes(15)


def prove(typed: str, real: str, protocol: Literal["s2k", "s2k_fo"]) -> bool:
    """Whether a client that knows `typed` convinces a server that keeps a verifier of `real`."""
    srp.rfc5054_enable()
    srp.no_username_in_x()
    password = SrpPassword(typed)
    user = srp.User("someone@example.com", password, hash_alg=srp.SHA256, ng_type=srp.NG_2048)
    name, public = user.start_authentication()
    verifier = srp_server.verifier(real, SALT, protocol)
    server = srp_server.Handshake("someone@example.com", SALT, verifier, public)
    password.set_encrypt_info(SALT, srp_server.ITERATIONS, 32, SrpProtocolType(protocol))
    m1 = user.process_challenge(SALT, server.public)
    assert m1 is not None
    return server.proves(name, m1, user.H_AMK)


@pytest.mark.parametrize("protocol", ["s2k", "s2k_fo"])
@pytest.mark.parametrize(
    ("typed", "real", "accepted"),
    [
        ("demo-password", "demo-password", True),
        ("demo-passwor", "demo-password", False),
        ("Demo-password", "demo-password", False),
        ("pä$$ 'wörd\" `x`", "pä$$ 'wörd\" `x`", True),
        ("", "demo-password", False),
    ],
)
def test_only_the_password_proves_itself(
    typed: str, real: str, accepted: bool, protocol: Literal["s2k", "s2k_fo"]
) -> None:
    assert prove(typed, real, protocol) is accepted


@pytest.mark.parametrize("multiple", [0, 1, 2])
def test_a_public_value_that_would_skip_the_proof_is_refused(multiple: int) -> None:
    value = (multiple * srp_server.N).to_bytes(257)
    with pytest.raises(ValueError, match="multiple of N"):
        srp_server.Handshake("someone@example.com", SALT, 1, value)


def test_salts_never_start_with_zero() -> None:
    assert all(srp_server.new_salt()[0] for _ in range(2000))


@pytest.mark.parametrize(("typed", "accepted"), [("123456", True), ("123457", False)])
def test_only_the_code_proves_itself(typed: str, accepted: bool) -> None:
    salt = hashlib.sha256(b"salt").digest()[:16]
    prover = TrustedDeviceBridgeProver()
    prover.init_with_salt(base64.b64encode(salt).decode(), typed)
    verifier = spake2.Verifier("123456", salt)
    share, confirmation = verifier.answer(bytes.fromhex(prover.get_message1()))
    proof = bytes.fromhex(prover.process_message1(share.hex()))
    assert verifier.accepts(proof) is accepted
    if accepted:
        prover.process_message2(confirmation.hex())
        assert prover.decrypt_message(verifier.seal("receipt")) == "receipt"
    else:
        with pytest.raises(ValueError, match="invalid confirmation"):
            prover.process_message2(confirmation.hex())


def test_a_share_off_the_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid EC key"):
        spake2.Verifier("123456", bytes(16)).answer(b"\x04" + bytes(64))


@pytest.mark.parametrize(("signed", "sent"), [(b"nonce", b"nonce"), (b"nonce", b"other")])
def test_only_who_signed_the_nonce_is_genuine(signed: bytes, sent: bytes) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    signature = key.sign(signed, ec.ECDSA(hashes.SHA256()))
    hello = hsa2_bridge._encode_connection_message(public, sent, signature).hex()
    assert push_protocol.read_hello(hello).genuine is (signed == sent)


@pytest.mark.parametrize("message", [b"", b"\x1a", b"\x1a\x7f", b"\xff" * 12, b"\x0d\x00\x00\x00\x00"])
def test_what_is_no_message_asks_for_no_topic(message: bytes) -> None:
    assert push_protocol.wanted_topic(message) is None
