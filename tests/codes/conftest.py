"""The command line and a sandbox process, as the tests of the command line have them."""

from ..cli.conftest import bare, cli, local, stock

__all__ = ["bare", "cli", "local", "stock"]
