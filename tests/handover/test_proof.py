"""What icloudpd's output proves of a session, line for line as 1.32.3 writes it."""

from __future__ import annotations

import pytest

from wizard.icloudpd.proof import Verdict, proof_of

BEGINS = "2026-11-24 10:00:00 INFO     Processing user: you@example.com\n"
GONE = "2026-11-24 10:00:01 ERROR    Authentication required for Account. (421)\n"
DIES = "Traceback (most recent call last):\nKeyError: 'dsInfo'\n[PYI-7:ERROR] Failed to execute script 'icloudpd'\n"
NOBODY = "Traceback (most recent call last):\nEOFError\n[PYI-7:ERROR] Failed to execute script 'icloudpd'\n"
GETS_IN = "2026-11-24 10:00:02 INFO     Authentication completed successfully\n"
WRONG = "('Invalid email/password combination.', PyiCloudAPIResponseException('{\"code\": \"-20101\"} (401)'))"
NO_PROGRAM = 'error executing command in container: exec: "/opt/bin/icloudpd": stat /opt/bin/icloudpd: no such file'


@pytest.mark.parametrize(
    ("output", "errors", "verdict"),
    [
        pytest.param(BEGINS + GETS_IN, "", Verdict.ACCEPTED, id="in"),
        pytest.param(BEGINS + GONE + GETS_IN, "", Verdict.ACCEPTED, id="in by the password"),
        pytest.param(BEGINS + GONE, DIES, Verdict.ENDED, id="no password"),
        pytest.param(BEGINS + GONE, NOBODY, Verdict.ENDED, id="nobody at the keyboard"),
        pytest.param(BEGINS, DIES, Verdict.ENDED, id="no session in the files"),
        pytest.param(BEGINS, DIES.replace("'dsInfo'", "\x1b[35m'dsInfo'\x1b[0m"), Verdict.ENDED, id="in colour"),
        pytest.param(BEGINS + GONE, "", Verdict.ENDED, id="nothing behind the refusal"),
        pytest.param(BEGINS + GONE.replace("421", "450"), "", Verdict.ENDED, id="another refusal"),
        pytest.param(BEGINS + GONE + f"INFO     {WRONG}\n", "", Verdict.ENDED, id="refused, then a wrong password"),
        pytest.param("WARNING  Failed to read cookiejar /config/you\n" + GONE, DIES, Verdict.ENDED, id="broken jar"),
        pytest.param(
            "", "TypeError: '>' not supported between instances of 'NoneType' and 'int'\n", Verdict.ENDED, id="bad jar"
        ),
        pytest.param(BEGINS + GONE.replace("421", "500"), DIES, Verdict.NOT_JUDGED, id="Apple falters"),
        pytest.param("ERROR    Invalid username/password combination. (401)\n", DIES, Verdict.NOT_JUDGED, id="no JSON"),
        pytest.param("ERROR    Bad Gateway (502)\n", DIES, Verdict.NOT_JUDGED, id="another error"),
        pytest.param("ERROR    Bad Gateway (502)\n" + GONE, DIES, Verdict.ENDED, id="another error, then a refusal"),
        pytest.param("INFO     Cannot connect to Apple iCloud service\n", "", Verdict.NOT_JUDGED, id="no way there"),
        pytest.param(
            "INFO     Apple iCloud is temporary refusing to serve icloudpd\n", "", Verdict.NOT_JUDGED, id="503"
        ),
        pytest.param(
            GONE, "PermissionError: '/config/.photosync-staging/you'\n", Verdict.NOT_JUDGED, id="files not ours"
        ),
        pytest.param("unrecognized arguments: --bogus\n", "", Verdict.NOT_JUDGED, id="wrong argument"),
        pytest.param("", "sh: icloudpd: not found\n", Verdict.NOT_JUDGED, id="no program"),
        pytest.param(f"INFO     {WRONG}\n", "", Verdict.NOT_JUDGED, id="a password was refused, no session was shown"),
        pytest.param(BEGINS, "", Verdict.NOT_JUDGED, id="cut off"),
        pytest.param("", "", Verdict.NOT_JUDGED, id="not a word"),
    ],
)
def test_what_a_session_is_known_to_be(output: str, errors: str, verdict: Verdict) -> None:
    proof = proof_of("pod", output.encode(), errors.encode(), 0)
    assert proof.verdict is verdict
    assert proof.accepted is (verdict is Verdict.ACCEPTED)
    assert bool(proof.why) is (verdict is Verdict.NOT_JUDGED)


@pytest.mark.parametrize(
    ("output", "errors", "code", "message", "why"),
    [
        (b"", b"", None, NO_PROGRAM, f"It could not be run: {NO_PROGRAM}"),
        (
            b"",
            b"icloudpd: not found\n",
            127,
            "",
            "icloudpd exited with code 127, and last said: icloudpd: not found",
        ),
        (GONE.replace("421", "500").encode(), DIES.encode(), 1, "", "while the session was being checked."),
        (b"ERROR    Bad Gateway (502)\n", DIES.encode(), 1, "", "while the session was being checked."),
        (
            b"ERROR    Invalid username/password combination. (401)\n",
            DIES.encode(),
            1,
            "",
            "the session was being checked.",
        ),
        (b"usage\n", b"", 0, "", "icloudpd exited, and last said: usage"),
        (b"", b"", 1, "command terminated with exit code 1", "icloudpd exited with code 1 without any output."),
        (
            BEGINS.encode(),
            b"OSError: no CA\n[PYI-7:ERROR] Failed to execute\n",
            1,
            "",
            "1, and last said: OSError: no CA",
        ),
    ],
)
def test_why_nobody_can_tell(output: bytes, errors: bytes, code: int | None, message: str, why: str) -> None:
    proof = proof_of("pod", output, errors, code, message)
    assert proof.verdict is Verdict.NOT_JUDGED
    assert proof.why.endswith(why)
