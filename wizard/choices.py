"""Every choice, declared once: flags, the answers file, the state, the rows of the set-up screen and its questions follow.

Pure, and light enough for `--help`: a World is only looked at where one is given. A new choice is one entry in CHOICES.
"""

from __future__ import annotations

from typing import Any

from wizard import checks, worked_out
from wizard.iterations import IDS
from wizard.settings import Choice, Settings

ACCESS_MODES = ("ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod")
WARNING_DAYS_RANGE = range(1, 61)

STORAGE_CLASS: Choice[str | None] = Choice(
    id="storage_class",
    label="Storage",
    question="The storage class of the claims that will be created.",
    default=None,
    parse=checks.object_name("a storage class"),
    example="local-path",
    help="the storage class of new claims (default: the cluster's default)",
    step="storage",
    work_out=worked_out.storage_class,
    options=worked_out.storage_classes,
)
PHOTOS_CLAIM: Choice[str] = Choice(
    id="photos_claim",
    label="Photos PVC",
    question="The name of the claim for the photos.",
    default="icloud-photos",
    parse=checks.object_name("a claim"),
    example="icloud-photos",
    help="the claim for the photos",
    step="storage",
    advanced=True,
)
PHOTOS_SIZE: Choice[str] = Choice(
    id="photos_size",
    label="Photos size",
    question="The size of the claim for the photos. It can't be made smaller later, and many classes can't grow one.",
    default="100Gi",
    parse=checks.quantity,
    example="200Gi",
    help="its size",
    metavar="SIZE",
    step="storage",
    advanced=True,
)
PHOTOS_ACCESS_MODE: Choice[str] = Choice(
    id="photos_access_mode",
    label="Photos mode",
    question="The access mode of the claim for the photos.",
    default="ReadWriteOnce",
    parse=checks.one_of(ACCESS_MODES),
    example="ReadWriteMany",
    help="its access mode",
    metavar="MODE",
    step="storage",
    advanced=True,
    words=ACCESS_MODES,
)
CONFIG_CLAIM: Choice[str] = Choice(
    id="config_claim",
    label="Config PVC",
    question="The name of the claim for Apple's session. For another account, its name is appended.",
    default="icloudpd-config",
    parse=checks.object_name("a claim"),
    example="icloudpd-config",
    help="the claim for Apple's session",
    step="storage",
    advanced=True,
)
CONFIG_SIZE: Choice[str] = Choice(
    id="config_size",
    label="Config size",
    question="The size of the claim for Apple's session.",
    default="1Gi",
    parse=checks.quantity,
    example="1Gi",
    help="its size",
    metavar="SIZE",
    step="storage",
    advanced=True,
)
CONFIG_ACCESS_MODE: Choice[str] = Choice(
    id="config_access_mode",
    label="Config mode",
    question="The access mode of the claim for Apple's session.",
    default="ReadWriteOnce",
    parse=checks.one_of(ACCESS_MODES),
    example="ReadWriteMany",
    help="its access mode",
    metavar="MODE",
    step="storage",
    advanced=True,
    words=ACCESS_MODES,
)
SECRET: Choice[str] = Choice(
    id="secret_name",
    label="Secret",
    question="The name of the Secret with the Apple ID. For another account, its name is appended.",
    default="icloud-credentials",
    parse=checks.object_name("a Secret"),
    example="icloud-credentials",
    help="the Secret with the Apple ID",
    step="credentials",
    advanced=True,
)
CONFIG_MAP: Choice[str] = Choice(
    id="config_map",
    label="ConfigMap",
    question="The name of the ConfigMap that the CronJob reads.",
    default="icloudpd-config",
    parse=checks.object_name("a ConfigMap"),
    example="icloudpd-config",
    help="the ConfigMap of the CronJob",
    step="credentials",
    advanced=True,
)
SERVICE_ACCOUNT: Choice[str] = Choice(
    id="service_account",
    label="Account",
    question="The name of the ServiceAccount that the pods run as.",
    default="icloudpd",
    parse=checks.object_name("a ServiceAccount"),
    example="icloudpd",
    help="the ServiceAccount of the pods",
    step="credentials",
    advanced=True,
)
CRON_JOB: Choice[str] = Choice(
    id="cron_job",
    label="CronJob",
    question="The name of the CronJob that downloads. For another account, its name is appended.",
    default="icloudpd-sync",
    parse=checks.cron_job_name,
    example="icloudpd-sync",
    help="the CronJob that downloads",
    step="credentials",
    advanced=True,
)
SCHEDULE: Choice[str] = Choice(
    id="schedule",
    label="Schedule",
    question="When the CronJob runs: minute, hour, day, month and day of the week, or @daily.",
    default="0 3 * * *",
    parse=checks.schedule,
    example="0 3 * * *",
    help="when it runs",
    metavar="CRON",
    step="credentials",
    advanced=True,
)
IMAGE: Choice[str] = Choice(
    id="image",
    label="Image",
    question="The image of icloudpd, 1.32.3 or later: older ones can't make Apple send a code.",
    default="icloudpd/icloudpd:1.32.3",
    parse=checks.image,
    example="icloudpd/icloudpd:1.32.3",
    help="the image of icloudpd",
    metavar="IMAGE",
    step="credentials",
    advanced=True,
)
CONFIG_MOUNT: Choice[str] = Choice(
    id="config_mount",
    label="Session at",
    question="Where pods mount the claim for Apple's session; it is icloudpd's cookie directory.",
    default="/config",
    parse=checks.absolute_path,
    example="/config",
    help="where pods mount the session's claim, icloudpd's cookie directory",
    metavar="PATH",
    step="credentials",
    advanced=True,
)
PHOTOS_MOUNT: Choice[str] = Choice(
    id="photos_mount",
    label="Photos at",
    question="Where pods mount the claim for the photos.",
    default="/photos",
    parse=checks.absolute_path,
    example="/photos",
    help="where pods mount the photos' claim",
    metavar="PATH",
    step="credentials",
    advanced=True,
)
IMPORT_FOLDER: Choice[str] = Choice(
    id="import_folder",
    label="Folder",
    question="The folder on the photos' claim that icloudpd downloads to and Immich's library reads.",
    default="icloud-import",
    parse=checks.relative_path,
    example="icloud-import",
    help="the folder on the photos' claim that icloudpd downloads to",
    metavar="PATH",
    step="credentials",
    advanced=True,
)
APPLICATION: Choice[str] = Choice(
    id="application",
    label="Argo CD",
    question="The name of the Argo CD Application for the photos.",
    default="photo-sync",
    parse=checks.object_name("an Application"),
    example="photo-sync",
    help="the Argo CD Application for the photos",
    step="argocd",
    work_out=worked_out.application,
    options=worked_out.applications,
)
GIT_REPOSITORY: Choice[str | None] = Choice(
    id="git_repository",
    label="Repository",
    question="The address of the git repository that the Application follows.",
    default=None,
    parse=checks.git_repository,
    example="https://github.com/you/homelab",
    help="the git repository (default: what the applications follow)",
    metavar="URL",
    step="argocd",
    advanced=True,
    work_out=worked_out.git_repository,
)
GIT_BRANCH: Choice[str | None] = Choice(
    id="git_branch",
    label="Branch",
    question="The branch that the Application follows.",
    default=None,
    parse=checks.git_branch,
    example="main",
    help="its branch (default: what the applications follow)",
    metavar="BRANCH",
    step="argocd",
    advanced=True,
    work_out=worked_out.git_branch,
)
GIT_PATH: Choice[str] = Choice(
    id="git_path",
    label="Manifests",
    question="The folder in the repository with the manifests of the photo sync.",
    default="apps/photo-sync",
    parse=checks.relative_path,
    example="apps/photo-sync",
    help="the folder in it with the manifests",
    metavar="PATH",
    step="argocd",
    advanced=True,
    work_out=worked_out.git_path,
)
GIT_CHECKOUT: Choice[str | None] = Choice(
    id="git_checkout",
    label="Your clone",
    question="The folder on this machine with your clone of the repository.",
    default=None,
    parse=checks.absolute_path,
    example="/home/you/homelab",
    help="your clone of it on this machine (default: searched for in the usual places)",
    metavar="PATH",
    step="argocd",
    advanced=True,
)
IMMICH_NAMESPACE: Choice[str | None] = Choice(
    id="immich_namespace",
    label="Immich",
    question="The namespace that Immich runs in.",
    default=None,
    parse=checks.namespace,
    example="immich",
    help="the namespace of Immich (default: found by its image)",
    step="immich",
    work_out=worked_out.immich_namespace,
)
IMMICH_MOUNT: Choice[str] = Choice(
    id="immich_mount",
    label="In Immich",
    question="Where Immich mounts the photos' claim.",
    default="/external/icloud",
    parse=checks.absolute_path,
    example="/external/icloud",
    help="where Immich mounts the photos' claim",
    metavar="PATH",
    step="immich",
    advanced=True,
)
HOST_NAME: Choice[str | None] = Choice(
    id="host_name",
    label="Address",
    question="The host name for Immich.",
    default=None,
    parse=checks.host_name,
    example="immich.home.example",
    help="the host name for Immich (default: from its Ingress)",
    metavar="HOST",
    step="exposure",
)

