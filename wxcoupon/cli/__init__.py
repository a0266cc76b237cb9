"""The command line: one module a group of commands; what they do is done by the library."""

from .app import run

__all__ = ["run"]
