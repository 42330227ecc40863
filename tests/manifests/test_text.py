"""Manifests as YAML: what is read again is what was written, and it reads as people write it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wizard.manifests import as_yaml
from wizard.manifests.storage import claim, namespace

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text(alphabet="ab 01.:#-~/\n\t\"'{}[]|>&*!%@`,=?yesno", max_size=16),
    st.sampled_from(
        ["yes", "No", "~", "1Gi", "0 3 * * *", "1e3", "0x1F", "1_000", "12:30", "2026-11-29", "=", "<<", ".5"]
    ),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_what_is_read_again_is_what_was_written(value: dict[str, Any]) -> None:
    assert yaml.safe_load(as_yaml(value)) == value


def test_it_reads_as_people_write_it() -> None:
    text = as_yaml(namespace(), claim("icloud-photos", size="100Gi", storage_class="local-path"))
    assert (
        text
        == """\
apiVersion: v1
kind: Namespace
metadata:
  name: photo-sync
  labels:
    pod-security.kubernetes.io/enforce: baseline
  annotations:
    argocd.argoproj.io/sync-options: Prune=false,Delete=false
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: icloud-photos
  namespace: photo-sync
  annotations:
    argocd.argoproj.io/sync-options: Prune=false,Delete=false
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: local-path
  resources:
    requests:
      storage: 100Gi
"""
    )


@pytest.mark.parametrize("text", ["a: b\nc\n", "one\ntwo", "x \\\n  --y\n\n  z"])
def test_a_text_of_several_lines_stands_as_it_is(text: str) -> None:
    written = as_yaml({"script": [{"text": text}]})
    assert text.split("\n", maxsplit=1)[0] in written.split("\n")[2]
    assert yaml.safe_load(written) == {"script": [{"text": text}]}
