"""What the wizard wants to exist, as manifests: the one source for plans, commands, documentation and the demo. Pure.

A manifest is a plain dict in the order in which people write one; `as_yaml` is how they read it. Nothing here holds a secret.
"""

from wizard.command import STDIN, Command, kubectl
from wizard.manifests.text import Manifest, as_yaml

__all__ = ["Manifest", "as_yaml", "to_apply"]


def to_apply(manifest: Manifest) -> Command:
    """The command by which a person creates the object, or changes it into this."""
    namespace = manifest["metadata"].get("namespace", "")
    return kubectl("apply", "-f", STDIN, namespace=namespace, stdin=as_yaml(manifest))
