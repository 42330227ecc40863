"""A demo Apple: its sign-in and the few iCloud services that pyicloud and icloudpd use, on loopback only."""
