"""What was worked out about the person's setup: the rows of the first-run screen. Pure functions of World and Settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from wizard.choice_values import YOUR_CHOICE, source_of, value_of
from wizard.choices import (
    APPLE_ID,
    APPLICATION,
    CHOICES,
    CRON_JOB,
    GIT_CHECKOUT,
    HOST_NAME,
    IMMICH_NAMESPACE,
    SECRET,
    STORAGE_CLASS,
    TIME_ZONE,
    WARNING_DAYS,
)
from wizard.facts.accounts import apple_id_on_command_line
from wizard.facts.ingresses import is_of_immich, pattern_ingress
from wizard.settings import DEFAULT_ACCOUNT, STATE, Choice, Settings
from wizard.worked_out import followed_source
from wizard.world import Found, Missing, Unreadable, World


@dataclass(frozen=True, slots=True)
class SetupRow:
    """One row: its `id` is that of its choice ("host_name"), or of a fact about the cluster ("cluster", "namespace", "access",
    "git", "ingress"); a label, the value in a person's words, where it came from, and `state` ok, missing, ask, unknown or
    wrong (what the person said isn't there). `said` is what the person said, as it can be taken back; `options` are values
    that the cluster offers; `advanced` rows are for those who ask for them: rarely changed, and left as they are."""

    id: str
    label: str
    value: str
    source: str
    state: str
    said: str = ""
    options: tuple[str, ...] = ()
    advanced: bool = False


def setup_rows(world: World, settings: Settings, choices: Iterable[Choice[Any]] = CHOICES) -> tuple[SetupRow, ...]:
    """Every row of "Is this your setup?", top to bottom: first what most people care about, then every other choice."""
    first = [row(world, settings) for row in _FIRST]
    ids = {row.id for row in first}
    others = sorted((choice for choice in choices if choice.id not in ids), key=lambda choice: choice.advanced)
    return (*first, *(_row(choice, world, settings) for choice in others))


def _row(choice: Choice[Any], world: World, settings: Settings) -> SetupRow:
    value, source = value_of(choice, world, settings)
    if value is None:
        return _of(choice, "unknown", "not set anywhere", "missing", world, settings)
    return _of(choice, choice.text(value) or "none", source, "ok", world, settings)


def _of(choice: Choice[Any], value: str, source: str, state: str, world: World, settings: Settings) -> SetupRow:
    """The row of a choice, with what can be taken back and what there is to choose from."""
    said = choice.text(settings[choice]) if settings.sources.get(choice.id) == STATE else ""
    options = choice.options(world) if choice.options else choice.words
    advanced = choice.advanced and not settings.is_said(choice)
    return SetupRow(choice.id, choice.label, value, source, state, said, options, advanced)


def _cluster(world: World, settings: Settings) -> SetupRow:
    speed = f", {world.latency_ms:.0f} ms" if world.latency_ms is not None else ""
    version = f", Kubernetes {world.version.value.git}" if isinstance(world.version, Found) else ""
    name = world.cluster.context or world.cluster.server
    source = settings.sources.get("context", "from kubeconfig, current context")
    return SetupRow("cluster", "Cluster", f"{name}{version}", source + speed, "ok")


def _namespace(_: World, settings: Settings) -> SetupRow:
    source = settings.sources.get("namespace", "the default")
    return SetupRow("namespace", "Namespace", settings.namespace, source, "ok")


def _warning(world: World, settings: Settings) -> SetupRow:
    days, source = value_of(WARNING_DAYS, world, settings)
    value = f"{days} {'day' if days == 1 else 'days'} before Apple's session ends"
    return _of(WARNING_DAYS, value, source, "ok", world, settings)


def _apple_id(world: World, settings: Settings) -> SetupRow:
    if chosen := settings.apple_ids.get(DEFAULT_ACCOUNT):
        source = source_of(APPLE_ID, settings) if settings.is_said(APPLE_ID) else YOUR_CHOICE
        return _of(APPLE_ID, chosen, source, "ok", world, settings)
    if written := apple_id_on_command_line(DEFAULT_ACCOUNT, world, settings):
        return _of(APPLE_ID, written, f"from CronJob {settings[CRON_JOB]}", "ok", world, settings)
    if last := settings.seen_apple_ids.get(DEFAULT_ACCOUNT):
        return _of(APPLE_ID, last, "from your last sign-in", "ok", world, settings)
    secret = world.secrets.get(settings[SECRET])
    if isinstance(secret, Found) and "username" in secret.value.keys:
        value, source = f"in Secret {settings[SECRET]}", "its key username, read when you sign in"
        return _of(APPLE_ID, value, source, "ok", world, settings)
    return _of(APPLE_ID, "", "the only thing that can't be worked out", "ask", world, settings)


def _argocd(world: World, settings: Settings) -> SetupRow:
    value, source, state = (
        _chosen_application(world, settings) if settings.is_said(APPLICATION) else _applications(world)
    )
    return _of(APPLICATION, value, source, state, world, settings)


def _chosen_application(world: World, settings: Settings) -> tuple[str, str, str]:
    name, source = settings[APPLICATION], source_of(APPLICATION, settings)
    match world.applications:
        case Found() if isinstance(world.application, Found) and world.application.value.meta.name == name:
            return f"{name} in {world.application.value.meta.namespace}", source, "ok"
        case Found(value=page) if not page.more:
            return name, f"{source}, but there is no such Application", "wrong"
        case Missing():
            return name, f"{source}, but Argo CD is not installed", "wrong"
        case _:
            return name, f"{source}; the applications could not be read", "unknown"


def _applications(world: World) -> tuple[str, str, str]:
    match world.applications:
        case Found(value=page):
            where = Counter(app.meta.namespace for app in page.items).most_common(1)
            at_least, number = "at least " if page.more else "", len(page.items)
            count = f"{at_least}{number} application{'' if number == 1 else 's'}"
            return f"in {where[0][0]}, {count}" if where else "no applications yet", "found by its kind", "ok"
        case Missing():
            return "not installed", "the cluster does not know its kind", "missing"
        case Unreadable(message=message):
            return "unknown", message, "unknown"


def _immich(world: World, settings: Settings) -> SetupRow:
    namespace = settings[IMMICH_NAMESPACE]
    value, source, state = _chosen_immich(world, settings, namespace) if namespace else _found_immich(world)
    return _of(IMMICH_NAMESPACE, value, source, state, world, settings)


def _chosen_immich(world: World, settings: Settings, namespace: str) -> tuple[str, str, str]:
    source = source_of(IMMICH_NAMESPACE, settings)
    match world.immich:
        case Found(value=immich) if immich.namespace == namespace:
            return _found_immich(world)[0], f"{source}, and it is there", "ok"
        case Found(value=immich):
            return f"in {namespace}", f"{source}, but it was found in {immich.namespace}", "wrong"
        case Missing():
            return f"in {namespace}", f"{source}, but it is not there", "wrong"
        case _:
            return f"in {namespace}", f"{source}; it could not be checked", "unknown"


def _found_immich(world: World) -> tuple[str, str, str]:
    match world.immich:
        case Found(value=immich):
            version = f"{immich.version} " if immich.version else ""
            port = f", port {immich.port}" if immich.port else ""
            return f"{version}in {immich.namespace}{port}", "found by its image", "ok"
        case Missing():
            return "not found", "see step 5", "missing"
        case Unreadable(message=message):
            return "unknown", message, "unknown"


def _host_name(world: World, settings: Settings) -> SetupRow:
    ingresses = world.ingresses.value.items if isinstance(world.ingresses, Found) else ()
    immich = world.immich.value if isinstance(world.immich, Found) else None
    rules = [(item, rule) for item in ingresses for rule in item.rules if immich and is_of_immich(item, rule, immich)]
    hosts = [(rule.host, f"{item.meta.namespace}/{item.meta.name}") for item, rule in rules if rule.host]
    if chosen := settings[HOST_NAME]:
        leads = next((name for host, name in hosts if host == chosen), "")
        fact = f", and Ingress {leads} uses it" if leads else "; no Ingress leads from it to Immich yet"
        source = source_of(HOST_NAME, settings) + fact
        return _of(HOST_NAME, chosen, source, "ok" if leads else "missing", world, settings)
    if hosts:
        return _of(HOST_NAME, hosts[0][0], f"from Ingress {hosts[0][1]}", "ok", world, settings)
    return _of(HOST_NAME, "none yet", "see step 6", "missing", world, settings)


def _access(world: World, _: Settings) -> SetupRow:
    answered = [access for access in world.access if access.allowed is not None]
    if not answered:
        return SetupRow("access", "Permissions", "unknown", "access reviews were not answered", "unknown")
    refused = [access for access in answered if not access.allowed]
    writes = [access for access in refused if access.verb not in ("get", "list", "watch")]
    unread = [access for access in refused if access.verb in ("get", "list", "watch")]
    unanswered = [access for access in world.access if access.allowed is None]
    if not refused and not unanswered:
        return SetupRow("access", "Permissions", "all that are needed", "from access reviews", "ok")
    parts = []
    if writes:
        parts.append(
            f"can't {writes[0].verb} {writes[0].resource}" + (f" and {len(writes) - 1} more" if len(writes) > 1 else "")
        )
    if unread:
        parts.append(f"can't read {unread[0].resource}" + (f" and {len(unread) - 1} more" if len(unread) > 1 else ""))
    if unanswered:
        more = f" and {len(unanswered) - 1} more" if len(unanswered) > 1 else ""
        parts.append(f"unknown: {unanswered[0].verb} {unanswered[0].resource}{more}")
    state = "missing" if refused else "unknown"
    return SetupRow("access", "Permissions", ", ".join(parts), "from access reviews", state)


def _storage(world: World, settings: Settings) -> SetupRow:
    return _of(STORAGE_CLASS, *_class_in_words(world, settings), world, settings)


def _class_in_words(world: World, settings: Settings) -> tuple[str, str, str]:
    name, source = value_of(STORAGE_CLASS, world, settings)
    match world.storage_classes:
        case Found(value=page):
            chosen = next((item for item in page.items if item.meta.name == name), None)
            if chosen:
                waits = " (waits for first consumer)" if chosen.binding_mode == "WaitForFirstConsumer" else ""
                return chosen.meta.name + waits, source, "ok"
            if name:
                return name, f"{source}, but there is no such class", "unknown" if page.more else "wrong"
            if page.items:
                return "no default class", f"{len(page.items)} classes, none is the default", "ask"
            return "no storage class", "the cluster has none", "missing"
        case Unreadable() if name:
            return name, f"{source}; the classes could not be read", "unknown"
        case Unreadable(message=message):
            return "unknown", message, "unknown"
        case Missing():
            return name or "no storage class", "the cluster has none", "wrong" if name else "missing"


def _git(world: World, settings: Settings) -> SetupRow:
    followed = followed_source(world)
    if followed is None:
        return SetupRow("git", "Git", "unknown", _why_no_source(world), "unknown")
    source, why = followed
    repo = source.repo_url.removeprefix("https://").removesuffix(".git")
    checkout = f", your clone {copy}" if (copy := settings[GIT_CHECKOUT]) else ""
    return SetupRow("git", "Git", f"{repo}, {source.target_revision or 'HEAD'}{checkout}", why, "ok")


def _why_no_source(world: World) -> str:
    match world.applications:
        case Found():
            return "no application follows a repository"
        case Missing():
            return "Argo CD's applications would say, but there is no Argo CD"
        case _:
            return "Argo CD's applications would say, but could not be read"


def _ingress(world: World, _: Settings) -> SetupRow:
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
            return SetupRow("ingress", "Ingress", "unknown", message, "unknown")
        case _:
            return SetupRow("ingress", "Ingress", "no ingress class", "the cluster has none", "missing")


def _time_zone(world: World, settings: Settings) -> SetupRow:
    zone, source = value_of(TIME_ZONE, world, settings)
    if zone is None:
        return _of(TIME_ZONE, "unknown", "this machine does not say", "ask", world, settings)
    written = TIME_ZONE.work_out(world, settings) if TIME_ZONE.work_out else None
    differs = f"; CronJob {settings[CRON_JOB]} has {written.value}" if written and written.value != zone else ""
    return _of(TIME_ZONE, zone, source + differs, "ok", world, settings)


_FIRST = (
    *(_cluster, _namespace, _access, _storage, _argocd, _git, _immich, _ingress),
    *(_host_name, _time_zone, _apple_id, _warning),
)
"""What the first screen shows, top to bottom."""
