"""What was worked out about the person's setup: the rows of the first-run screen. Pure functions of World and Settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from wizard.annotations import TRACKING_ID
from wizard.facts.ingresses import is_of_immich, pattern_ingress
from wizard.settings import CRON_JOB_BASE, DEFAULT_ACCOUNT, SECRET_BASE, Settings
from wizard.steps.report import apple_id_on_command_line
from wizard.world import AppSource, Found, Missing, Unreadable, World

SAID = "you said so"


@dataclass(frozen=True, slots=True)
class SetupRow:
    """One row: `id` ("cluster", "namespace", "access", "storage", "argocd", "git", "immich", "ingress", "host-name",
    "time-zone", "apple-id", "warning"), a label, the value in a person's words, where it came from, and `state` ok, missing, ask,
    unknown or wrong (what the person said isn't there). `said` is what the person said, as it can be taken back."""

    id: str
    label: str
    value: str
    source: str
    state: str
    said: str = ""


def setup_rows(world: World, settings: Settings) -> tuple[SetupRow, ...]:
    """Every row of "Is this your setup?", top to bottom."""
    return tuple(_rows(world, settings))


def _rows(world: World, settings: Settings) -> Iterator[SetupRow]:
    speed = f", {world.latency_ms:.0f} ms" if world.latency_ms is not None else ""
    version = f", Kubernetes {world.version.value.git}" if isinstance(world.version, Found) else ""
    yield SetupRow(
        "cluster",
        "Cluster",
        f"{world.cluster.context or world.cluster.server}{version}",
        settings.sources.get("context", "from kubeconfig, current context") + speed,
        "ok",
    )
    yield SetupRow(
        "namespace", "Namespace", settings.namespace, settings.sources.get("namespace", "the usual name"), "ok"
    )
    yield _access(world)
    yield _storage(world)
    yield _said_application(world, settings) if _said(settings, "application") else _argocd(world)
    yield _git(world, settings)
    yield _said_immich(world, settings.immich_namespace) if settings.immich_namespace else _immich(world)
    yield _ingress(world)
    yield _host_name(world, settings)
    yield _time_zone(world, settings)
    yield _apple_id(world, settings)
    yield _warning(settings)


def _warning(settings: Settings) -> SetupRow:
    days = settings.warning_days
    value = f"{days} {'day' if days == 1 else 'days'} before Apple's session ends"
    source = {"state": SAID, "flag": "from --warning-days"}.get(settings.sources.get("warning_days", ""), "as usual")
    return SetupRow("warning", "Remind me", value, source, "ok", str(days) if source == SAID else "")


def _said(settings: Settings, name: str) -> str:
    """What the person said about a setting that is also worked out; empty when they left it to us."""
    return str(getattr(settings, name) or "") if name in settings.sources else ""


def _apple_id(world: World, settings: Settings) -> SetupRow:
    if said := settings.apple_ids.get(DEFAULT_ACCOUNT):
        return SetupRow("apple-id", "Apple ID", said, SAID, "ok", said)
    if written := apple_id_on_command_line(DEFAULT_ACCOUNT, world):
        return SetupRow("apple-id", "Apple ID", written, f"as CronJob {CRON_JOB_BASE} has it", "ok")
    if seen := settings.seen_apple_ids.get(DEFAULT_ACCOUNT):
        return SetupRow("apple-id", "Apple ID", seen, "as you signed in last", "ok")
    secret = world.secrets.get(SECRET_BASE)
    if isinstance(secret, Found) and "username" in secret.value.keys:
        value, source = f"in Secret {SECRET_BASE}", "its key username, read when you sign in"
        return SetupRow("apple-id", "Apple ID", value, source, "ok")
    return SetupRow("apple-id", "Apple ID", "", "the only thing that can't be known", "ask")


def _said_application(world: World, settings: Settings) -> SetupRow:
    name = settings.application
    match world.applications:
        case Found() if isinstance(world.application, Found) and world.application.value.meta.name == name:
            where = world.application.value.meta.namespace
            return SetupRow("argocd", "Argo CD", f"{name} in {where}", SAID, "ok", name)
        case Found(value=page) if not page.more:
            return SetupRow("argocd", "Argo CD", name, f"{SAID}, but no application is called that", "wrong", name)
        case Missing():
            return SetupRow("argocd", "Argo CD", name, f"{SAID}, but Argo CD is not installed", "wrong", name)
        case _:
            return SetupRow("argocd", "Argo CD", name, f"{SAID}; the applications could not be read", "unknown", name)


def _said_immich(world: World, namespace: str) -> SetupRow:
    match world.immich:
        case Found(value=immich) if immich.namespace == namespace:
            return replace(_immich(world), source=f"{SAID}, and it is there", said=namespace)
        case Found(value=immich):
            source = f"{SAID}, but it was found in {immich.namespace}"
            return SetupRow("immich", "Immich", f"in {namespace}", source, "wrong", namespace)
        case Missing():
            return SetupRow("immich", "Immich", f"in {namespace}", f"{SAID}, but it is not there", "wrong", namespace)
        case _:
            source = f"{SAID}; it could not be looked for"
            return SetupRow("immich", "Immich", f"in {namespace}", source, "unknown", namespace)


def _host_name(world: World, settings: Settings) -> SetupRow:
    ingresses = world.ingresses.value.items if isinstance(world.ingresses, Found) else ()
    immich = world.immich.value if isinstance(world.immich, Found) else None
    rules = [(item, rule) for item in ingresses for rule in item.rules if immich and is_of_immich(item, rule, immich)]
    hosts = [(rule.host, f"{item.meta.namespace}/{item.meta.name}") for item, rule in rules if rule.host]
    if said := settings.host_name:
        leads = next((name for host, name in hosts if host == said), "")
        source = f"{SAID}, and Ingress {leads} has it" if leads else f"{SAID}; no Ingress leads from it to Immich yet"
        return SetupRow("host-name", "Address", said, source, "ok" if leads else "missing", said)
    if hosts:
        return SetupRow("host-name", "Address", hosts[0][0], f"as Ingress {hosts[0][1]} has it", "ok")
    return SetupRow("host-name", "Address", "none yet", "iteration 6 is about it", "missing")


def _access(world: World) -> SetupRow:
    known = [access for access in world.access if access.allowed is not None]
    if not known:
        return SetupRow("access", "You may", "not known", "access reviews were not answered", "unknown")
    refused = [access for access in known if not access.allowed]
    writes = [access for access in refused if access.verb not in ("get", "list", "watch")]
    unread = [access for access in refused if access.verb in ("get", "list", "watch")]
    unanswered = [access for access in world.access if access.allowed is None]
    if not refused and not unanswered:
        return SetupRow("access", "You may", "read all that is needed, write, exec", "from access reviews", "ok")
    parts = []
    if writes:
        parts.append(
            f"not {writes[0].verb} {writes[0].resource}" + (f" and {len(writes) - 1} more" if len(writes) > 1 else "")
        )
    if unread:
        parts.append(f"not read {unread[0].resource}" + (f" and {len(unread) - 1} more" if len(unread) > 1 else ""))
    if unanswered:
        more = f" and {len(unanswered) - 1} more" if len(unanswered) > 1 else ""
        parts.append(f"not known whether {unanswered[0].verb} {unanswered[0].resource}{more}")
    state = "missing" if refused else "unknown"
    return SetupRow("access", "You may", ", ".join(parts), "from access reviews", state)


def _storage(world: World) -> SetupRow:
    match world.storage_classes:
        case Found(value=page) if page.items:
            default = next((item for item in page.items if item.default), None)
            chosen = default or page.items[0]
            waits = " (waits for first consumer)" if chosen.binding_mode == "WaitForFirstConsumer" else ""
            source = "the only class" if len(page.items) == 1 else "the default of " + str(len(page.items))
            if not default and len(page.items) > 1:
                return SetupRow(
                    "storage", "Storage", "no default class", f"{len(page.items)} classes, none is the default", "ask"
                )
            return SetupRow("storage", "Storage", chosen.meta.name + waits, source, "ok")
        case Unreadable(message=message):
            return SetupRow("storage", "Storage", "not known", message, "unknown")
        case _:
            return SetupRow("storage", "Storage", "no storage class", "the cluster has none", "missing")


def _argocd(world: World) -> SetupRow:
    match world.applications:
        case Found(value=page):
            where = Counter(app.meta.namespace for app in page.items).most_common(1)
            count = (
                f"{'at least ' if page.more else ''}{len(page.items)} application{'' if len(page.items) == 1 else 's'}"
            )
            return SetupRow(
                "argocd",
                "Argo CD",
                f"in {where[0][0]}, {count}" if where else "no applications yet",
                "found by its kind",
                "ok",
            )
        case Missing():
            return SetupRow("argocd", "Argo CD", "not installed", "the cluster does not know its kind", "missing")
        case Unreadable(message=message):
            return SetupRow("argocd", "Argo CD", "not known", message, "unknown")


def followed_source(world: World) -> tuple[AppSource, str] | None:
    """The repository that our application, its parent, or most others follow, and which of them says so."""
    if isinstance(world.application, Found) and world.application.value.sources:
        app = world.application.value
        parent = world.parent_application
        name = (
            parent.value.meta.name
            if isinstance(parent, Found)
            else app.meta.annotations.get(TRACKING_ID, "").split(":")[0]
        )
        via = f', itself from "{name}"' if name else ""
        return app.sources[0], f'from application "{app.meta.name}"{via}'
    if isinstance(world.applications, Found):
        sources = [source for app in world.applications.value.items for source in app.sources if source.path]
        popular = Counter((source.repo_url, source.target_revision) for source in sources).most_common(1)
        if popular:
            (repo, revision), count = popular[0]
            return AppSource(repo, revision), f"{count} of the applications follow it"
    return None


def _git(world: World, settings: Settings) -> SetupRow:
    followed = followed_source(world)
    if followed is None:
        return SetupRow("git", "Git", "not known", _why_no_source(world), "unknown")
    source, why = followed
    repo = source.repo_url.removeprefix("https://").removesuffix(".git")
    checkout = f", your copy {settings.git_checkout}" if settings.git_checkout else ""
    return SetupRow("git", "Git", f"{repo}, {source.target_revision or 'HEAD'}{checkout}", why, "ok")


def _why_no_source(world: World) -> str:
    match world.applications:
        case Found():
            return "no application follows a repository"
        case Missing():
            return "the applications would say, and there is no Argo CD"
        case _:
            return "the applications would say, and could not be read"


def _immich(world: World) -> SetupRow:
    match world.immich:
        case Found(value=immich):
            version = f"{immich.version} " if immich.version else ""
            port = f", port {immich.port}" if immich.port else ""
            return SetupRow("immich", "Immich", f"{version}in {immich.namespace}{port}", "found by its image", "ok")
        case Missing():
            return SetupRow("immich", "Immich", "not found", "iteration 5 is about it", "missing")
        case Unreadable(message=message):
            return SetupRow("immich", "Immich", "not known", message, "unknown")


def _ingress(world: World) -> SetupRow:
    match world.ingress_classes:
        case Found(value=page) if page.items:
            example = pattern_ingress(world)
            if example and example.class_name:
                return SetupRow(
                    "ingress",
                    "Ingress",
                    f"{example.class_name}, as in {example.meta.namespace}/{example.meta.name}",
                    "the most used class",
                    "ok",
                )
            chosen = next((item for item in page.items if item.default), page.items[0])
            return SetupRow(
                "ingress",
                "Ingress",
                chosen.meta.name,
                "the default class" if chosen.default else "the first class",
                "ok",
            )
        case Unreadable(message=message):
            return SetupRow("ingress", "Ingress", "not known", message, "unknown")
        case _:
            return SetupRow("ingress", "Ingress", "no ingress class", "the cluster has none", "missing")


def _time_zone(world: World, settings: Settings) -> SetupRow:
    jobs = world.cron_jobs.value.items if isinstance(world.cron_jobs, Found) else ()
    job = next((job for job in jobs if job.meta.name == CRON_JOB_BASE), None)
    written = job.time_zone if job else ""
    if said := _said(settings, "time_zone"):
        source = f"{SAID}; CronJob {CRON_JOB_BASE} has {written}" if written and written != said else SAID
        return SetupRow("time-zone", "Time zone", said, source, "ok", said)
    if written:
        return SetupRow("time-zone", "Time zone", written, f"as CronJob {CRON_JOB_BASE} has it", "ok")
    zone = settings.time_zone
    source = "from this machine" if zone else "this machine does not say"
    return SetupRow("time-zone", "Time zone", zone or "not known", source, "ok" if zone else "ask")
