"""Worlds in which the way in from outside is missing, wrong, or open to everybody; and one in which little may be seen."""

from __future__ import annotations

from dataclasses import replace

from wizard.demo.scenario import Scenario
from wizard.demo.scenarios.edits import (
    ARGOCD,
    OURS,
    changed,
    found,
    merged,
    with_objects,
    with_proxy,
    without,
    without_namespace,
)
from wizard.demo.scenarios.files import Object
from wizard.demo.scenarios.good import IMMICH, complete, immich_answers
from wizard.demo.scenarios.workloads import rolled_out

UNSEEN = (
    "secrets",
    "applications.argoproj.io",
    "appprojects.argoproj.io",
    "namespaces",
    "nodes",
    "persistentvolumes",
    "storageclasses.storage.k8s.io",
    "ingressclasses.networking.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
    "pods/exec",
    "pods/attach",
    "services/proxy",
)
READ_ONLY = (
    "configmaps",
    "cronjobs.batch",
    "deployments.apps",
    "ingresses.networking.k8s.io",
    "jobs.batch",
    "persistentvolumeclaims",
    "pods",
    "serviceaccounts",
    "services",
)


def http_only() -> Scenario:
    """No TLS anywhere: the Ingress has none, and no tunnel is in front."""
    scenario = merged(complete(), "Ingress", "immich-ingress", {"spec": {"tls": None}})
    scenario = without_namespace(without(scenario, "Application", "cloudflared", ARGOCD), "cloudflared")

    def forget(parent: Object) -> None:
        resources = parent["status"]["resources"]
        parent["status"]["resources"] = [item for item in resources if item["name"] != "cloudflared"]

    scenario = changed(scenario, "Application", "app-of-apps", forget, ARGOCD)
    return with_proxy(scenario, IMMICH, immich_answers(externalDomain="http://immich.example.com"))


def small_uploads() -> Scenario:
    """The Ingress was copied from mealie's, body size and all: videos from the phone are refused."""
    annotations = {
        "nginx.ingress.kubernetes.io/proxy-body-size": "50m",
        "nginx.ingress.kubernetes.io/proxy-read-timeout": None,
        "nginx.ingress.kubernetes.io/proxy-send-timeout": None,
    }
    return merged(complete(), "Ingress", "immich-ingress", {"metadata": {"annotations": annotations}})


def sub_path() -> Scenario:
    """Immich below a path of another host name, which it does not support; and no address from the controller."""

    def below(ingress: Object) -> None:
        rule = ingress["spec"]["rules"][0]
        rule["host"] = "home.example.com"
        rule["http"]["paths"][0]["path"] = "/immich"
        ingress["spec"]["tls"][0]["hosts"] = ["home.example.com"]
        ingress["status"] = {"loadBalancer": {}}

    return changed(complete(), "Ingress", "immich-ingress", below)


def web_ui_exposed() -> Scenario:
    """Icloudpd's own web page, which asks for the Apple password and has no login, is published to the internet."""
    scenario = complete()
    template = found(scenario, "CronJob", "icloudpd-sync")["spec"]["jobTemplate"]["spec"]["template"]
    spec = template["spec"] | {"restartPolicy": "Always"}
    container = spec["containers"][0]
    container["command"][-1] = container["command"][-1].replace(
        "--password-provider parameter", "--password-provider webui --mfa-provider webui --watch-with-interval 86400"
    )
    container["ports"] = [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
    labels = {"app": "icloudpd-web"}
    metadata: Object = {"namespace": OURS, "creationTimestamp": "{now-2d}"}
    deployment: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "icloudpd-web", "labels": labels} | metadata,
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
    service: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "icloudpd-web"} | metadata,
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.77.90",
            "clusterIPs": ["10.96.77.90"],
            "selector": labels,
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "targetPort": "http"}],
        },
        "status": {"loadBalancer": {}},
    }
    ingress = found(scenario, "Ingress", "immich-ingress")
    ingress["metadata"] = {"name": "icloudpd-web"} | metadata
    ingress["spec"] = {
        "ingressClassName": "nginx",
        "rules": [
            {
                "host": "icloudpd.example.com",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "icloudpd-web", "port": {"number": 8080}}},
                        }
                    ]
                },
            }
        ],
    }
    return with_objects(scenario, *rolled_out(deployment), service, ingress)


def restricted() -> Scenario:
    """Complete, seen by somebody who may look at photo-sync, but at no Secret, no Application and nothing cluster-wide."""
    hidden = tuple(f"* {resource}" for resource in UNSEEN)
    kept = tuple(f"{verb} {resource}" for resource in READ_ONLY for verb in ("create", "update", "patch", "delete"))
    return replace(complete(), denied=hidden + kept)
