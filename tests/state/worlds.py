"""States, clusters and files for the tests of the state, and hypothesis strategies for them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from wizard.choices import CHOICES
from wizard.model import ClusterRef
from wizard.state import AcceptedPlan, Choices, Entry, State
from wizard.state.record import NOT_CHOICES, refuse_secrets

NOON = datetime(2026, 1, 18, 12, tzinfo=UTC)
HOME = ClusterRef("home", "https://10.0.0.5:6443", "c7b1a3d0-0f2e-4a55-9a67-2f5c3f1f9f10", "a" * 64)
CABIN = ClusterRef("home", "https://192.168.7.2:6443", "2d6f0f5c-93b8-4a8e-8f0e-50b7c2a1d4e7", "b" * 64)
HOME_UNREAD = ClusterRef("home", HOME.server, None, HOME.ca_sha256)
NAMESPACE = "photo-sync"


def full_state() -> State:
    """One with something in every field."""
    return State(
        cluster=HOME,
        namespace=NAMESPACE,
        choices=Choices(
            values={
                "application": "photo-sync",
                "immich_namespace": "immich",
                "host_name": "photos.home.example",
                "time_zone": "America/Edmonton",
                "git_checkout": "/home/you/code/homelab",
                "skipped": ("exposure",),
                "warning_days": 10,
                "secret_name": "my-icloud",
                "of_a_later_version": "kept as it is",
            },
            accounts=("default", "token"),
            apple_ids={"default": "you@example.com", "token": "kid@example.com"},
            sources={"host_name": "asked"},
        ),
        history=(Entry(NOON, "signed-in", "by text message"),),
        dismissed=frozenset({"credentials.image-latest"}),
        accepted_plans=(AcceptedPlan("storage", "sha256:12ab", NOON),),
        signed_in_at={"default": NOON},
        signed_in_as={"default": "you@example.com"},
        place="authentication",
        saved_at=NOON,
    )


def _keepable(state: State) -> bool:
    try:
        refuse_secrets(state.to_json())
    except ValueError:
        return False
    return True


texts = st.text(max_size=20)
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
clusters = st.sampled_from((HOME, CABIN, HOME_UNREAD))
choices = st.builds(
    Choices,
    values=st.dictionaries(
        st.sampled_from([choice.id for choice in CHOICES]) | texts.filter(lambda name: name not in NOT_CHOICES),
        texts | st.integers() | st.lists(texts, max_size=3).map(tuple),
        max_size=5,
    ),
    accounts=st.lists(texts, max_size=3).map(tuple),
    apple_ids=st.dictionaries(texts, texts, max_size=3),
    sources=st.dictionaries(st.sampled_from(("host_name", "time_zone")), texts),
)
states = st.builds(
    State,
    cluster=clusters,
    namespace=st.just(NAMESPACE),
    choices=choices,
    history=st.lists(st.builds(Entry, times, texts, texts), max_size=3).map(tuple),
    dismissed=st.frozensets(texts, max_size=3),
    accepted_plans=st.lists(st.builds(AcceptedPlan, texts, texts, times), max_size=2).map(tuple),
    signed_in_at=st.dictionaries(texts, times, max_size=2),
    signed_in_as=st.dictionaries(texts, texts, max_size=2),
    place=texts,
    saved_at=times,
).filter(_keepable)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
