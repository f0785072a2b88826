"""Names of the bundles, and of the packages that are in neither: what builds, serves and fetches them agree on it."""

from typing import Literal, get_args

BundleName = Literal["policies", "data"]
BUNDLES: tuple[BundleName, ...] = get_args(BundleName)
ENGINE_PACKAGES = ("authz", "log")
"""Folders of the engine's own rules: it starts with them, and no bundle can change them."""
