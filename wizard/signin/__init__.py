"""Signing in, and signing in again: the ladder from "the session works" to "a code is needed", without any screen.

`renew` leads through it; whoever shows it to a person satisfies `Person`. The same code serves the screens and `reauth`.
"""
