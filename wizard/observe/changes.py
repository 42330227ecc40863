"""Says that something changed, by watches on what the last look looked at; what it means, the next look finds out.

Metadata only, in our namespace and of the few objects elsewhere that matter. Changes nothing and remembers no objects.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from wizard.choices import APPLICATION
from wizard.errors import WizardError
from wizard.kube.client import Cluster
from wizard.kube.errors import Busy, ClusterError, Expired, Forbidden, Invalid, NotFound
from wizard.observe.applications import APPLICATIONS
from wizard.observe.immich import CHART_LABELS
from wizard.observe.reads import found
from wizard.settings import Settings
from wizard.world import World

RELIST = "relist"
_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_WAITING = 64
Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class WatchTarget:
    """One watch: the word it is reported by, and what it is on."""

    word: str
    path: str
    fields: str = ""
    labels: str = ""


def watched(settings: Settings, world: World) -> list[WatchTarget]:
    """What to watch after this look."""
    core = f"/api/v1/namespaces/{settings.namespace}"
    batch = f"/apis/batch/v1/namespaces/{settings.namespace}"
    watches = [
        WatchTarget("pod", f"{core}/pods"),
        WatchTarget("claim", f"{core}/persistentvolumeclaims"),
        WatchTarget("job", f"{batch}/jobs"),
        WatchTarget("cronjob", f"{batch}/cronjobs"),
        WatchTarget("configmap", f"{core}/configmaps"),
        WatchTarget("serviceaccount", f"{core}/serviceaccounts"),
        WatchTarget("namespace", "/api/v1/namespaces", f"metadata.name={settings.namespace}"),
    ]
    watches += [WatchTarget("secret", f"{core}/secrets", f"metadata.name={name}") for name in sorted(world.secrets)[:4]]
    argo = found(world.application)
    if argo is not None:
        path = f"/apis/argoproj.io/v1alpha1/namespaces/{argo.meta.namespace}/applications"
        watches.append(WatchTarget("application", path, f"metadata.name={argo.meta.name}"))
    else:
        watches.append(WatchTarget("application", APPLICATIONS, f"metadata.name={settings[APPLICATION]}"))
    immich = found(world.immich)
    if immich is not None:
        where = immich.namespace
        workloads = f"/apis/apps/v1/namespaces/{where}/{immich.kind.lower()}s"
        watches.append(WatchTarget("immich", workloads, f"metadata.name={immich.workload.name}"))
        watches.append(WatchTarget("ingress", f"/apis/networking.k8s.io/v1/namespaces/{where}/ingresses"))
    else:
        watches.append(WatchTarget("immich", "/apis/apps/v1/deployments", labels=CHART_LABELS))
    return watches


async def changes(
    cluster: Cluster, settings: Settings, world: World, *, pause: Pause = asyncio.sleep
) -> AsyncGenerator[str, None]:
    """A short word for each thing that changed since the look that `world` is of, as it happens.

    "relist" says that something may have been missed. What may not be watched is left out. A watch that the server fails at
    says nothing and goes on later from where it was. Raises WizardError when the connection is lost, after which there are no
    more words; closing it ends every watch.
    """
    queue: asyncio.Queue[str | WizardError] = asyncio.Queue(_WAITING)
    tasks = [
        asyncio.create_task(_follow(cluster, settings, target, queue, pause)) for target in watched(settings, world)
    ]
    try:
        while True:
            word = await queue.get()
            if isinstance(word, WizardError):
                raise word
            yield word
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(
    cluster: Cluster, settings: Settings, target: WatchTarget, queue: asyncio.Queue[str | WizardError], pause: Pause
) -> None:
    version = version_for(target.path, cluster.versions, settings)
    failures = 0
    while True:
        try:
            if not version:
                version = await _now(cluster, target)
            events = cluster.watch(
                target.path, resource_version=version, fields=target.fields, labels=target.labels, form="metadata"
            )
            async with aclosing(events) as stream:
                async for event in stream:
                    version, failures = event.resource_version or version, 0
                    await queue.put(target.word)
        except Expired:
            version = ""
            await queue.put(RELIST)
        except (Forbidden, NotFound, Invalid):
            return
        except ClusterError as error:
            await queue.put(error)
            return
        except WizardError as error:
            retry_after = error.retry_after if isinstance(error, Busy) else None
            await pause(max(min(_PAUSE * 2**failures, _LONGEST_PAUSE), retry_after or 0.0))
            failures += 1


def version_for(path: str, versions: Mapping[str, str], settings: Settings) -> str:
    """The version of the last look that a watch on `path` can start from; empty when there is none.

    Where the path itself was not listed the list over all namespaces serves, or that of our claims: servers count all kinds
    in one row, and one that doesn't answers Expired, which is a relist.
    """
    namespace_path = f"/api/v1/namespaces/{settings.namespace}"
    everywhere = re.sub(r"/namespaces/[^/]+/", "/", path)
    return (
        versions.get(path) or versions.get(everywhere) or versions.get(f"{namespace_path}/persistentvolumeclaims", "")
    )


async def _now(cluster: Cluster, target: WatchTarget) -> str:
    page = await cluster.list_page(target.path, fields=target.fields, labels=target.labels, limit=1, form="metadata")
    return str((page.get("metadata") or {}).get("resourceVersion") or "")
