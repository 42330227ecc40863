"""Iteration 2's other clients: pods on the session's volume that are there neither for a run nor for a sign-in."""

from __future__ import annotations

from wizard.accounts import AccountNames
from wizard.command import kubectl
from wizard.facts.objects import mounting_pods
from wizard.model import Finding, Severity, Status
from wizard.settings import is_auth_pod
from wizard.world import Pod, World


def other_clients(names: AccountNames, world: World) -> list[Pod]:
    """The pods that use the session's claim for something else than a run or a sign-in."""
    return [
        pod
        for pod in mounting_pods(world, names.config_claim)
        if not is_auth_pod(pod.meta.name) and not pod.meta.owner.startswith("Job/")
    ]


def other_client(clients: list[Pod], names: AccountNames) -> Finding:
    """The finding for such pods while no CronJob is there."""
    pod = clients[0]
    return Finding(
        "credentials.other-client",
        Severity.WARNING,
        f"Pod {pod.meta.name} uses the claim {names.config_claim}, so something else may already be syncing this account.",
        evidence={
            f"pod/{client.meta.name} of {client.meta.owner or 'nobody'}": ", ".join(
                container.image for container in client.spec.containers
            )
            for client in clients
        },
        why="Two programs on one account break each other's session, and Apple may lock the account.",
        fix="If it downloads the photos, keep it and don't set up another; otherwise stop it before you create the CronJob.",
        commands=(kubectl("logs", pod.meta.name, "--tail=20", namespace=pod.meta.namespace),),
        implies=Status.ACTION_REQUIRED,
    )
