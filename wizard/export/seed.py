"""The seed's "State for next iteration", told truthfully: null is what is not known or not there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from wizard.accounts import AccountNames
from wizard.choices import CONFIG_MAP, PHOTOS_CLAIM, SERVICE_ACCOUNT
from wizard.model import Blocker, Diagnosis, Report, Status
from wizard.settings import DEFAULT_ACCOUNT, Settings
from wizard.world import NOT_ASKED, Application, Found, Meta, Page, Read, World

SHORT_COMMIT = 7
DEFAULTS = Settings()


class _Named(Protocol):
    @property
    def meta(self) -> Meta: ...


def to_seed(report: Report, world: World | None = None, settings: Settings = DEFAULTS) -> dict[str, Any]:
    """The document that a next session starts from; every field is present always.

    `iteration` is the last one of the unbroken run of complete iterations, or the first wanted one while that is not.
    """
    reached = _reached(report)
    following = report.next_step
    return {
        "iteration": reached.iteration if reached else None,
        "status": (reached.status if reached else Status.COMPLETE).value,
        "argocd": _argocd(world),
        "resources": _resources(report, world, settings),
        "git": _git(world),
        "blockers": [_blocker(blocker) for blocker in _blockers(report)],
        "next_iteration": following.iteration if following else None,
        "next_iteration_ready_when": list(report.ready_when),
    }


def _reached(report: Report) -> Diagnosis | None:
    run: Diagnosis | None = None
    for step in report.included:
        if step.status is not Status.COMPLETE:
            return run or step
        run = step
    return run


def _blockers(report: Report) -> list[Blocker]:
    every = dict.fromkeys(blocker for step in report.steps for blocker in step.blockers)
    return sorted(every, key=lambda blocker: blocker.priority)


def _blocker(blocker: Blocker) -> dict[str, Any]:
    minutes = blocker.estimated_minutes
    return {
        "priority": blocker.priority,
        "issue": blocker.issue,
        "affects": list(blocker.affects),
        "user_action_required": blocker.user_action_required,
        "estimated_time": f"{minutes} minute{'' if minutes == 1 else 's'}",
    }


def _application(world: World | None) -> Application | None:
    return world.application.value if world and isinstance(world.application, Found) else None


def _argocd(world: World | None) -> dict[str, Any]:
    application = _application(world)
    return {
        "application_name": application.meta.name if application else None,
        "namespace": application.meta.namespace if application else None,
        "sync_status": (application.sync or None) if application else None,
        "health_status": (application.health or None) if application else None,
        "revision": (application.compared_revision or None) if application else None,
        "auto_sync": application.automated if application else None,
        "auto_prune": application.prune if application else None,
        "self_heal": application.self_heal if application else None,
    }


def _git(world: World | None) -> dict[str, Any]:
    application = _application(world)
    source = application.sources[0] if application and application.sources else None
    revision = application.compared_revision if application else ""
    return {
        "repository": source.repo_url if source else None,
        "branch": (source.target_revision or None) if source else None,
        "app_path": (source.path or None) if source else None,
        "commits": [revision[:SHORT_COMMIT]] if revision else [],
        "pushed": True if revision else None,
    }


def _resources(report: Report, world: World | None, settings: Settings) -> dict[str, Any]:
    accounts = [account.name for account in report.accounts] or [DEFAULT_ACCOUNT]
    names = [AccountNames.of(account, settings) for account in accounts]
    claims = _page(world.claims if world else NOT_ASKED)
    cron_jobs = _page(world.cron_jobs if world else NOT_ASKED)
    claim_names = [settings[PHOTOS_CLAIM], *(each.config_claim for each in names)]
    return {
        "namespace": report.namespace,
        "cronjob": names[0].cron_job if names[0].cron_job in (cron_jobs or ()) else None,
        "pvcs": None if claims is None else [name for name in claim_names if name in claims],
        "secret": _existing(names[0].secret, world.secrets.get(names[0].secret) if world else None),
        "configmap": _existing(settings[CONFIG_MAP], world.config_maps.get(settings[CONFIG_MAP]) if world else None),
        "serviceaccount": _existing(settings[SERVICE_ACCOUNT], world.service_account if world else None),
    }


def _page(read: Read[Any]) -> frozenset[str] | None:
    if not isinstance(read, Found):
        return None
    page: Page[_Named] = read.value
    items: Iterable[_Named] = page.items
    return frozenset(item.meta.name for item in items)


def _existing(name: str, read: Read[Any] | None) -> str | None:
    return name if isinstance(read, Found) else None
