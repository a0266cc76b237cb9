"""What tests of the adapters share: who signs callbacks, as the router's own tests have it."""

from ..notify.conftest import platform, ring, stranger

__all__ = ["platform", "ring", "stranger"]
