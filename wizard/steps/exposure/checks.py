"""Iteration 6: an Ingress of the cluster's own pattern leads to Immich, and Immich knows its address."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from wizard.choices import CRON_JOB, HOST_NAME, SKIPPED
from wizard.command import kubectl
from wizard.facts.ingresses import immich_routes, ingresses_around, pattern_ingress
from wizard.facts.objects import items
from wizard.iterations import iteration
from wizard.model import Blocker, Finding, Severity, Status
from wizard.settings import Settings
from wizard.steps.base import Need, Step, unknown
from wizard.steps.exposure.table import ingresses_table
from wizard.world import Found, Ingress, IngressRule, Missing, Unreadable, World

NGINX = "k8s.io/ingress-nginx"
BODY_SIZE = "nginx.ingress.kubernetes.io/proxy-body-size"


def check_ingress(world: World, settings: Settings) -> Iterator[Finding]:
    match world.immich:
        case Missing() if "immich" in settings[SKIPPED]:
            yield Finding(
                "exposure.immich-elsewhere",
                Severity.UNKNOWN,
                "Immich runs elsewhere, so whether it can be reached from outside can't be seen from here.",
                why="Only this cluster's Ingresses are looked at.",
                fix="Skip this step as well.",
                implies=Status.UNKNOWN,
            )
            return
        case Missing():
            yield Finding(
                "exposure.waits-for-immich",
                Severity.INFO,
                "Waits for step 5: there is no Immich to expose.",
                implies=Status.PENDING,
            )
            return
        case Unreadable():
            yield unknown("exposure.immich-unreadable", "Whether Immich is in this cluster", world.immich)
            return
        case _:
            pass
    read = ingresses_around(world)
    if isinstance(read, Unreadable):
        yield unknown("exposure.ingresses-unreadable", "The cluster's Ingresses", read)
        return
    routes = immich_routes(world)
    if not routes:
        yield from _no_route(world, settings)
        return
    checked: set[str] = set()
    for item, _ in routes:
        if item.meta.uid + item.meta.name not in checked:
            checked.add(item.meta.uid + item.meta.name)
            yield from _ingress(item, [rule for other, rule in routes if other is item], world)
    hosts = [rule.host for _, rule in routes if rule.host]
    if settings[HOST_NAME] and hosts and settings[HOST_NAME] not in hosts:
        yield Finding(
            "exposure.other-host",
            Severity.WARNING,
            f"Immich is published at {', '.join(hosts)}, not at {settings[HOST_NAME]}.",
            evidence={"ingress hosts": ", ".join(hosts), "wanted": settings[HOST_NAME]},
            why="The host name that you gave leads nowhere.",
            fix="Correct the Ingress's host, or give the wizard the other name.",
            implies=Status.ACTION_REQUIRED,
        )
    yield from _external_url(hosts, world)


def _no_route(world: World, settings: Settings) -> Iterator[Finding]:
    read = ingresses_around(world)
    if isinstance(read, Found) and read.value.more:
        yield Finding(
            "exposure.ingress-not-seen",
            Severity.UNKNOWN,
            f"No Ingress among the first {len(read.value.items)} leads to Immich, and there are more.",
            why="Only one page of other people's objects is read.",
            commands=(kubectl("get", "ingress", "-A"),),
            implies=Status.UNKNOWN,
        )
        return
    pattern = pattern_ingress(world)
    example = (
        f" Use {pattern.meta.namespace}/{pattern.meta.name} as the pattern (class {pattern.class_name or 'none'})."
        if pattern
        else ""
    )
    host = settings[HOST_NAME] or "your host name"
    yield Finding(
        "exposure.ingress-missing",
        Severity.ERROR,
        "No Ingress leads to Immich yet.",
        evidence={"ingresses looked at": len(items(read))},
        why="The wizard looks only at Ingresses. A Gateway's HTTPRoute, an IngressRoute, a Route or a Service of type LoadBalancer "
        "may lead to it anyway.",
        fix=f"Create one from {host} to Immich's Service.{example} If something else leads to it already, skip this step.",
        commands=(kubectl("get", "ingress", pattern.meta.name, "-o", "yaml", namespace=pattern.meta.namespace),)
        if pattern
        else (),
        implies=Status.ACTION_REQUIRED,
        blocker=Blocker(
            "P1",
            "No Ingress leads to Immich",
            ("iteration_6", "iteration_7"),
            user_action_required=True,
            estimated_minutes=5,
            ready_when=("An Ingress leads to Immich's Service", "Immich's external domain is that host name"),
        ),
    )


def _ingress(item: Ingress, rules: list[IngressRule], world: World) -> Iterator[Finding]:
    where = f"ingress/{item.meta.namespace}/{item.meta.name}"
    hosts = ", ".join(dict.fromkeys(rule.host or "*" for rule in rules))
    classes = {ingress_class.meta.name: ingress_class for ingress_class in items(world.ingress_classes)}
    controller = classes[item.class_name].controller if item.class_name in classes else ""
    all_classes_read = isinstance(world.ingress_classes, Found) and not world.ingress_classes.value.more
    if (
        not item.class_name
        and all_classes_read
        and not any(ingress_class.default for ingress_class in classes.values())
    ):
        yield Finding(
            "exposure.no-class",
            Severity.WARNING,
            f"Ingress {item.meta.name} names no class, and no class is the default.",
            evidence={f"{where} ingressClassName": "(none)", "ingress classes": ", ".join(classes) or "none"},
            why="Most controllers ignore such an Ingress.",
            fix="Name a class from the list.",
            implies=None if item.addresses else Status.ACTION_REQUIRED,
        )
    if item.class_name and all_classes_read and item.class_name not in classes:
        yield Finding(
            "exposure.class-missing",
            Severity.ERROR,
            f"Ingress {item.meta.name} names the class {item.class_name}, which this cluster does not have.",
            evidence={f"{where} ingressClassName": item.class_name, "ingress classes": ", ".join(classes) or "none"},
            why="No controller is responsible for it.",
            fix="Use a class from the list.",
            commands=(kubectl("get", "ingressclass"),),
            implies=Status.ACTION_REQUIRED,
        )
    if item.addresses:
        yield Finding(
            "exposure.ingress",
            Severity.OK,
            f"Ingress {item.meta.name} leads from {hosts} to Immich.",
            evidence={f"{where} status.loadBalancer": ", ".join(item.addresses)},
        )
    else:
        yield Finding(
            "exposure.no-address",
            Severity.WARNING,
            f"Ingress {item.meta.name} has no address yet.",
            evidence={f"{where} status.loadBalancer": "empty"},
            why="Its controller has not picked it up, or does not publish addresses (Traefik: publishedService; bare metal: MetalLB). Argo CD shows Progressing because of it.",
            fix="Check whether the controller is running, and whether it answers for the host anyway.",
            commands=(kubectl("describe", "ingress", item.meta.name, namespace=item.meta.namespace),),
            implies=Status.IN_PROGRESS,
        )
    paths = [rule.path or "/" for rule in rules]
    if not any(path.rstrip("/*") == "" for path in paths):
        only_api = any(path.startswith("/api") for path in paths)
        yield Finding(
            "exposure.well-known-not-routed" if only_api else "exposure.sub-path",
            Severity.ERROR,
            "Immich's app can't find it: /.well-known/immich is not routed."
            if only_api
            else f"Immich is published below {paths[0]}, which it does not support.",
            evidence={f"{where} paths": ", ".join(paths)},
            why="Immich works only at the root of its own host name.",
            fix="Use one rule with path / and pathType Prefix.",
            implies=Status.ACTION_REQUIRED,
        )
    if controller == NGINX and item.meta.annotations.get(BODY_SIZE, "").strip() != "0" and _megabytes(item) < 5_000:
        yield Finding(
            "exposure.body-size",
            Severity.WARNING,
            "Uploads of videos from the phone will fail: the Ingress accepts only small request bodies.",
            evidence={f"{where} {BODY_SIZE}": item.meta.annotations.get(BODY_SIZE, "(not set: 1m)")},
            why="The phone gets HTTP 413.",
            fix=f'Annotate it with {BODY_SIZE}: "0", and timeouts of 600 seconds.',
            commands=(
                kubectl(
                    *("annotate", "ingress", item.meta.name, f"{BODY_SIZE}=0", "--overwrite"),
                    namespace=item.meta.namespace,
                ),
            ),
        )
    if controller == NGINX:
        yield Finding(
            "exposure.nginx-retired",
            Severity.INFO,
            "The controller ingress-nginx is no longer maintained.",
            evidence={f"ingressclass/{item.class_name} controller": controller},
            fix="Plan to move to another controller or to Gateway API.",
        )
    if not item.tls:
        yield Finding(
            "exposure.no-tls",
            Severity.WARNING,
            f"{hosts} is served without TLS.",
            evidence={f"{where} spec.tls": "not set"},
            why="Passwords and photos cross the network in clear text, unless a tunnel or proxy in front encrypts them.",
            fix="Add a certificate (cert-manager), or put a tunnel in front.",
        )


def _megabytes(item: Ingress) -> float:
    text = item.meta.annotations.get(BODY_SIZE, "").strip().lower()
    units = {"k": 1 / 1024, "m": 1, "g": 1024}
    digits = text.rstrip("kmg")
    if not digits.isdigit():
        return 0
    return int(digits) * units.get(text[-1], 1 / 1024**2)


def origin(url: str) -> str:
    """Scheme, host and port of a URL, which is all that Immich keeps of it; empty for what is no URL."""
    parts = urlsplit(url.strip())
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""


def _external_url(hosts: list[str], world: World) -> Iterator[Finding]:
    if not isinstance(world.immich, Found):
        return
    domain = world.immich.value.external_domain
    evidence = {
        "/api/server/config externalDomain": domain if domain is not None else "not read",
        "ingress hosts": ", ".join(hosts) or "*",
    }
    if domain is None:
        yield Finding(
            "exposure.external-url-unreadable",
            Severity.UNKNOWN,
            "Immich's external URL could not be read.",
            evidence,
            fix="Step 5 says why Immich does not answer.",
            implies=Status.UNKNOWN,
        )
    elif urlsplit(origin(domain)).hostname in hosts:
        yield Finding("exposure.external-url", Severity.OK, f"Immich knows its address: {origin(domain)}.", evidence)
    else:
        yield Finding(
            "exposure.external-url-differs",
            Severity.WARNING,
            "Immich does not know its own address." if not domain else f"Immich thinks that its address is {domain}.",
            evidence,
            why="The links that it shares and mails point there.",
            fix="In Immich: Administration, Settings, Server, External domain.",
            implies=Status.ACTION_REQUIRED,
        )


def check_web_ui(world: World, settings: Settings) -> Iterator[Finding]:
    for item in items(world.ingresses):
        for rule in item.rules:
            if item.meta.namespace == settings.namespace and (
                settings[CRON_JOB].split("-")[0] in rule.service and rule.service != "immich-server"
            ):
                yield Finding(
                    "exposure.icloudpd-web-ui",
                    Severity.ERROR,
                    f"icloudpd's web page is published at {rule.host or '*'}: it takes the Apple password and has no login.",
                    evidence={f"ingress/{item.meta.namespace}/{item.meta.name}": f"{rule.service}:{rule.port}"},
                    why="Anyone who finds it can use it.",
                    fix="Delete this Ingress, or put authentication in front.",
                    commands=(kubectl("delete", "ingress", item.meta.name, namespace=item.meta.namespace),),
                    implies=Status.ACTION_REQUIRED,
                )
                return


STEP = Step(
    iteration("exposure"),
    "A host name that leads to Immich, the way this cluster's other applications are exposed. The phone needs it, and so do shared links.",
    (
        check_ingress,
        check_web_ui,
    ),
    table=ingresses_table,
    work="create an Ingress",
    needs=(Need("create", "ingresses.networking.k8s.io", "immich"),),
)
