"""The photo library: the CloudKit queries that pyicloud and icloudpd send, and a handful of real pictures."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from aiohttp import web

from wizard.demo.apple import answers, cookies
from wizard.demo.apple.state import Person, State

CONTENT_HOST = "cvws.icloud-content.com"

_ZONE = {"zoneName": "PrimarySync", "ownerRecordName": "_demo", "zoneType": "REGULAR_CUSTOM_ZONE"}
_LISTS = ("CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted", "CPLAssetAndMasterByAddedDate")
_COUNTS = ("CPLAssetByAssetDateWithoutHiddenOrDeleted", "CPLAssetByAddedDate")
_TYPES = {"jpg": ("public.jpeg", "image/jpeg"), "heic": ("public.heic", "image/heic")}
_FIRST_TAKEN = dt.datetime(2026, 1, 10, 10, tzinfo=dt.UTC)
_REFUSALS = {
    "access-denied": (403, "ACCESS_DENIED", "private db access disabled for this account"),
    "zone-not-found": (404, "ZONE_NOT_FOUND", "Zone does not exist"),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """One photo of the library, with the bytes of its original."""

    name: str
    kind: str
    media_type: str
    taken: dt.datetime
    content: bytes

    @property
    def record(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()[:27]


def library() -> tuple[Picture, ...]:
    """The demo's pictures by the date they were taken, a month apart."""
    files = sorted(resources.files(__package__).joinpath("pictures").iterdir(), key=lambda file: file.name)
    pictures = []
    for n, file in enumerate(files):
        suffix = file.name.rpartition(".")[2]
        kind, media_type = _TYPES[suffix]
        taken = _FIRST_TAKEN + n * dt.timedelta(days=30, minutes=7)
        pictures.append(Picture(f"IMG_{n + 1:04}.{suffix.upper()}", kind, media_type, taken, file.read_bytes()))
    return tuple(pictures)


