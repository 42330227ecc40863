"""An Immich server, as it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wizard.world.objects import Claim, Ingress, Meta
from wizard.world.reads import NOT_ASKED, Page, Read
from wizard.world.workloads import Pod, PodSpec


@dataclass(frozen=True, slots=True)
class Immich:
    """An Immich server found in the cluster.

    `mounts` are (claim name, mount path, read only) of its server container; `volumes` the same for what is no claim, as
    (kind: where). `version` and the config fields come from its own public endpoints through the service proxy and are None
    where it did not answer; `probe_error` says why. `claims` are those claims' objects in its namespace, `volume_sources`
    their volumes' sources by claim name where they could be read. `kind` is that of `workload`. `pods` are those of its
    instance, read while it is not ready; `ingresses` those of its namespace, read where the cluster's could not all be.
    """

    namespace: str
    workload: Meta
    spec: PodSpec
    ready: bool
    image: str
    service: str = ""
    port: int | None = None
    version: str | None = None
    initialized: bool | None = None
    external_domain: str | None = None
    maintenance: bool | None = None
    probe_error: str = ""
    claims: Mapping[str, Read[Claim]] = field(default_factory=dict)
    volume_sources: Mapping[str, str] = field(default_factory=dict)
    pods: Read[Page[Pod]] = NOT_ASKED
    kind: str = "Deployment"
    ingresses: Read[Page[Ingress]] = NOT_ASKED
