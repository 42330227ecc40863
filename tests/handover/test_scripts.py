"""What is done inside the pod, by a real shell: wherever it dies, by a kill or a power cut, the next start finds a whole pair."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from wizard.handover import scripts
from wizard.icloudpd.session_folder import PREVIOUS, STAGING

NAME = "somebody"
Pair = tuple[str, str]
OLDER, OLD, NEW = ("older jar\n", "older session\n"), ("old jar\n", "old session\n"), ("new jar\n", "new session\n")
COMMANDS = ("cat", "chmod", "chown", "cp", "mkdir", "mv", "rm", "sync")
DIES = """\
#!/bin/sh
n=$(($(/bin/cat {count}) + 1)); echo $n > {count}
eval "target=\\${{$#}}"
[ $n -eq {at} ] && [ {when}{name} = halfcp ] && printf h > "$target"
[ $n -eq {at} ] && [ {when} != after ] && kill -9 $PPID && exit 9
{real} "$@"; code=$?
[ $n -eq {at} ] && [ {when} = after ] && kill -9 $PPID
exit $code
"""
SAYS = '#!/bin/sh\necho "{name} $*" >> {log}\nexec {real} "$@"\n'
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def claim(tmp_path: Path) -> Path:
    folder = tmp_path / "claim"
    folder.mkdir()
    put(folder, OLD)
    return folder


def put(folder: Path, pair: Pair) -> None:
    (folder / NAME).write_text(pair[0])
    (folder / f"{NAME}.session").write_text(pair[1])


def pair_in(folder: Path) -> Pair:
    return (folder / NAME).read_text(), (folder / f"{NAME}.session").read_text()


def run(
    claim: Path, script: str, tools: Path | None = None, user: int | None = None
) -> subprocess.CompletedProcess[str]:
    path = os.environ["PATH"] if tools is None else f"{tools}:{os.environ['PATH']}"
    return subprocess.run(
        [*scripts.SHELL, str(claim), NAME],
        input=script,
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
    )


def done(claim: Path, script: str, user: int | None = None) -> list[str]:
    """What a script says that has to succeed."""
    ended = run(claim, script, user=user)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


def tools(folder: Path, text: str, **values: object) -> Path:
    """Commands that are called in place of the real ones."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in COMMANDS:
        tool = folder / name
        tool.write_text(text.format(name=name, real=shutil.which(name), **values))
        tool.chmod(0o755)
    return folder


def dying(folder: Path, at: int, when: str) -> Path:
    """Commands of which the one numbered `at` takes the shell with it: before it does anything, half-way, or after it is done."""
    count = folder.parent / "count"
    count.write_text("0")
    return tools(folder, DIES, count=count, at=at, when=when)


def died(ended: subprocess.CompletedProcess[str]) -> bool:
    assert ended.returncode in (0, -9), ended.stderr
    return ended.returncode != 0


def staged(claim: Path) -> None:
    done(claim, scripts.stage(*NEW))


def set_aside(claim: Path) -> None:
    staged(claim)
    done(claim, scripts.SET_ASIDE)


def kept_and_spoiled(claim: Path) -> None:
    done(claim, scripts.keep(keyring_stays=True))
    put(claim, ("half a j", ""))


def committed_before(claim: Path) -> None:
    """The pair in place is not the first one."""
    put(claim, OLDER)
    done(claim, scripts.stage(*OLD))
    done(claim, scripts.COMMIT)
    staged(claim)


def in_clear(claim: Path) -> Path:
    """What an icloudpd with the default providers leaves where its XDG_DATA_HOME lies on the claim."""
    (claim / scripts.KEYRING).parent.mkdir(exist_ok=True)
    (claim / scripts.KEYRING).write_text("[pyicloud]\n")
    return claim / scripts.KEYRING


@pytest.mark.parametrize("script", [scripts.SETTLE, scripts.TAKE_BACK])
@pytest.mark.parametrize("stays", [True, False])
def test_a_keyring_file_goes_with_what_another_icloudpd_wrote(claim: Path, script: str, *, stays: bool) -> None:
    done(claim, scripts.keep(keyring_stays=stays))
    file = in_clear(claim)
    said = done(claim, scripts.and_keyring(script, (str(claim), "/no where"), remove=True))
    assert said == (["keyring", str(file)] if stays else ["removed", str(file)])
    assert file.parent.exists() is stays
    assert pair_in(claim) == OLD


