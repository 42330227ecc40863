"""Signing in to iCloud from the person's machine, and what there is to know about the session that comes of it.

`signing_in` is the conversation; only `visit` and `line` touch pyicloud, in threads. Nothing here knows a cluster or a screen.
"""
