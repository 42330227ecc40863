"""Serving a world until interrupted, as a program of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from tests.contract.api import Api

PROGRAM = """
import asyncio, sys
from pathlib import Path
from tests.contract.conftest import tiny
from wizard.demo.serve import serve
asyncio.run(serve(tiny(), Path(sys.argv[1]), apple="apple" in sys.argv, say=lambda text: print(text, flush=True)))
"""


async def test_it_serves_until_interrupted(tmp_path: Path) -> None:
    file = tmp_path / "kube config"
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", PROGRAM, str(file)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = ""
        while "photosync-wizard --kubeconfig" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        assert f"export KUBECONFIG='{file}'" in said
        async with Api.connect(yaml.safe_load(file.read_text()), "default") as api:
            assert (await api.get("configmaps")).status == 200
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 0
    assert not file.exists()


def test_its_demo_apple_can_be_reached_and_goes_with_it(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(file), "apple"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = ""
        while "Codes appear here" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        (authority,) = re.findall(r"^CA certificate: (.+)$", said, re.MULTILINE)
        assert "export HTTPS_PROXY=http://127.0.0.1:" in said
        assert "BEGIN CERTIFICATE" in Path(authority).read_text()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 0
    assert not Path(authority).exists()
