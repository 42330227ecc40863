"""The words in the cells of a Table, as a real server's printers choose them. Pure functions of object and time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from wizard.demo.api.kinds import Object

_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def dig(item: Any, *path: str, default: Any = "") -> Any:
    """The value at `path`; `default` where it is absent or null."""
    for name in path:
        item = item.get(name) if isinstance(item, Mapping) else None
    return default if item is None else item


def when(text: str) -> datetime:
    """A time as Kubernetes writes it."""
    return datetime.fromisoformat(text)


def since(text: str | None, now: datetime) -> str:
    """How long ago, as in "5m"."""
    return duration(now - when(text)) if text else "<unknown>"


def duration(span: timedelta) -> str:
    """A time span in at most two units, in the steps that Kubernetes uses."""
    seconds = int(span.total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    days, years = hours // 24, hours // 24 // 365
    if seconds < 0:
        return "0s" if seconds >= -1 else "<invalid>"
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    if years < 2:
        return f"{days}d"
    return _two(years, "y", days % 365, "d") if years < 8 else f"{years}y"


def _two(big: int, big_unit: str, small: int, small_unit: str) -> str:
    return f"{big}{big_unit}{small}{small_unit}" if small else f"{big}{big_unit}"


def count(item: Object, *fields: str) -> int:
    return sum(len(dig(item, field, default=())) for field in fields)


def match_labels(labels: Any) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) if labels else "<none>"


def containers(item: Object, template: tuple[str, ...], field: str) -> str:
    return ",".join(container.get(field, "") for container in dig(item, *template, "spec", "containers", default=()))


def phase(item: Object) -> str:
    return "Terminating" if "deletionTimestamp" in item["metadata"] else str(dig(item, "status", "phase"))


def access_modes(modes: list[str]) -> str:
    return ",".join(short for mode, short in _MODES.items() if mode in modes)


def claim_detail(item: Object, field: str) -> str:
    """Capacity or access modes of a claim that has a volume."""
    if not dig(item, "spec", "volumeName"):
        return ""
    if field == "capacity":
        return str(dig(item, "status", "capacity", "storage"))
    return access_modes(dig(item, "status", "accessModes", default=[]))


def volume_claim(item: Object) -> str:
    claim = dig(item, "spec", "claimRef", default=None)
    return f"{claim.get('namespace', '')}/{claim['name']}" if claim else ""


def class_name(item: Object) -> str:
    default = dig(item, "metadata", "annotations", "storageclass.kubernetes.io/is-default-class") == "true"
    return f"{item['metadata']['name']} (default)" if default else str(item["metadata"]["name"])


def endpoints(item: Object) -> str:
    addresses = [
        f"{address['ip']}:{port['port']}"
        for subset in item.get("subsets") or ()
        for port in subset.get("ports", ())
        for address in subset.get("addresses", ())
    ]
    more = f" + {len(addresses) - 3} more..." if len(addresses) > 3 else ""
    return ",".join(addresses[:3]) + more if addresses else "<none>"


def event_seen(item: Object, now: datetime, *, last: bool) -> str:
    first = item.get("firstTimestamp") or item.get("eventTime")
    latest = dig(item, "series", "lastObservedTime", default=None) or item.get("lastTimestamp") or first
    return since(latest if last else first, now)


def event_object(item: Object) -> str:
    about = item["involvedObject"]
    return f"{about['kind'].lower()}/{about['name']}" if about.get("name") else str(about["kind"].lower())


def event_source(item: Object) -> str:
    component = dig(item, "source", "component") or item.get("reportingComponent", "")
    host = dig(item, "source", "host") or (
        item.get("reportingInstance", "") if not dig(item, "source", "component") else ""
    )
    return f"{component}, {host}" if host else component


def node_status(item: Object) -> str:
    conditions = {condition["type"]: condition["status"] for condition in dig(item, "status", "conditions", default=())}
    ready = {"True": "Ready", "False": "NotReady"}.get(conditions.get("Ready", ""), "NotReady")
    return f"{ready},SchedulingDisabled" if dig(item, "spec", "unschedulable", default=False) else ready


def node_roles(item: Object) -> str:
    prefix = "node-role.kubernetes.io/"
    roles = [key.removeprefix(prefix) for key in dig(item, "metadata", "labels", default={}) if key.startswith(prefix)]
    return ",".join(sorted(roles)) or "<none>"


def node_address(item: Object, kind: str) -> str:
    addresses = dig(item, "status", "addresses", default=())
    return next((address["address"] for address in addresses if address["type"] == kind), "<none>")


def node_kernel(item: Object) -> str:
    info = dig(item, "status", "nodeInfo", default={})
    kernel, architecture = info.get("kernelVersion"), info.get("architecture")
    return f"{kernel} ({architecture})" if kernel and architecture else kernel or "<unknown>"


def pod_ready(item: Object) -> str:
    statuses = dig(item, "status", "containerStatuses", default=())
    ready = sum(bool(status.get("ready")) and "running" in status.get("state", {}) for status in statuses)
    return f"{ready}/{len(dig(item, 'spec', 'containers', default=()))}"


def pod_status(item: Object) -> str:
    reason = dig(item, "status", "reason") or dig(item, "status", "phase")
    running = False
    starting = _init_status(item)
    if starting:
        reason = starting
    else:
        for status in reversed(dig(item, "status", "containerStatuses", default=())):
            state = status.get("state", {})
            if "running" in state and status.get("ready"):
                running = True
            else:
                reason = _state_reason(state) or reason
        if reason == "Completed" and running:
            ready = {
                condition["type"]: condition["status"] for condition in dig(item, "status", "conditions", default=())
            }.get("Ready")
            reason = "Running" if ready == "True" else "NotReady"
    return "Terminating" if "deletionTimestamp" in item["metadata"] else str(reason)


def _state_reason(state: Object) -> str:
    if reason := dig(state, "waiting", "reason"):
        return str(reason)
    ended = state.get("terminated")
    if not ended:
        return ""
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _init_status(item: Object) -> str:
    statuses = dig(item, "status", "initContainerStatuses", default=())
    for done, each in enumerate(statuses):
        state = each.get("state", {})
        if dig(state, "terminated", "exitCode", default=None) == 0:
            continue
        reason = _state_reason(state)
        if reason and reason != "PodInitializing":
            return f"Init:{reason}"
        return f"Init:{done}/{len(dig(item, 'spec', 'initContainers', default=statuses))}"
    return ""


def pod_restarts(item: Object, now: datetime) -> str:
    statuses = dig(item, "status", "containerStatuses", default=())
    restarts = sum(status.get("restartCount", 0) for status in statuses)
    ends = [dig(status, "lastState", "terminated", "finishedAt", default=None) for status in statuses]
    last = max((end for end in ends if end), default=None)
    return f"{restarts} ({since(last, now)} ago)" if restarts and last else str(restarts)


def service_ports(item: Object) -> str:
    ports = []
    for port in dig(item, "spec", "ports", default=()):
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        ports.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    return ",".join(ports) or "<none>"


def load_balancer(item: Object) -> str:
    ingresses = dig(item, "status", "loadBalancer", "ingress", default=())
    return ",".join(ingress.get("ip") or ingress.get("hostname", "") for ingress in ingresses)


def external_ip(item: Object) -> str:
    addresses = ",".join(dig(item, "spec", "externalIPs", default=()))
    kind = dig(item, "spec", "type")
    if kind == "LoadBalancer":
        return ",".join(filter(None, (load_balancer(item), addresses))) or "<pending>"
    return str(dig(item, "spec", "externalName", default="<none>")) if kind == "ExternalName" else addresses or "<none>"


def ingress_hosts(item: Object) -> str:
    hosts = [rule.get("host") or "*" for rule in dig(item, "spec", "rules", default=())]
    more = f" + {len(hosts) - 3} more..." if len(hosts) > 3 else ""
    return ",".join(hosts[:3]) + more if hosts else "*"


def job_status(item: Object) -> str:
    true = {
        condition["type"]
        for condition in dig(item, "status", "conditions", default=())
        if condition["status"] == "True"
    }
    for condition in ("Complete", "Failed"):
        if condition in true:
            return condition
    if "deletionTimestamp" in item["metadata"]:
        return "Terminating"
    return next((type_ for type_ in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if type_ in true), "Running")


def job_completions(item: Object) -> str:
    done, completions = dig(item, "status", "succeeded", default=0), dig(item, "spec", "completions", default=None)
    if completions is not None:
        return f"{done}/{completions}"
    parallel = dig(item, "spec", "parallelism", default=1)
    return f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"


def job_duration(item: Object, now: datetime) -> str:
    started, ended = dig(item, "status", "startTime", default=None), dig(item, "status", "completionTime", default=None)
    return duration((when(ended) if ended else now) - when(started)) if started else ""


def last_schedule(item: Object, now: datetime) -> str:
    last = dig(item, "status", "lastScheduleTime", default=None)
    return since(last, now) if last else "<none>"