def test_a_keyring_file_is_seen_and_left_where_no_other_icloudpd_was_answered(claim: Path) -> None:
    file = in_clear(claim)
    look = scripts.and_keyring(scripts.RECOVER_AND_LOOK, (str(claim),))
    assert done(claim, look) == ["pair", "keyring", str(file)]
    assert done(claim, scripts.and_keyring(scripts.SETTLE, (str(claim),), remove=True)) == ["keyring", str(file)]


@pytest.mark.parametrize("stays", [True, False])
@pytest.mark.parametrize("was_there", [(), (NAME,)])
def test_what_a_refused_icloudpd_wrote_goes_where_there_was_nothing_before(
    tmp_path: Path, was_there: tuple[str, ...], *, stays: bool
) -> None:
    """Wherever removing it dies, it is removed; a file that was there before is never taken for one that was written."""
    for at in itertools.count(1):
        claim = tmp_path / f"{at}"
        claim.mkdir()
        for name in was_there:
            (claim / name).write_text(OLD[0])
        done(claim, scripts.keep(keyring_stays=stays))
        put(claim, NEW)
        cut_off = died(run(claim, scripts.TAKE_BACK, dying(tmp_path / "tools", at, "before")))
        if "attended" in done(claim, scripts.RECOVER_AND_LOOK):
            done(claim, scripts.TAKE_BACK)
        left = {NAME, f"{NAME}.session"} if was_there else set()
        assert {path.name for path in claim.iterdir()} == left, at
        if not cut_off:
            assert (at > 1) or was_there
            break


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("script", "prepare", "whole"),
    [
        pytest.param(scripts.stage(*NEW), lambda _: None, {OLD}, id="stage"),
        pytest.param(scripts.COMMIT, staged, {OLD, NEW}, id="commit"),
        pytest.param(scripts.COMMIT, committed_before, {OLD, NEW}, id="commit-again"),
        pytest.param(scripts.COPY_LIVE, lambda _: None, {OLD}, id="copy"),
        pytest.param(scripts.DISCARD, staged, {OLD}, id="discard"),
        pytest.param(scripts.keep(keyring_stays=True), lambda _: None, {OLD}, id="keep"),
        pytest.param(scripts.TAKE_BACK, kept_and_spoiled, {OLD}, id="take-back"),
        pytest.param(scripts.SET_ASIDE, staged, {OLD}, id="set-aside"),
        pytest.param(scripts.STAGE_UNPROVED, set_aside, {OLD}, id="stage-unproved"),
        pytest.param(scripts.FORGET_UNPROVED, set_aside, {OLD}, id="forget-unproved"),
        pytest.param(scripts.COMMIT, set_aside, {OLD, NEW}, id="commit-unproved"),
    ],
)
def test_dying_at_any_command_leaves_a_whole_pair(
    tmp_path: Path, script: str, prepare: Callable[[Path], None], whole: set[Pair], when: str
) -> None:
    found = set()
    for at in itertools.count(1):
        claim = tmp_path / f"{at}"
        claim.mkdir()
        put(claim, OLD)
        prepare(claim)
        cut_off = died(run(claim, script, dying(tmp_path / "tools", at, when)))

        said = done(claim, scripts.RECOVER_AND_LOOK)
        if "attended" in said:
            done(claim, scripts.TAKE_BACK)
            said = done(claim, scripts.RECOVER_AND_LOOK)

        if "unproved" in said:
            assert pair_in(claim / scripts.UNPROVED) == NEW
            done(claim, scripts.FORGET_UNPROVED)
            said.remove("unproved")

        assert said == ["pair"] or said[1:] == ["pair"], at
        found.add(pair_in(claim))
        assert pair_in(claim) in whole, at
        left = {path.name for path in claim.iterdir()} - {NAME, f"{NAME}.session", PREVIOUS}
        assert left == set(), at
        if (claim / PREVIOUS).exists():
            assert pair_in(claim / PREVIOUS) in (OLDER, OLD), at
        if not cut_off:
            assert at > 1
            break
    assert found == whole