class Photos:
    """The handlers of ckdatabasews and of icloud-content.com."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._pictures = library()

    def routes(self) -> list[web.RouteDef]:
        database = "/database/1/com.apple.photos.cloud/production"
        return [
            web.post(f"{database}/private/records/query", self.query),
            web.post(f"{database}/private/internal/records/query/batch", self.count),
            web.post(f"{database}/private/zones/list", self.zones),
            web.post(f"{database}/shared/zones/list", self.shared_zones),
            web.get("/B/{record}/{name}", self.content),
        ]

    async def query(self, request: web.Request) -> web.Response:
        person, refusal = self._open(request)
        if person is None:
            return refusal
        body = await answers.body_of(request)
        kind, filters, limit = _read_query(body)
        if kind == "CheckIndexingState":
            state = "RUNNING" if person.account.photos == "indexing" else "FINISHED"
            records = [_record("CheckIndexingState", "_indexing", {"state": _field("STRING", state)})]
        elif kind in _LISTS:
            records = self._page(filters, limit)
        else:
            records = []
        return web.json_response({"records": records, "syncToken": "demo"})

    async def count(self, request: web.Request) -> web.Response:
        person, refusal = self._open(request)
        if person is None:
            return refusal
        batch = []
        for index in _read_counts(await answers.body_of(request)):
            count = len(self._pictures) if index in _COUNTS else 0
            fields = {"itemCount": _field("INT64", count)}
            batch.append({"records": [_record("HyperionIndexCountLookup", index, fields)], "syncToken": "demo"})
        return web.json_response({"batch": batch})

    async def zones(self, request: web.Request) -> web.Response:
        person, refusal = self._open(request)
        if person is None:
            return refusal
        return web.json_response({"zones": [{"zoneID": _ZONE, "syncToken": "demo", "atomic": True}]})

    async def shared_zones(self, request: web.Request) -> web.Response:
        person, refusal = self._open(request)
        return refusal if person is None else web.json_response({"zones": []})

    async def content(self, request: web.Request) -> web.Response:
        for picture in self._pictures:
            if picture.record == request.match_info["record"]:
                return web.Response(body=picture.content, content_type=picture.media_type)
        return web.Response(status=404)

    def _open(self, request: web.Request) -> tuple[Person | None, web.Response]:
        """Whose library this is, or the answer that says why it stays closed."""
        _, grant = cookies.web_session_of(request, self._state)
        if grant is None or not grant.trusted:
            return None, answers.no_web_session()
        answers.note(request, grant.person)
        if grant.person.account.photos in _REFUSALS:
            status, code, reason = _REFUSALS[grant.person.account.photos]
            return None, web.json_response({"serverErrorCode": code, "reason": reason}, status=status)
        return grant.person, web.Response()

    def _page(self, filters: dict[str, Any], limit: int) -> list[dict[str, Any]]:
        """Master and asset of each picture from a rank on, in one of the two directions."""
        start = int(filters.get("startRank", 0))
        ranks = list(range(len(self._pictures)))
        ranks = ranks[start:] if filters.get("direction") == "ASCENDING" else ranks[: start + 1][::-1]
        records: list[dict[str, Any]] = []
        for rank in ranks[: max(1, limit // 2)]:
            records += _records(self._pictures[rank], str(filters.get("recordName", "")))
        return records


def _records(picture: Picture, record_name: str) -> list[dict[str, Any]]:
    asset = f"{picture.record}-asset"
    if record_name and record_name not in (picture.record, asset):
        return []
    checksum = base64.b64encode(hashlib.sha256(picture.content).digest()[:21]).decode()
    original = {
        "fileChecksum": checksum,
        "referenceChecksum": checksum,
        "wrappingKey": base64.b64encode(bytes(16)).decode(),
        "size": len(picture.content),
        "downloadURL": f"https://{CONTENT_HOST}/B/{picture.record}/{picture.name}",
    }
    name = base64.b64encode(picture.name.encode()).decode()
    taken = int(picture.taken.timestamp() * 1000)
    master = {
        "itemType": _field("STRING", picture.kind),
        "filenameEnc": _field("ENCRYPTED_BYTES", name),
        "resOriginalRes": _field("ASSETID", original),
        "resOriginalFileType": _field("STRING", picture.kind),
        "resOriginalFingerprint": _field("STRING", checksum),
        "resOriginalWidth": _field("INT64", 320),
        "resOriginalHeight": _field("INT64", 240),
    }
    reference = {"recordName": picture.record, "action": "DELETE_SELF", "zoneID": _ZONE}
    fields = {
        "masterRef": _field("REFERENCE", reference),
        "assetDate": _field("TIMESTAMP", taken),
        "addedDate": _field("TIMESTAMP", taken),
        "isDeleted": _field("INT64", 0),
        "isHidden": _field("INT64", 0),
        "isFavorite": _field("INT64", 0),
    }
    return [_record("CPLMaster", picture.record, master), _record("CPLAsset", asset, fields)]


def _record(kind: str, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    stamp = {"timestamp": 1767225600000, "userRecordName": "_demo", "deviceID": "demo"}
    return {
        "recordName": name,
        "recordType": kind,
        "fields": fields,
        "recordChangeTag": "1",
        "created": stamp,
        "modified": stamp,
        "deleted": False,
        "zoneID": _ZONE,
    }


def _field(kind: str, value: object) -> dict[str, Any]:
    return {"value": value, "type": kind}


def _read_query(body: dict[str, Any]) -> tuple[str, dict[str, Any], int]:
    """The record type that a query asks for, its filters by field, and how many records it wants."""
    try:
        query = body["query"]
        filters = {entry["fieldName"]: entry["fieldValue"]["value"] for entry in query.get("filterBy") or []}
        return str(query["recordType"]), filters, int(body.get("resultsLimit") or 200)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise web.HTTPBadRequest(text="not a CloudKit query") from error


def _read_counts(body: dict[str, Any]) -> list[str]:
    """The indexes whose size a batch asks for."""
    try:
        return [str(entry["query"]["filterBy"]["fieldValue"]["value"][0]) for entry in body["batch"]]
    except (IndexError, KeyError, TypeError) as error:
        raise web.HTTPBadRequest(text="not a CloudKit batch") from error
