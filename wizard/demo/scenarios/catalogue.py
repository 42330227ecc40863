"""Which scenarios there are: a name, one line for people, and what builds it. A new one is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wizard.demo.scenario import Scenario
from wizard.demo.scenarios import apple, exposure, gitops, good, immich, storage


@dataclass(frozen=True, slots=True)
class Entry:
    """`title` says what the scenario shows; `build` makes it, its objects not yet as a server stores them."""

    title: str
    build: Callable[[], Scenario]


ENTRIES: Mapping[str, Entry] = {
    "fresh": Entry("An empty cluster with Argo CD, an ingress class and a default storage class", good.fresh),
    "seed": Entry("Four steps believed to be done, two of them really are: the seed's own state", good.seed),
    "complete": Entry("Every step done, the session valid for three weeks", good.complete),
    "expired": Entry("Complete, but Apple's session has expired and the nightly run fails", good.expired),
    "expired-heals": Entry("Expired, but the session's own tokens restore it", good.expired_heals),
    "trust-expired": Entry("Expired, and Apple asks for password and code", good.trust_expired),
    "sms-only": Entry("Expired, and codes come as text messages to either of two numbers", good.sms_only),
    "sms-refused-inside": Entry(
        "Expired, and icloudpd can't use a code from a text message, but pyicloud can", good.sms_dead
    ),
    "security-key": Entry("Expired, for somebody who signs in with a security key", good.security_key),
    "expiring": Entry("Complete, with five days of the session left", good.expiring),
    "first-sync": Entry("The first manual run is in progress, nothing is counted yet", apple.first_sync),
    "family": Entry("Complete for two accounts, the second one called anna", apple.family),
    "auth-waiting": Entry("The auth pod is waiting for a code at its prompt", apple.auth_waiting),
    "auth-no-code": Entry(
        "The auth pod runs the wrong program and waits for a code that is never sent", apple.auth_no_code
    ),
    "password-argument": Entry(
        "A Job counts as complete, but icloudpd only complained about its arguments", apple.password_argument
    ),
    "session-lost": Entry("The session is kept in the container, so it ends with every run", apple.session_lost),
    "suspended": Entry("The CronJob was paused three weeks ago and never resumed", apple.suspended),
    "adp": Entry("Apple refuses access to the photos: Advanced Data Protection, or no web access", apple.adp),
    "throttled": Entry("Apple refuses service for a while", apple.throttled),
    "terms": Entry("New iCloud terms have to be accepted, which shows up as a 503", apple.terms),
    "zone-not-found": Entry("Apple says that iCloud Photos is not set up", apple.zone_not_found),
    "account-locked": Entry("A CronJob that retries made Apple lock the account", apple.account_locked),
    "claim-no-class": Entry("The claims name no storage class, and none is the default", storage.claim_no_class),
    "claim-wrong-class": Entry("The claims ask for a storage class that does not exist", storage.claim_wrong_class),
    "terminating": Entry("The namespace is stuck in deletion", storage.terminating),
    "multi-attach": Entry("The auth pod holds the session's volume on another node", storage.multi_attach),
    "pod-security": Entry("The namespace's Pod Security level refuses the sync's pods", storage.pod_security),
    "image-pull": Entry("The CronJob names an image that does not exist", storage.image_pull),
    "oom": Entry("The sync was killed for using too much memory", storage.oom),
    "volume-full": Entry("The photos' volume is full", storage.volume_full),
    "wrong-branch": Entry("Argo CD follows main, the repository has master", gitops.wrong_branch),
    "wrong-path": Entry("Argo CD follows a path that was not pushed", gitops.wrong_path),
    "broken-manifest": Entry("A manifest in git is not valid YAML", gitops.broken_manifest),
    "repository-unreachable": Entry("Argo CD can't reach the repository", gitops.repository_unreachable),
    "unknown-project": Entry("The Application names a project that does not exist", gitops.unknown_project),
    "shrunk-claim": Entry("A sync that can't succeed blocks the commit that would fix it", gitops.shrunk_claim),
    "two-applications": Entry("Two Applications own the same objects", gitops.two_applications),
    "secret-in-git": Entry("The Secret with the Apple password is stored in git", gitops.secret_in_git),
    "auth-pod-in-git": Entry("The auth pod's manifest lies in the Application's path", gitops.auth_pod_in_git),
    "just-applied": Entry("The Application is a second old, Argo CD has not processed it yet", gitops.just_applied),
    "no-argocd": Entry("The seed's objects on a cluster without Argo CD", gitops.no_argocd),
    "immich-new": Entry(
        "Immich was just installed: no admin, no library, photos writable, no Ingress", immich.immich_new
    ),
    "immich-not-scanned": Entry("Immich sees the photos but has no library for them", immich.immich_not_scanned),
    "immich-elsewhere": Entry("Immich in another namespace, where the photos' claim is not", immich.immich_elsewhere),
    "immich-empty-volume": Entry("Immich mounts another, empty volume of the same name", immich.immich_empty_volume),
    "immich-image-pull": Entry("Immich's database image is gone from Docker Hub", immich.immich_image_pull),
    "immich-no-vectors": Entry("Immich's database lacks VectorChord", immich.immich_no_vectors),
    "http-only": Entry("Complete, but the connection to Immich is not encrypted", exposure.http_only),
    "small-uploads": Entry(
        "The Ingress only accepts small uploads, videos from the phone fail", exposure.small_uploads
    ),
    "sub-path": Entry("Immich under a path, and an Ingress without an address", exposure.sub_path),
    "web-ui-exposed": Entry("icloudpd's web page is on the internet, without a login", exposure.web_ui_exposed),
    "restricted": Entry("Complete, seen by somebody who may see little and change nothing", exposure.restricted),
}
