"""Files that are put in place whole, for their owner alone: codes and tokens are worth money.

Rule 1: what is at a path stays as it is until there is something to put there.
Rule 2: a link stays a link. What is no file, a pipe or a device, is written as it comes.
Rule 3: what a killed process left half-made beside the place is swept away by the next one that writes there. Who still
        makes something holds a lock in its folder, so that it is left alone; where files cannot be locked, all are.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from ...errors import ConfigurationError, WxCouponError
from ..ledger import LedgerError
from ..ledgers.holding import held

_OLD: Final = 120.0
"""Seconds after which a half-made file may be swept: a folder is made a moment before its lock."""
_LOCK: Final = "making"


class ReportError(WxCouponError):
    """A report could not be written to its end: what it was to tell has happened all the same."""


class Workshop:
    """A folder beside the place where a file is to be, in which it is made.

    Args:
        path: where the file is to be.
        besides: other files by path, which it may not be, and what each is in words.

    Attributes:
        path: where the file is to be.
        is_file: whether it is a file, or one can be made; otherwise it is a pipe or a device.

    Raises:
        ConfigurationError: there can be no such file.
    """

    def __init__(self, path: Path, besides: Mapping[Path, str]) -> None:
        for other, what in besides.items():
            if _is_same(path, other):
                raise ConfigurationError(f"{path} is {what}; write to another one")
        self.path = path
        self._target: Final = path.resolve()
        self._folder: Path | None = None
        self._hold = ExitStack()
        self.is_file = self._target.is_file() or not self._target.exists()
        try:
            if self.is_file:  # there is room for a file, or this says why there is none
                self._sweep()
                self.open()
                self.close()
            elif self._target.is_dir():
                self._target.open("wb").close()
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written ({error.strerror})") from None

    def open(self) -> Path:
        """Make the folder, and in it the file that is to be put in place, empty; gives the file's path."""
        self._folder = Path(tempfile.mkdtemp(prefix=f"{self._target.name}.", suffix=".part", dir=self._target.parent))
        with suppress(LedgerError):  # files cannot be locked there, so nobody sweeps
            self._hold.enter_context(held(self._folder, _LOCK))
        made = self._folder / self._target.name
        os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return made

    def place(self) -> None:
        """Put the file in its place, in one step."""
        if self._folder is not None:
            made = self._folder / self._target.name
            with made.open("rb+") as file:  # on disk before its name is, or a power cut leaves an empty file there
                os.fsync(file.fileno())
            made.replace(self._target)

    def close(self) -> None:
        """Take away the folder, with what was not put in place."""
        self._hold.close()
        if self._folder is not None:
            _take_away(self._folder)
            self._folder = None

    def _sweep(self) -> None:
        """Take away what killed processes left here."""
        ours = re.compile(rf"{re.escape(self._target.name)}\.[a-z0-9_]{{8}}\.part")
        before = time.time() - _OLD
        with os.scandir(self._target.parent) as entries:
            left = [
                Path(entry)
                for entry in entries
                if ours.fullmatch(entry.name)
                and entry.is_dir(follow_symlinks=False)
                and entry.stat(follow_symlinks=False).st_mtime < before
            ]
        for folder in left:
            with suppress(LedgerError), held(folder, _LOCK):
                _take_away(folder)

    def failure(self, error: OSError) -> ReportError:
        """The error for what could not be written."""
        return ReportError(f"{self.path} could not be written to its end ({error.strerror or error})")


def _take_away(folder: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(folder)


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there yet
        return path.resolve() == other.resolve()
