"""The little of protobuf that kubectl's typed writes need: the three reviews that it sends in no other form. Pure.

Field numbers are those of k8s.io/api/authorization/v1 and k8s.io/apimachinery/pkg/runtime.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.demo.api.kinds import Object

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_RESOURCE = {1: "namespace", 2: "verb", 3: "group", 4: "version", 5: "resource", 6: "subresource", 7: "name"}
_NON_RESOURCE = {1: "path", 2: "verb"}


def decode_review(body: bytes) -> Object:
    """A SelfSubject...Review as JSON would have it. Raises ValueError for what is no such thing."""
    if not body.startswith(_MAGIC):
        raise ValueError("not a Kubernetes protobuf message")
    envelope = dict(_fields(body[len(_MAGIC) :]))
    header = _strings(envelope.get(1, b""), {1: "apiVersion", 2: "kind"})
    spec = dict(_fields(dict(_fields(envelope.get(2, b""))).get(2, b"")))
    if header.get("kind") == "SelfSubjectRulesReview":
        return {**header, "spec": {"namespace": spec.get(1, b"").decode()}}
    attributes: Object = {}
    if 1 in spec:
        attributes["resourceAttributes"] = _strings(spec[1], _RESOURCE)
    if 2 in spec:
        attributes["nonResourceAttributes"] = _strings(spec[2], _NON_RESOURCE)
    return {**header, "spec": attributes}


def _strings(message: bytes, names: dict[int, str]) -> Object:
    return {names[number]: value.decode() for number, value in _fields(message) if number in names and value}


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers and contents of the length-delimited fields; others are passed over."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            _, at = _varint(message, at)
        elif wire == 2:
            length, at = _varint(message, at)
            if at + length > len(message):
                raise ValueError("a field is longer than its message")
            yield number, message[at : at + length]
            at += length
        else:
            raise ValueError(f"wire type {wire} is not expected here")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message):
            raise ValueError("the message ends in a number")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
