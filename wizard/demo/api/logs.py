"""Container logs: the texts, and which of them a request gets. Knows nothing of HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping

from wizard.demo.api.cells import dig
from wizard.demo.api.get_and_list import Query, whole_number
from wizard.demo.api.kinds import Object
from wizard.demo.api.refusals import bad_request, invalid
from wizard.demo.api.store import Change, Store


class Logs:
    """Texts by "namespace/pod" or "namespace/pod/container"; the latter goes before."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self.texts = dict(texts or {})
        self._grown = asyncio.Event()

    def append(self, key: str, text: str) -> None:
        """Adds to a log; whoever follows it is told."""
        self.texts[key] = self.texts.get(key, "") + text
        self.wake()

    def wake(self) -> None:
        """Makes followers look again."""
        self._grown.set()
        self._grown = asyncio.Event()

    def of(self, pod: Object, container: str) -> str:
        """The text of a pod's container."""
        key = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        return self.texts.get(f"{key}/{container}", self.texts.get(key, ""))

    async def follow(self, store: Store, pod: Object, container: str, position: int) -> AsyncGenerator[str, None]:
        """What is added after the first `position` characters, until the container no longer runs."""
        place = (pod["metadata"]["namespace"], pod["metadata"]["name"])

        def wake(change: Change) -> None:
            if change.kind.kind == "Pod" and change.place == place:
                self.wake()

        store.listeners.append(wake)
        try:
            while True:
                grown = self._grown
                text = self.of(pod, container)
                if len(text) > position:
                    yield text[position:]
                    position = len(text)
                elif not _runs(store.get("Pod", *place), container):
                    return
                else:
                    await grown.wait()
        finally:
            store.listeners.remove(wake)


def _status(pod: Object | None, container: str) -> Object:
    groups = ("containerStatuses", "initContainerStatuses")
    statuses: list[Object] = [status for group in groups for status in dig(pod, "status", group, default=())]
    return next((status for status in statuses if status["name"] == container), {})


def _runs(pod: Object | None, container: str) -> bool:
    return "running" in _status(pod, container).get("state", {})


def chosen_container(pod: Object, query: Query) -> str | None:
    """The container that a request is about; None when the pod has no log yet. Raises Refused (400, 422)."""
    name = pod["metadata"]["name"]
    for option in ("tailLines", "limitBytes", "sinceSeconds"):
        number, least = whole_number(query, option), 0 if option == "tailLines" else 1
        if number is not None and number < least:
            subject = {"name": name, "kind": "PodLogOptions"}
            detail = f"must be greater than or equal to {least}" if least == 0 else "must be greater than 0"
            raise invalid(subject, f'PodLogOptions "{name}"', option, f"Invalid value: {number}", detail)
    names = [container["name"] for container in dig(pod, "spec", "containers", default=())]
    container_names = names + [container["name"] for container in dig(pod, "spec", "initContainers", default=())]
    container = query.get("container", "")
    if not container:
        if len(names) > 1:
            raise bad_request(
                f"a container name must be specified for pod {name}, choose one of: [{' '.join(container_names)}]"
            )
        container = names[0]
    if container not in container_names:
        raise bad_request(f"container {container} is not valid for pod {name}")
    if not dig(pod, "spec", "nodeName"):
        return None
    status = _status(pod, container)
    if query.get("previous") == "true" and not dig(status, "lastState", "terminated", default=None):
        raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
    reason = dig(status, "state", "waiting", "reason")
    if reason and not dig(status, "lastState", "terminated", default=None):
        why = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "image can't be pulled"}.get(reason, reason)
        raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {why}')
    return container


def cut(text: str, query: Query) -> str:
    """The part of a log that tailLines and limitBytes leave."""
    tail = whole_number(query, "tailLines")
    if tail is not None:
        lines = text.splitlines(keepends=True)
        text = "".join(lines[len(lines) - tail :]) if tail < len(lines) else text
    limit = whole_number(query, "limitBytes")
    return text if limit is None else text.encode()[:limit].decode(errors="ignore")
