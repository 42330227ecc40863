"""What the person chose and did, kept between runs: never the truth about the cluster, never a secret.

`record` is the vocabulary and its JSON, `kept_choices` how choices get in and out, `files` the careful file work, `store`
finds, keeps and rescues one state per cluster and namespace.
"""

from __future__ import annotations

from wizard.state.kept_choices import chosen, fill_in, unusable
from wizard.state.record import AcceptedPlan, Choices, Entry, State
from wizard.state.store import Loaded, Store

__all__ = [
    "AcceptedPlan",
    "Choices",
    "Entry",
    "Loaded",
    "State",
    "Store",
    "chosen",
    "fill_in",
    "unusable",
]
