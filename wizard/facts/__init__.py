"""Questions to a World that several iterations ask: where something is, what reads it, what was last said of it. Pure."""
