"""Signing in to iCloud: a widget shows (`view`), a controller decides (`controller`), the state is plain data (`state`)."""