APPLE_ID: Choice[str | None] = Choice(
    id="apple_id",
    label="Apple ID",
    question="The email address that you sign in to iCloud with. It can wait.",
    default=None,
    parse=checks.apple_id,
    example="name@example.com",
    help="the Apple ID (default: from the Secret)",
    metavar="ID",
)
TIME_ZONE: Choice[str | None] = Choice(
    id="time_zone",
    label="Time zone",
    question="The time zone of the schedule.",
    default=None,
    parse=checks.time_zone,
    example="Europe/Berlin",
    help="the time zone of the schedule (default: from the CronJob, else this machine's)",
    metavar="ZONE",
    work_out=lambda world, settings: worked_out.time_zone(world, settings[CRON_JOB]),
)
WARNING_DAYS: Choice[int] = Choice(
    id="warning_days",
    label="Remind me",
    question="How many days before Apple's session ends you want to be reminded.",
    default=7,
    parse=checks.whole_number(WARNING_DAYS_RANGE, "days"),
    example="7",
    help="ask for a sign-in N days before Apple's session ends; status then exits 3",
    metavar="N",
)
SKIPPED: Choice[tuple[str, ...]] = Choice(
    id="skipped",
    label="Skipped",
    question="The steps that you don't want, separated by commas.",
    default=(),
    parse=checks.several_of(IDS),
    example="exposure",
    help=f"a step that you don't want, can be repeated: {', '.join(IDS)}",
    metavar="STEP",
    advanced=True,
    many=True,
    flag_name="skip",
    words=IDS,
)
CHOICES: tuple[Choice[Any], ...] = (
    *(STORAGE_CLASS, PHOTOS_CLAIM, PHOTOS_SIZE, PHOTOS_ACCESS_MODE, CONFIG_CLAIM, CONFIG_SIZE, CONFIG_ACCESS_MODE),
    *(SECRET, CONFIG_MAP, SERVICE_ACCOUNT, CRON_JOB, SCHEDULE, IMAGE, CONFIG_MOUNT, PHOTOS_MOUNT, IMPORT_FOLDER),
    *(APPLICATION, GIT_REPOSITORY, GIT_BRANCH, GIT_PATH, GIT_CHECKOUT),
    *(IMMICH_NAMESPACE, IMMICH_MOUNT, HOST_NAME),
    *(TIME_ZONE, APPLE_ID, WARNING_DAYS, SKIPPED),
)
"""In the order of the set-up screen and of the help."""


def download_folder(settings: Settings) -> str:
    """The folder that icloudpd downloads into, as its pod sees it."""
    return f"{settings[PHOTOS_MOUNT]}/{settings[IMPORT_FOLDER]}"


def import_path(settings: Settings) -> str:
    """The folder with the photos as Immich sees it, for its external library."""
    return f"{settings[IMMICH_MOUNT]}/{settings[IMPORT_FOLDER]}"
