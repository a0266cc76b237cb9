"""Where rows come from: text and csv files, workbooks, the standard input, and anything that can be iterated."""

from ..pieces import SourceChangedError, SourceError
from .opening import STDIN, open_source, reopen_source

__all__ = ["STDIN", "SourceChangedError", "SourceError", "open_source", "reopen_source"]
