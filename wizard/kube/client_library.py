"""Imports the two parts of the official client that are used here, without the parts that are not.

`import kubernetes.aio.client.rest` first runs `kubernetes/__init__.py` (the synchronous client, requests, oauthlib) and
`kubernetes/aio/__init__.py` (pydantic, leader election, the dynamic client): 0.75 s and 61 MB instead of 0.30 s and
39 MB on a small machine. So both packages are put into `sys.modules` without running them; whoever needs more of the
library calls `whole()` first. Where that does not work the ordinary import is taken.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

PACKAGES = ("kubernetes", "kubernetes.aio")


def _bare(name: str) -> None:
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ImportError(f"No package {name}", name=name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


def load() -> tuple[Any, Any]:
    """The classes `Configuration` and `RESTClientObject` of kubernetes.aio."""
    placed: list[str] = []
    try:
        for name in PACKAGES:
            if name not in sys.modules:
                _bare(name)
                placed.append(name)
        rest = importlib.import_module("kubernetes.aio.client.rest")
        configuration = importlib.import_module("kubernetes.aio.client.configuration")
    except (ImportError, AttributeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "kubernetes"]:
            del sys.modules[name]
        rest = importlib.import_module("kubernetes.aio.client.rest")
        configuration = importlib.import_module("kubernetes.aio.client.configuration")
    return configuration.Configuration, rest.RESTClientObject


def whole(name: str) -> ModuleType:
    """Module `name` of the library, whose package files are run now if `load` passed over them."""
    for package in PACKAGES:
        module = sys.modules.get(package)
        if module is not None and not hasattr(module, "__version__"):
            _run(module)
    return importlib.import_module(name)


def _run(module: ModuleType) -> None:
    spec = module.__spec__
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module)
