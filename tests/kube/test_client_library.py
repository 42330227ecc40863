from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAMS = {
    "only what is needed is loaded": """
import sys
from wizard.kube import client_library
configuration, rest = client_library.load()
assert configuration(host="https://x").host == "https://x"
assert not {"requests", "pydantic", "oauthlib"} & set(sys.modules), "the whole library was loaded"
""",
    "nothing at all is loaded by importing the client": """
import sys
import wizard.kube.client
import wizard.observe.look
assert not {"kubernetes", "aiohttp", "yaml"} & set(sys.modules)
""",
    "the rest of the library can still be had": """
from wizard.kube import client_library
client_library.load()
library = client_library.whole("kubernetes.aio.config.kube_config")
assert library.KubeConfigLoader
import kubernetes
from kubernetes import aio
assert aio.client.Configuration and kubernetes.client.Configuration
""",
    "a library that is there already stays as it is": """
import kubernetes.aio
from kubernetes.aio.client.configuration import Configuration
from wizard.kube import client_library
assert client_library.load()[0] is Configuration
assert kubernetes.aio.client.Configuration
""",
    "where it does not work the ordinary import does": """
from wizard.kube import client_library
def refuse(name):
    raise AttributeError(name)
client_library._bare = refuse
assert client_library.load()[0](host="https://x").host == "https://x"
import sys
assert "requests" in sys.modules
""",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_loading(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
