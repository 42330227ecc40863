"""The seed's names, spelled here once more: what the product takes as usual has to be these."""

PHOTOS_CLAIM = "icloud-photos"
CONFIG_MAP = "icloudpd-config"
