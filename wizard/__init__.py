"""The engine of photosync-wizard: looks at a cluster, says where it stands, changes it when asked. No screens in here."""

__version__ = "0.1.0"
