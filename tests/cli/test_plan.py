"""`plan` and `apply` from the command line: what is shown is what is done, once, and only when somebody wants it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import ran
from wizard.errors import Exit


def in_demo(tmp_path: Path, *arguments: str, world: str = "fresh") -> tuple[int, str, str]:
    ended = ran("--demo", world, *arguments, env={"XDG_STATE_HOME": str(tmp_path)})
    return ended.code, ended.out, ended.err


def test_step_1_is_shown_done_and_done_only_once(tmp_path: Path) -> None:
    code, out, err = in_demo(tmp_path, "plan", "storage")
    assert (code, err) == (Exit.DONE, "")
    assert [line for line in out.splitlines() if line.startswith("+")] == [
        "+ Create the namespace photo-sync",
        "+ Create the claim icloudpd-config (1Gi)",
        "+ Create the claim icloud-photos (100Gi)",
    ]

    code, shown, err = in_demo(tmp_path, "apply", "storage")
    assert code == Exit.NEEDS_PERSON
    assert shown == out
    assert "Nothing was changed. Add --yes" in err
    assert "no namespace" in in_demo(tmp_path, "status")[1]

    code, shown, err = in_demo(tmp_path, "apply", "storage", "--yes")
    assert code == Exit.DONE
    assert shown == out
    assert [line for line in err.splitlines() if line.startswith("✓")] == [
        f"✓ {line[2:]}" for line in out.splitlines() if line.startswith("+")
    ]
    assert "✓ 1 Storage" in in_demo(tmp_path, "status")[1]

    for command in (("plan", "storage"), ("apply", "storage"), ("apply", "storage", "--yes")):
        code, out, err = in_demo(tmp_path, *command)
        assert (code, err) == (Exit.DONE, "")
        assert "Nothing for the wizard to change" in out


def test_the_same_as_json(tmp_path: Path) -> None:
    code, out, err = in_demo(tmp_path, "plan", "storage", "-o", "json", "--photos-size", "2Ti")
    assert (code, err) == (Exit.DONE, "")
    document = json.loads(out)
    assert document["step"] == "storage"
    assert [change["effect"] for change in document["changes"]] == ["create"] * 3
    photos = document["changes"][2]
    assert photos["object"] == {"kind": "PersistentVolumeClaim", "namespace": "photo-sync", "name": "icloud-photos"}
    assert "storage: 2Ti" in photos["diff"]
    assert photos["command"].startswith(
        "kubectl -n photo-sync apply --server-side --field-manager=photosync-wizard -f - <<'EOF'\n"
    )
    assert photos["undo"] == ["kubectl -n photo-sync delete persistentvolumeclaim icloud-photos"]
    assert document["unchanged"] == document["notes"] == document["rights_refused"] == []


def test_a_step_that_leads_the_person_says_how(tmp_path: Path) -> None:
    code, out, err = in_demo(tmp_path, "plan", "authentication")
    assert (code, out) == (Exit.USAGE, "")
    assert "photosync-wizard --demo fresh reauth" in err


def test_a_step_that_can_not_be_carried_out_yet_says_so(tmp_path: Path) -> None:
    code, out, err = in_demo(tmp_path, "apply", "immich", "--yes")
    assert (code, out) == (Exit.USAGE, "")
    assert "can't be carried out" in err


def test_a_step_that_there_is_not() -> None:
    ended = ran("plan", "nonsense")
    assert ended.code == Exit.USAGE
    assert "nonsense" in ended.err