@pytest.mark.parametrize("spoil", [staged, kept_and_spoiled], ids=["commit", "take-back"])
def test_dying_while_recovering_is_recovered_too(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    script = scripts.COMMIT if spoil is staged else scripts.TAKE_BACK
    for at in itertools.count(1):
        died_again = 0
        for again in itertools.count(1, 2):
            claim = tmp_path / f"{at}-{again}"
            claim.mkdir()
            put(claim, OLD)
            spoil(claim)
            cut_off = died(run(claim, script, dying(tmp_path / "tools", at, "before")))
            if not cut_off or not (claim / scripts.JOURNAL).exists():
                break
            if not died(run(claim, scripts.RECOVER_AND_LOOK, dying(tmp_path / "tools", again, "before"))):
                break
            died_again += 1

            assert "pair" in done(claim, scripts.RECOVER_AND_LOOK)
            assert pair_in(claim) == (NEW if spoil is staged else OLD)
            assert not (claim / STAGING).exists()
        if not cut_off:
            break
        assert died_again or not (claim / scripts.JOURNAL).exists()
    assert at > 8


def test_what_closes_the_pod_does_not_cut_off_a_move(tmp_path: Path) -> None:
    """The move may still go on, or have been cut off, when what is staged would be forgotten."""
    seen = set()
    for at in itertools.count(1):
        claim = tmp_path / f"{at}"
        claim.mkdir()
        put(claim, OLD)
        staged(claim)
        cut_off = died(run(claim, scripts.COMMIT, dying(tmp_path / "tools", at, "before")))
        done(claim, scripts.LEAVE)
        done(claim, scripts.RECOVER_AND_LOOK)
        seen.add(pair_in(claim))
        if not cut_off:
            break
    assert seen == {OLD, NEW}


EMPTY = ("", "")


@pytest.mark.parametrize(
    ("place", "stage", "previous", "attended", "said", "pair", "kept"),
    [
        pytest.param(OLD, EMPTY, None, False, "undone", OLD, None, id="emptied before the first"),
        pytest.param(OLD, (NEW[0], ""), OLDER, False, "undone", OLD, OLDER, id="one emptied, not yet moved"),
        pytest.param(OLD, NEW, OLDER, False, "completed", NEW, OLDER, id="both whole"),
        pytest.param((NEW[0], OLD[1]), (None, NEW[1]), OLD, False, "completed", NEW, OLD, id="half moved"),
        pytest.param((NEW[0], OLD[1]), (None, ""), OLD, False, "undone", OLD, OLD, id="half moved, half emptied"),
        pytest.param(("", OLD[1]), (None, NEW[1]), OLD, False, "undone", OLD, OLD, id="emptied once it was moved"),
        pytest.param(EMPTY, (None, None), OLD, False, "undone", OLD, OLD, id="both emptied once they were moved"),
        pytest.param((None, None), EMPTY, OLD, True, "undone", OLD, OLD, id="emptied while the pair is taken back"),
        pytest.param(("half a j", "x"), EMPTY, OLD, True, "undone", OLD, OLD, id="emptied before what is spoiled went"),
        pytest.param((None, None), EMPTY, None, False, "undone", None, None, id="emptied before there was any"),
        pytest.param(OLD, (None, None), None, False, "completed", OLD, None, id="all moved, the journal left"),
    ],
)
def test_a_journal_that_outlived_what_it_speaks_of(
    claim: Path,
    place: tuple[str | None, ...],
    stage: tuple[str | None, ...],
    previous: Pair | None,
    attended: bool,
    said: str,
    pair: Pair | None,
    kept: Pair | None,
) -> None:
    files = (NAME, f"{NAME}.session")
    (claim / STAGING).mkdir()
    for folder, texts in ((claim, place), (claim / STAGING, stage)):
        for name, text in zip(files, texts, strict=True):
            (folder / name).unlink(missing_ok=True)
            if text is not None:
                (folder / name).write_text(text)
    if previous:
        (claim / PREVIOUS).mkdir()
        put(claim / PREVIOUS, previous)
    if attended:
        (claim / scripts.ATTENDED).touch()
    (claim / scripts.JOURNAL).write_text(NAME)

    assert done(claim, scripts.RECOVER_AND_LOOK) == [said, *(["pair"] if pair else [])]
    assert (pair_in(claim) if pair else None) == pair
    assert (pair_in(claim / PREVIOUS) if kept else None) == kept
    assert {path.name for path in claim.iterdir()} - {PREVIOUS} == set(files if pair else ())


@pytest.mark.parametrize("when", ["before", "half", "after"])
def test_dying_while_the_pair_before_is_put_back(tmp_path: Path, when: str) -> None:
    """What was moved of the new pair is whole, what was not is empty: no mixture is ever taken for a pair."""
    for at in itertools.count(1):
        claim = tmp_path / f"{at}"
        for folder, jar, session in (("", NEW[0], OLD[1]), (STAGING, None, ""), (PREVIOUS, *OLD)):
            (claim / folder).mkdir(exist_ok=True)
            for name, text in ((NAME, jar), (f"{NAME}.session", session)):
                if text is not None:
                    (claim / folder / name).write_text(text)
        (claim / scripts.JOURNAL).write_text(NAME)
        cut_off = died(run(claim, scripts.RECOVER_AND_LOOK, dying(tmp_path / "tools", at, when)))

        assert "pair" in done(claim, scripts.RECOVER_AND_LOOK), at
        assert pair_in(claim) == pair_in(claim / PREVIOUS) == OLD, at
        if not cut_off:
            break
    assert at > 8


def test_an_empty_journal_speaks_of_this_account(claim: Path) -> None:
    staged(claim)
    (claim / scripts.JOURNAL).touch()
    assert done(claim, scripts.RECOVER_AND_LOOK) == ["completed", "pair"]
    assert pair_in(claim) == NEW


def test_no_name_is_on_the_disk_before_what_it_points_to(tmp_path: Path, claim: Path) -> None:
    """The staged files and the kept ones before the journal, the journal before the move, the move before its end."""
    staged(claim)
    log = tmp_path / "log"
    assert run(claim, scripts.COMMIT, tools(tmp_path / "tools", SAYS, log=log)).returncode == 0
    lines = log.read_text().splitlines()
    order = [lines.index(line) for line in ORDER]
    assert order == sorted(order)


ORDER = (
    f"sync {PREVIOUS}.new/{NAME} {PREVIOUS}.new/{NAME}.session {PREVIOUS}.new",
    f"sync {STAGING}/{NAME} {STAGING}/{NAME}.session {STAGING} {scripts.JOURNAL}.new",
    f"mv -f {scripts.JOURNAL}.new {scripts.JOURNAL}",
    "sync .",
    f"mv -f {STAGING}/{NAME} {NAME}",
    f"mv -f {STAGING}/{NAME}.session {NAME}.session",
    f"sync {NAME} {NAME}.session .",
    f"rm -f {scripts.JOURNAL} {scripts.ATTENDED}",
)


def test_a_sync_that_knows_no_files_does_not_matter(tmp_path: Path, claim: Path) -> None:
    staged(claim)
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "sync").write_text('#!/bin/sh\n[ $# -eq 0 ] || { echo "sync: bad" >&2; exit 1; }\n')
    (folder / "sync").chmod(0o755)
    assert run(claim, scripts.COMMIT, folder).returncode == 0
    assert pair_in(claim) == NEW


