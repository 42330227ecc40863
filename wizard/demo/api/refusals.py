"""What the demo cluster says when it refuses: Status bodies in a real server's words, as exceptions."""

from __future__ import annotations

from typing import Any

from wizard.demo.api.kinds import Kind, Object


class Refused(Exception):
    """A request that is answered with the Status `body`."""

    def __init__(self, body: Object) -> None:
        super().__init__(body["message"])
        self.body = body
        self.code = int(body["code"])


def refusal(
    code: int, reason: str, message: str, *, details: Object | None = None, metadata: Object | None = None
) -> Refused:
    """A Refused; `reason` and `details` are left out of the body where empty and None."""
    body: Object = {"kind": "Status", "apiVersion": "v1", "metadata": metadata or {}, "status": "Failure"}
    body["message"] = message
    if reason:
        body["reason"] = reason
    if details is not None:
        body["details"] = details
    body["code"] = code
    return Refused(body)


def details_of(kind: Kind, name: str = "") -> Object:
    """The `details` of a Status about an object or a collection."""
    details = {"name": name, "group": kind.group, "kind": kind.plural}
    return {key: value for key, value in details.items() if value}


def not_found(kind: Kind, name: str) -> Refused:
    return refusal(404, "NotFound", f'{kind.resource} "{name}" not found', details=details_of(kind, name))


def unknown_resource() -> Refused:
    return refusal(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(kind: Kind, name: str) -> Refused:
    return refusal(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', details=details_of(kind, name))


def conflict(kind: Kind, name: str) -> Refused:
    message = (
        f'Operation cannot be fulfilled on {kind.resource} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return refusal(409, "Conflict", message, details=details_of(kind, name))


def bad_request(message: str) -> Refused:
    return refusal(400, "BadRequest", message)


def method_not_allowed() -> Refused:
    message = "the server does not allow this method on the requested resource"
    return refusal(405, "MethodNotAllowed", message, details={})


def invalid(subject: Object, what: str, field: str, problem: str, detail: str) -> Refused:
    """422 with one cause; `what` is as in 'ConfigMap "x"', `problem` as in "Forbidden" or "Invalid value: -1"."""
    reasons = {"Forbidden": "FieldValueForbidden", "Required value": "FieldValueRequired"}
    cause = {"reason": reasons.get(problem, "FieldValueInvalid"), "message": f"{problem}: {detail}", "field": field}
    message = f"{what} is invalid: {field}: {problem}: {detail}"
    return refusal(422, "Invalid", message, details={**subject, "causes": [cause]})


def invalid_options(field: str, detail: str) -> Refused:
    """422 about the query of a list or a watch."""
    subject = {"group": "meta.k8s.io", "kind": "ListOptions"}
    return invalid(subject, 'ListOptions.meta.k8s.io ""', field, "Forbidden", detail)


def expired(message: str, new_continue: str | None = None) -> Refused:
    return refusal(410, "Expired", message, metadata={"continue": new_continue} if new_continue else None)


def internal(message: str) -> Refused:
    return refusal(500, "", message)


def unauthorized() -> Refused:
    return refusal(401, "Unauthorized", "Unauthorized")


def unavailable(message: str) -> Refused:
    return refusal(503, "ServiceUnavailable", message)


def not_a_number(text: str) -> str:
    """How Go says that `text` is no whole number."""
    return f'strconv.ParseInt: parsing "{text}": invalid syntax'


def success(details: Object) -> Any:
    """The Status that says yes."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
