"""A report in the forms that others read: JSON, YAML, a table, the seed's state for the next iteration, an exit code.

Pure functions of a report (and a World, for the seed's form); printing is the caller's. Described in docs/status.md.
"""

from __future__ import annotations

from wizard.export.document import to_json, to_yaml
from wizard.export.seed import to_seed
from wizard.export.table import to_table
from wizard.export.verdict import exit_code

__all__ = ["exit_code", "to_json", "to_seed", "to_table", "to_yaml"]