def test_the_pair_before_is_kept_beside_the_new_one(claim: Path) -> None:
    staged(claim)
    done(claim, scripts.COMMIT)
    assert pair_in(claim) == NEW
    assert pair_in(claim / PREVIOUS) == OLD
    assert (claim / NAME).stat().st_mode & 0o777 == 0o600


def test_a_kept_pair_outlives_a_second_answer_that_is_cut_off(claim: Path) -> None:
    kept_and_spoiled(claim)
    kept_and_spoiled(claim)
    done(claim, scripts.TAKE_BACK)
    assert pair_in(claim) == OLD


def test_what_icloudpd_itself_wrote_is_for_nobody_else_either(claim: Path) -> None:
    done(claim, scripts.EMPTY_STAGING)
    put(claim / STAGING, NEW)
    (claim / STAGING / f"{NAME}.session").chmod(0o644)
    done(claim, scripts.COMMIT)
    assert (claim / f"{NAME}.session").stat().st_mode & 0o777 == 0o600


def owners(claim: Path) -> list[tuple[int, int]]:
    return [((claim / name).stat().st_uid, (claim / name).stat().st_gid) for name in (NAME, f"{NAME}.session")]


def give(path: Path, uid: int) -> None:
    for each in (path, *path.rglob("*")):
        os.chown(each, uid, uid)


