"""Get and list: selection, pages, old versions, and the form that the client wants. Pure functions of the store."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.demo.api.kinds import Kind, Object
from wizard.demo.api.refusals import bad_request, expired, invalid_options, not_a_number, not_found, refusal
from wizard.demo.api.selectors import Matches, field_selector, label_selector
from wizard.demo.api.store import Store, TooOld, place_of
from wizard.demo.api.table import partial, table

Query = Mapping[str, str]
_LOST_PAGE = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is to look: `shape` is "" for whole objects, else Table or PartialObjectMetadata[List]."""

    shape: str = ""
    include: str = "Metadata"


def form_of(accept: str, query: Query) -> Form:
    """The first form in an Accept header that can be served. Raises Refused (406) when none can."""
    for clause in (accept or "*/*").split(","):
        media, *parameters = (part.strip() for part in clause.split(";"))
        if media not in ("application/json", "*/*", "application/*"):
            continue
        options = dict(parameter.partition("=")[::2] for parameter in parameters)
        shape = options.get("as", "")
        if not shape:
            return Form()
        if shape in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList") and options.get("v") == "v1":
            return Form(shape, query.get("includeObject", "Metadata"))
    message = (
        "406: Not Acceptable\n\nAvailable representations: "
        "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    )
    raise refusal(406, "NotAcceptable", message, details={})


def whole_number(query: Query, name: str) -> int | None:
    """A whole number of the query; None where it is not given. Raises Refused (400)."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(not_a_number(text)) from None


def selection(kind: Kind, query: Query) -> Matches:
    """A test for what a request's selectors select."""
    labels = label_selector(query.get("labelSelector", ""))
    fields = field_selector(query.get("fieldSelector", ""), kind)
    return lambda item: labels(item) and fields(item)


def get(store: Store, kind: Kind, namespace: str, name: str, form: Form) -> Object:
    """One object in the wanted form. Raises Refused (404)."""
    item = store.get(kind, namespace, name)
    if item is None:
        raise not_found(kind, name)
    return shaped(store, kind, item, form)


def shaped(store: Store, kind: Kind, item: Object, form: Form, *, headed: bool = True) -> Object:
    """One object in the wanted form."""
    if form.shape == "Table":
        metadata = {"resourceVersion": item["metadata"]["resourceVersion"]}
        return table(kind, [item], store.clock(), form.include, metadata, headed=headed)
    return partial(item) if form.shape else item


def list_(store: Store, kind: Kind, namespace: str, query: Query, form: Form) -> Object:
    """A list in the wanted form, or one page of it. Raises Refused (400, 410, 422, 504)."""
    matches = selection(kind, query)
    limit = max(0, whole_number(query, "limit") or 0)
    version, start = _where(store, query)
    if query.get("resourceVersion") == "0":
        limit = 0
    try:
        stored = store.items(kind, namespace) if version < 0 else store.items_at(kind, namespace, version)
    except TooOld:
        if start:
            raise expired(_LOST_PAGE, _token(-1, start)) from None
        raise expired("The resourceVersion for the provided list is too old.") from None
    chosen = [item for item in stored if matches(item) and _position(item) > start]
    page = chosen[:limit] if limit else chosen
    metadata: Object = {"resourceVersion": str(version if version >= 0 else store.version)}
    if len(page) < len(chosen):
        metadata["continue"] = _token(int(metadata["resourceVersion"]), _position(page[-1]))
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = len(chosen) - len(page)
    return _as_list(store, kind, page, form, metadata)


def _as_list(store: Store, kind: Kind, page: list[Object], form: Form, metadata: Object) -> Object:
    if form.shape == "Table":
        return table(kind, page, store.clock(), form.include, metadata)
    if form.shape:
        name, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
        items = [partial(item) for item in page]
    else:
        name, api_version = f"{kind.kind}List", kind.api_version
        items = page if kind.custom else [_bare(item) for item in page]
    return {"kind": name, "apiVersion": api_version, "metadata": metadata, "items": items}


def _bare(item: Object) -> Object:
    return {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}


def version_of(text: str) -> int:
    """A resource version as a number. Raises ValueError in Go's words."""
    if not text.isdecimal():
        raise ValueError(
            f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)


def _where(store: Store, query: Query) -> tuple[int, str]:
    """The version to list at (-1: the present one) and the position after which to begin."""
    requested_version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    if match and not requested_version:
        raise invalid_options(
            "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"
        )
    if query.get("continue"):
        return _read_token(query["continue"])
    try:
        version = version_of(requested_version or "0")
    except ValueError as problem:
        raise bad_request(f"invalid resource version: {problem}") from None
    if version > store.version:
        message = f"Timeout: Too large resource version: {version}, current: {store.version}"
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        raise refusal(504, "Timeout", message, details={"causes": [cause], "retryAfterSeconds": 1})
    return (version if match == "Exact" else -1), ""


def _position(item: Object) -> str:
    return "/".join(place_of(item)) + "\0"


def _token(version: int, start: str) -> str:
    content = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, str]:
    try:
        content: Any = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(content["rv"]), str(content["start"])
    except (ValueError, KeyError, TypeError, binascii.Error) as problem:
        raise bad_request(f"invalid continue token: continue key is not valid: {problem}") from None
