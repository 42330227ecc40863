"""A demo Apple: its sign-in and the few iCloud services that pyicloud and icloudpd use, on loopback only.

`server.DemoApple` runs it, `accounts` says who may sign in, `route` and `proxy` lead programs to it, `serve` is for people.
"""