def reachable(claim: Path) -> None:
    """Lets other users get to the folder; pytest's own are for its user alone."""
    for parent in claim.parents:
        if parent.stat().st_mode & 0o011 != 0o011:
            parent.chmod(parent.stat().st_mode | 0o011)


@as_root
@pytest.mark.parametrize("by_icloudpd", [False, True], ids=["handed over", "signed in inside"])
@pytest.mark.parametrize("there", [False, True], ids=["the first", "one more"])
def test_root_gives_the_files_to_who_reads_them(claim: Path, there: bool, by_icloudpd: bool) -> None:
    """An image that is started as root may run icloudpd as 1000: its folder or its files say so."""
    give(claim, 1000)
    if not there:
        (claim / NAME).unlink()
        (claim / f"{NAME}.session").unlink()
    if by_icloudpd:
        done(claim, scripts.EMPTY_STAGING)
        put(claim / STAGING, NEW)
    else:
        staged(claim)
    done(claim, scripts.COMMIT)
    assert owners(claim) == [(1000, 1000)] * 2
    assert pair_in(claim) == NEW


@as_root
@pytest.mark.parametrize("closed", [(NAME,), (f"{NAME}.session",), (NAME, f"{NAME}.session")])
def test_a_pair_that_the_new_user_can_not_read_is_none(claim: Path, closed: tuple[str, ...]) -> None:
    """The CronJob ran as root, and as 1000 since: its old files are in the way of nothing."""
    reachable(claim)
    claim.chmod(0o2777)
    for name in (NAME, f"{NAME}.session"):
        (claim / name).chmod(0o600 if name in closed else 0o666)
    user = 1000
    assert done(claim, scripts.RECOVER_AND_LOOK, user) == []
    done(claim, scripts.stage(*NEW), user)
    done(claim, scripts.COMMIT, user)
    assert done(claim, scripts.RECOVER_AND_LOOK, user) == ["pair"]
    assert (pair_in(claim), [uid for uid, _ in owners(claim)]) == (NEW, [1000, 1000])
    assert not (claim / PREVIOUS).exists()


@as_root
@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_a_pair_is_one_when_it_can_be_written(claim: Path, mode: int) -> None:
    """Both are rewritten at every request; with an fsGroup the group may, whoever owns them."""
    reachable(claim)
    claim.chmod(0o777)
    for name in (NAME, f"{NAME}.session"):
        os.chown(claim / name, 0, 1000)
        (claim / name).chmod(mode)
    assert done(claim, scripts.RECOVER_AND_LOOK, 1000) == (["pair"] if mode == 0o660 else [])
    done(claim, scripts.stage(*NEW), 1000)
    done(claim, scripts.COMMIT, 1000)
    assert pair_in(claim) == NEW
    assert pair_in(claim / PREVIOUS) == OLD


@as_root
def test_a_kept_pair_of_another_user_does_not_stop_a_move(claim: Path) -> None:
    staged(claim)
    done(claim, scripts.COMMIT)
    reachable(claim)
    claim.chmod(0o777)
    for _ in range(2):
        done(claim, scripts.stage(*OLD), 1000)
        done(claim, scripts.COMMIT, 1000)
        assert done(claim, scripts.RECOVER_AND_LOOK, 1000) == ["pair"]
    assert {path.name for path in claim.iterdir()} == {NAME, f"{NAME}.session", PREVIOUS}


def test_a_program_is_found_by_its_name_or_not_at_all(tmp_path: Path) -> None:
    def found(path: str) -> str:
        command = [*scripts.SHELL, "icloudpd-of-a-test"]
        script = scripts.FIND_PROGRAM.replace("/opt/icloudpd/bin", f"{tmp_path}/opt").replace(
            "/app/", f"{tmp_path}/app/"
        )
        ended = subprocess.run(command, input=script, env={"PATH": path}, capture_output=True, text=True, check=True)
        return ended.stdout.replace(str(tmp_path), "")

    here = f"{tmp_path}/bin:{os.environ['PATH']}"
    assert found(here) == ""
    for name, called in (
        ("app/icloudpd_ex", "/app/icloudpd_ex\nicloudpd\n"),
        ("opt/icloudpd", "/opt/icloudpd\n"),
        ("app/icloudpd", "/app/icloudpd\n"),
        ("bin/icloudpd-of-a-test", "icloudpd-of-a-test\n"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert found(here) == called
