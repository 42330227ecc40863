"""Where the iterations stand: precedence, what could not be read, what is not wanted, several accounts, what holds up what."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.names import PHOTOS_CLAIM
from tests.steps.worlds import (
    FORBIDDEN,
    GOOD_LOG,
    GOOD_SCRIPT,
    NOW,
    NS,
    SETTINGS,
    annotated,
    claim,
    complete,
    cron_job,
    fresh,
    job,
    list_of,
    log_of,
    meta,
    page,
    pod_spec,
    seed,
    with_annotations,
    with_auth,
    with_immich,
    with_option,
    with_run,
)
from wizard.annotations import SESSION_EXPIRES_AT, SESSION_VERIFIED_AT, VERIFIED_COUNTS
from wizard.choices import SKIPPED
from wizard.command import Address
from wizard.errors import Exit
from wizard.export.verdict import exit_code
from wizard.model import Finding, Report, SessionState, Severity, Status
from wizard.steps import STEPS, diagnose
from wizard.steps.base import blockers_of, status_of
from wizard.world import (
    Container,
    ContainerState,
    Found,
    Missing,
    Page,
    Pod,
    PodSpec,
    PodVolume,
    SecretKeys,
    Unreadable,
    World,
)

C, A, B, P, U = Status.COMPLETE, Status.ACTION_REQUIRED, Status.BLOCKED, Status.PENDING, Status.UNKNOWN
PRECEDENCE = (Status.FAILED, B, A, U, P, Status.IN_PROGRESS)
READS = {
    field.name
    for field in fields(World)
    if field.name not in ("taken_at", "cluster", "latency_ms", "requests", "access")
}
HANGS_ON: dict[str, set[str]] = {
    "namespace": set(),  # what is in it still tells
    "storage_classes": set(),  # the claims are Bound
    "claims": {"storage", "authentication", "immich", "verification"},
    "volumes": set(),
    "secrets": {"credentials"},
    "config_maps": {"credentials"},
    "service_account": {"credentials"},
    "cron_jobs": {"credentials", "verification"},
    "jobs": {"authentication", "verification"},
    "pods": {"authentication"},
    "job_pods": set(),
    "events": set(),
    "ingress_classes": set(),
    "ingresses": {"exposure"},
    "applications": set(),
    "application": {"argocd"},
    "parent_application": set(),
    "immich": {"immich", "exposure"},
    "auth_logs": set(),  # there is no auth pod
    "sync_logs": {"authentication", "verification"},
    "version": set(),
}


def statuses(world: World) -> dict[str, Status]:
    return {step.id: step.status for step in diagnose(world, SETTINGS).steps}


def ids(report: Report, step: str) -> list[str]:
    return [
        finding.id.removeprefix(step + ".")
        for each in report.steps
        if each.id == step
        for finding in each.findings
        if finding.severity is not Severity.OK
    ]


def implying(status: Status | None) -> Finding:
    return Finding("storage.x", Severity.ERROR, "x.", implies=status)


@pytest.mark.parametrize(
    ("worse", "better"), [(PRECEDENCE[i], PRECEDENCE[j]) for i, j in permutations(range(6), 2) if i < j]
)
def test_the_worse_status_wins(worse: Status, better: Status) -> None:
    assert status_of([implying(better), implying(None), implying(worse)]) is worse


def test_findings_that_stand_in_nobody_s_way_leave_it_complete() -> None:
    assert status_of([implying(None)]) is C
    assert status_of([]) is C


def test_the_seed_is_told_for_what_it_is() -> None:
    report = diagnose(seed(), SETTINGS)
    assert [step.status for step in report.steps][:7] == [C, A, A, C, B, P, P]
    assert len(report.included) == len(STEPS)
    assert report.percent == round(100 * report.complete / len(STEPS))
    assert report.next_step is not None
    assert report.next_step.iteration == 2
    assert report.ready_when == (
        "Secret icloud-credentials has every key that the workloads read (password is missing)",
    )
    assert ids(report, "storage") == ["pvc-wait-for-first-consumer"]
    assert ids(report, "credentials") == [
        "secret-key-missing",
        "schedule-outlives-session",
        "retries-hammer",
        "password-in-arguments",
        "substitution-unquoted",
        "image-latest",
        "configmap-unused",
        "until-found",
    ]
    assert ids(report, "authentication") == [
        "auth-pod-not-waiting",
        "arguments-wrong",
        "file-missing",
        "session-unverified",
    ]
    assert ids(report, "argocd") == ["claims-unprotected", "progressing-explained", "self-heal"]
    assert ids(report, "immich") == ["not-installed"]
    assert ids(report, "exposure") == ["waits-for-immich"]
    assert ids(report, "verification") == ["waits"]
    assert report.accounts[0].session.state is SessionState.UNVERIFIED


def test_the_seed_s_blockers_say_who_waits_and_until_when() -> None:
    blockers = [blocker for step in diagnose(seed(), SETTINGS).steps for blocker in step.blockers]
    assert [(blocker.priority, blocker.issue, blocker.estimated_minutes) for blocker in blockers] == [
        ("P0", "Secret icloud-credentials has no key password", 1),
        ("P1", "iCloud authentication incomplete", 5),
        ("P0", "Immich not installed", 25),
    ]
    assert all(blocker.ready_when for blocker in blockers)


def test_a_complete_world_has_nothing_to_complain_about() -> None:
    report = diagnose(complete(), SETTINGS)
    assert {step.status for step in report.steps} == {C}
    loud = [finding for step in report.steps for finding in step.findings if finding.severity not in ("ok", "info")]
    assert loud == []
    assert report.percent == 100
    assert report.accounts[0].session.days_left == 21


def test_a_fresh_cluster_begins_with_storage() -> None:
    report = diagnose(fresh(), SETTINGS)
    assert [step.status for step in report.steps][:7] == [A, P, P, P, B, P, P]
    assert report.next_step is not None
    assert report.next_step.id == "storage"


def unreadable(world: World, part: str) -> World:
    value: Any = getattr(world, part)
    hidden: Any = dict.fromkeys(value, FORBIDDEN) if isinstance(value, dict) else FORBIDDEN
    return replace(world, **{part: hidden})


def test_every_part_of_a_world_is_considered() -> None:
    assert set(HANGS_ON) == READS


@pytest.mark.parametrize("part", sorted(READS))
def test_nothing_is_complete_whose_ground_could_not_be_read(part: str) -> None:
    after = statuses(unreadable(complete(), part))
    assert {step for step, status in after.items() if status is not C} == HANGS_ON[part]
    assert all(after[step] in (U, P) for step in HANGS_ON[part])


@pytest.mark.parametrize("part", ["secrets", "config_maps"])
def test_what_was_not_asked_for_is_not_taken_for_there(part: str) -> None:
    empty: Any = {}
    assert statuses(replace(complete(), **{part: empty}))["credentials"] is U


def test_a_running_auth_pod_whose_log_may_not_be_read_is_not_cleaned_up() -> None:
    assert statuses(replace(with_auth(complete()), auth_logs={"icloudpd-auth": FORBIDDEN}))["authentication"] is U


@settings(deadline=None, derandomize=True, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_mixture_of_found_missing_and_unreadable_raises(data: st.DataObject) -> None:
    worlds = (complete(), seed(), fresh())
    changes: dict[str, Any] = {}
    for part in sorted(READS):
        value = getattr(data.draw(st.sampled_from(worlds), label=part), part)
        gone = data.draw(st.sampled_from((None, Missing(), Missing(kind_installed=False), Unreadable("timeout", "x"))))
        changes[part] = value if gone is None else dict.fromkeys(value, gone) if isinstance(value, dict) else gone
    report = diagnose(replace(complete(), **changes), SETTINGS)
    assert len(report.steps) == len(STEPS)
    assert len(report.pipeline) == 5


def test_what_is_not_wanted_does_not_count() -> None:
    skipped = SETTINGS.having(SKIPPED, ("argocd", "immich", "exposure"))
    report = diagnose(replace(seed(), application=Missing(kind_installed=False)), skipped)
    assert [step.status for step in report.steps if step.id in skipped[SKIPPED]] == [Status.SKIPPED] * 3
    assert len(report.included) == len(STEPS) - 3
    assert report.complete == sum(step.status is C for step in report.steps)


def test_without_immich_here_two_counts_are_enough_and_nobody_waits_for_it() -> None:
    elsewhere = SETTINGS.having(SKIPPED, ("immich", "exposure"))
    world = with_annotations(complete(), PHOTOS_CLAIM, **{VERIFIED_COUNTS: '{"icloud": 5, "volume": 5}'})
    report = diagnose(replace(world, immich=Missing()), elsewhere)
    assert report.steps[6].status is C
    assert [(hop.name, hop.state) for hop in report.pipeline][3:] == [("Immich", "unknown"), ("you", "unknown")]


def family(*, anna_verified: bool) -> World:
    world = complete()
    session = {SESSION_EXPIRES_AT: (NOW + timedelta(days=12)).isoformat(), SESSION_VERIFIED_AT: NOW.isoformat()}
    theirs = claim("icloudpd-config-anna", "1Gi")
    spec = pod_spec(cron_job().spec.containers[0].command[-1].replace("icloud-import", "icloud-import/anna"))
    volumes = tuple(
        replace(one, ref=one.ref + "-anna") if one.name in ("credentials", "config") else one for one in spec.volumes
    )
    last = replace(
        job("icloudpd-sync-anna-1", manual=True), meta=meta("icloudpd-sync-anna-1", owner="CronJob/icloudpd-sync-anna")
    )
    return replace(
        world,
        claims=page(*list_of(world.claims), annotated(theirs, **session) if anna_verified else theirs),
        secrets={
            **world.secrets,
            "icloud-credentials-anna": Found(SecretKeys(meta("icloud-credentials-anna"), "Opaque", ("username",))),
        },
        cron_jobs=page(
            *list_of(world.cron_jobs),
            cron_job(meta=meta("icloudpd-sync-anna"), spec=replace(spec, volumes=volumes)),
        ),
        jobs=page(*list_of(world.jobs), last),
    )


def test_a_second_account_is_found_by_its_cronjob_and_counts() -> None:
    report = diagnose(family(anna_verified=False), SETTINGS)
    assert [(account.name, account.session.state) for account in report.accounts] == [
        ("default", SessionState.VALID),
        ("anna", SessionState.UNVERIFIED),
    ]
    assert report.steps[2].status is A
    assert "of account anna" in report.steps[2].findings[0].summary
    commands = Address().lines(report.steps[2].findings[0].commands)
    assert commands[0] == "photosync-wizard reauth --account anna"
    assert "icloudpd-config-anna" in commands[1]


def test_both_accounts_signed_in_is_complete() -> None:
    report = diagnose(family(anna_verified=True), SETTINGS)
    assert {step.status for step in report.steps} == {C}
    assert report.accounts[1].session.days_left == 12


def test_commands_go_to_the_cluster_that_was_looked_at() -> None:
    commands = [
        command
        for step in diagnose(seed(), SETTINGS).steps
        for finding in step.findings
        for command in Address(context="home").lines(finding.commands)
    ]
    assert any("| kubectl --context home -n photo-sync patch secret" in command for command in commands)
    assert not any("kubectl -n" in command or "--context home --context" in command for command in commands)


def test_what_argocd_puts_back_is_changed_in_git() -> None:
    finding = next(
        f for f in diagnose(seed(), SETTINGS).steps[1].findings if f.id == "credentials.schedule-outlives-session"
    )
    assert finding.commands == ()
    assert "in git (https://github.com/you/homelab, apps/photo-sync)" in finding.fix
    without = replace(seed(), application=Missing(kind_installed=False))
    finding = next(
        f for f in diagnose(without, SETTINGS).steps[1].findings if f.id == "credentials.schedule-outlives-session"
    )
    assert Address().line(finding.commands[0]).startswith(f"kubectl -n {NS} patch cronjob")


def test_blockers_come_once_and_most_urgent_first() -> None:
    world = replace(complete(), claims=page(), secrets={"icloud-credentials": Missing()})
    for step in STEPS:
        found = step.diagnose(world, SETTINGS)
        assert list(found.blockers) == blockers_of(found.findings)
        assert [blocker.priority for blocker in found.blockers] == sorted(
            blocker.priority for blocker in found.blockers
        )


def test_no_secret_value_on_a_command_line_is_repeated() -> None:
    for world in (with_option(complete(), "--password hunter2secret"), with_option(complete(), "-phunter2secret")):
        assert "hunter2secret" not in repr(diagnose(world, SETTINGS))


@pytest.mark.parametrize(
    "script",
    [
        "/entrypoint.sh --password hunter2secret",
        "/entrypoint.sh -phunter2secret",
        "/entrypoint.sh --icloud-pw hunter2secret",
        '/entrypoint.sh --pass "so hunter2secret"',
        "export APPLE_PASSWORD=hunter2secret && exec /scripts/sync.sh",
        "echo you; hunter2secret",
        'icloudpd --username you@example.com --directory "/x/$(get --token hunter2secret)"',
        "icloudpd --username $(get --token hunter2secret) --directory /photos",
        "icloudpd --username '$(get --token hunter2secret)' --directory /photos",
    ],
)
def test_no_argument_of_a_command_that_can_t_be_read_is_repeated(script: str) -> None:
    assert "hunter2secret" not in repr(diagnose(with_script_of_its_own(script), SETTINGS))
    shell = Container("icloudpd", "x", command=("/bin/sh",), args=("-c", script))
    plain = Container("icloudpd", "x", args=tuple(script.split()))
    whole = Container("icloudpd", "x", command=(script,))
    for container in (shell, plain, whole):
        world = replace(complete(), cron_jobs=page(cron_job(spec=PodSpec((container,)))))
        assert "hunter2secret" not in repr(diagnose(world, SETTINGS))


def test_what_a_command_starts_is_named_with_the_number_of_its_arguments() -> None:
    world = with_script_of_its_own("export A=b && exec /scripts/sync.sh --user you")
    found = next(one for one in diagnose(world, SETTINGS).steps[1].findings if one.id == "credentials.command-unknown")
    assert found.evidence["cronjob/icloudpd-sync command"] == "/bin/sh, /scripts/sync.sh with 2 arguments"


def test_no_argument_of_a_traced_command_or_of_one_that_is_not_there_is_repeated() -> None:
    traced = "+ icloudpd --username you@example.com --password hunter2secret"
    message = 'exec: "icloudpd --password hunter2secret": executable file not found in $PATH: unknown'
    broken = ContainerState("icloudpd", "waiting", "RunContainerError", message)
    worlds = (
        with_auth(seed(), traced),
        with_run(complete(), traced + " Invalid email/password combination."),
        with_auth(seed(), containers=(broken,)),
    )
    for world in worlds:
        assert "hunter2secret" not in repr(diagnose(world, SETTINGS))


def with_script_of_its_own(script: str) -> World:
    return replace(complete(), cron_jobs=page(cron_job(spec=pod_spec(script))))


def test_a_run_that_waits_for_apple_s_index_is_under_way_and_not_a_lie() -> None:
    world = with_run(complete(), *GOOD_LOG[:1], "ERROR    Apple iCloud Photo Library has not finished indexing yet")
    assert statuses(world)["verification"] is Status.IN_PROGRESS


def test_a_log_of_somebody_else_s_run_says_nothing_about_this_one() -> None:
    world = replace(complete(), sync_logs=log_of(job("icloudpd-sync-29409480x"), "KeyError: 'dsInfo'"))
    assert diagnose(world, SETTINGS).accounts[0].session.state is SessionState.VALID


def test_immich_s_database_is_named_before_what_follows_from_it() -> None:
    server = ContainerState("main", "waiting", "CrashLoopBackOff", restarts=9)
    image = Container("db", "docker.io/bitnami/postgresql:16")
    pulling = ContainerState("db", "waiting", "ImagePullBackOff")
    database = Pod(meta("immich-postgres-0"), PodSpec((image,)), "Pending", containers=(pulling,))
    crashing = Pod(meta("immich-server-1"), PodSpec((Container("main", "x"),)), "Running", containers=(server,))
    world = replace(with_immich(complete(), ready=False, version=None, pods=page(crashing)), pods=page(database))
    report = diagnose(world, SETTINGS)
    assert ids(report, "immich") == ["image-pull", "crash-loop"]
    assert report.steps[4].status is B


def test_a_claim_that_may_wait_for_a_ready_made_volume_is_not_to_be_deleted() -> None:
    waiting = [replace(one, phase="Pending", storage_class="by-hand") for one in list_of(complete().claims)]
    found = diagnose(replace(complete(), claims=page(*waiting)), SETTINGS).steps[0].findings[0]
    assert found.id == "storage.class-missing"
    assert "PersistentVolume" in found.why
    assert not any("delete" in command for command in Address().lines(found.commands))


@pytest.mark.parametrize(
    ("spec", "is_account"),
    [
        (PodSpec((Container("report", "busybox", command=("sh", "-c", "grep icloudpd /log")),)), False),
        (PodSpec(()), False),
        (PodSpec((Container("x", "x/y"),), (PodVolume("config", "pvc", "icloudpd-config"),)), False),
        (PodSpec((Container("x", "x/y"),), (PodVolume("config", "pvc", "icloudpd-config-anna"),)), True),
        (pod_spec(GOOD_SCRIPT), True),
    ],
)
def test_a_cronjob_is_an_account_s_when_it_syncs(spec: PodSpec, *, is_account: bool) -> None:
    world = replace(complete(), cron_jobs=page(cron_job(), cron_job(meta=meta("icloudpd-sync-anna"), spec=spec)))
    names = [account.name for account in diagnose(world, SETTINGS).accounts]
    assert names == ["default", "anna"] if is_account else names == ["default"]
    named = diagnose(world, replace(SETTINGS, accounts=("default", "anna")))
    assert [account.name for account in named.accounts] == ["default", "anna"]


@pytest.mark.parametrize(
    ("world", "step", "slug"),
    [
        (replace(complete(), claims=page(more=True)), "storage", "claims-unreadable"),
        (replace(complete(), claims=page(more=True)), "authentication", "session-unreadable"),
        (replace(complete(), cron_jobs=page(more=True)), "credentials", "cronjobs-unreadable"),
        (replace(complete(), pods=page(more=True)), "authentication", "pods-unreadable"),
        (replace(complete(), job_pods=FORBIDDEN, sync_logs={}), "verification", "job-pods-unreadable"),
    ],
)
def test_what_may_be_on_a_page_that_was_not_read_is_not_known(world: World, step: str, slug: str) -> None:
    assert statuses(world)[step] is U
    assert slug in ids(diagnose(world, SETTINGS), step)
    assert not any("missing" in one or one == "waits-for-claim" for one in ids(diagnose(world, SETTINGS), step))


def test_claims_that_were_all_needed_and_read_are_complete_whatever_else_there_is() -> None:
    assert statuses(replace(complete(), claims=page(*list_of(complete().claims), more=True)))["storage"] is C


def test_who_reads_a_secret_is_not_known_without_the_cronjobs() -> None:
    found = diagnose(replace(complete(), cron_jobs=FORBIDDEN), SETTINGS).steps[1].findings
    assert next(one.summary for one in found if one.id == "credentials.secret-keys").endswith("reads it is unknown.")


def test_more_applications_than_were_read_are_no_reason_to_raise() -> None:
    assert statuses(replace(complete(), applications=Found(Page((), more=True))))["argocd"] is C


def test_a_database_in_another_namespace_is_named_before_what_follows_from_it() -> None:
    server = ContainerState("main", "waiting", "CrashLoopBackOff", restarts=9)
    pulling = ContainerState("db", "waiting", "ImagePullBackOff")
    image = Container("db", "docker.io/bitnami/postgresql:16")
    there = {"namespace": "photos", "workload": meta("immich-server", "photos"), "ready": False, "version": None}
    pods = (
        Pod(meta("immich-server-1", "photos"), PodSpec((Container("main", "x"),)), "Running", containers=(server,)),
        Pod(meta("immich-postgres-0", "photos"), PodSpec((image,)), "Pending", containers=(pulling,)),
    )
    report = diagnose(with_immich(complete(), **there, pods=page(*pods)), SETTINGS)
    seen = [finding for finding in report.steps[4].findings if finding.id in ("immich.image-pull", "immich.crash-loop")]
    assert [finding.severity for finding in seen] == [Severity.ERROR, Severity.INFO]
    assert "Bitnami" in seen[0].why


def test_immich_s_own_ingresses_will_do_where_the_cluster_s_may_not_be_read() -> None:
    own = replace(complete(), ingresses=FORBIDDEN)
    assert statuses(own)["exposure"] is U
    assert statuses(with_immich(own, ingresses=page(*list_of(complete().ingresses))))["exposure"] is C
    none = with_immich(replace(complete(), ingresses=Found(Page((), more=True))), ingresses=page())
    assert ids(diagnose(none, SETTINGS), "exposure") == ["ingress-missing"]


SESSION_DEAD = "KeyError: 'dsInfo'"


@pytest.mark.parametrize("run", ["failed", "complete"])
def test_a_run_that_lacked_nothing_but_a_session_waits_for_the_sign_in(run: str) -> None:
    report = diagnose(with_run(complete(), SESSION_DEAD, state=run), SETTINGS)
    assert [step.id for step in report.steps if step.status is not C] == ["authentication", "verification"]
    assert (report.steps[2].status, report.steps[6].status) == (A, P)
    assert next(hop.state for hop in report.pipeline if hop.name == "icloudpd") == "broken"
    assert exit_code(report, 7) is Exit.NEEDS_PERSON


def test_a_run_that_lacked_more_than_a_session_has_failed() -> None:
    unwritable = "PermissionError: [Errno 13] Permission denied: '/data/2026'"
    assert statuses(with_run(complete(), unwritable, SESSION_DEAD, state="failed"))["verification"] is Status.FAILED
    unwanted = diagnose(
        with_run(complete(), SESSION_DEAD, state="failed"), SETTINGS.having(SKIPPED, ("authentication",))
    )
    assert unwanted.steps[6].status is Status.FAILED
