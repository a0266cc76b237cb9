"""The chunks of a job, cut while its rows are looked at for the first time, as if none repeated another one.

What cannot be sent is known at once, and what repeats an earlier row only at the end. So a draft is the plan of the job
if nothing is there twice, and is thrown away otherwise.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from .cutting import Cutter
from .ledger import Chunk
from .pieces import Source
from .planning import FirstPass, Found, go_on, require_same
from .task import Task


class Draft:
    """A draft under way; leaving its block lets go of what it has on disk.

    Args:
        source: the rows.
        task: what is to be done with them.
        about: what the source said of itself before.
        folder: where a temporary file may be made when there are many rows; None for the system's folder.
        watch: called with the rows looked at so far, now and then.

    Raises:
        ConfigurationError: chunks of the task cannot have the rows of a call.
    """

    def __init__(
        self,
        source: Source,
        task: Task[Any],
        about: dict[str, object],
        *,
        folder: Path | None = None,
        watch: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._source = source
        self._task = task
        self._about = about
        self._watch = watch
        self._cutter = Cutter(task)
        self._first = FirstPass(source, task, folder)
        self._pieces = source.pieces()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._first.close()

    def more(self, stop: threading.Event | None = None) -> list[Chunk]:
        """The next chunks, in order; an empty list when there are no more.

        Raises:
            SourceError: the source cannot be read any more.
            SourceChangedError: it is not what it was; known at the end, so the chunks before are void.
            LedgerError: there is no room on the disk for what is needed to find repeated rows.
            PlanningStopped: *stop* was set.
        """
        for piece in self._pieces:
            go_on(stop)
            self._cutter.add(piece, self._first.look_at(piece), ())
            self._watch(self._first.rows)
            if self._cutter.is_full:
                return self._cutter.take()
        self._cutter.end()
        return self._cutter.take()

    def found(self, stop: threading.Event | None = None) -> Found:
        """What was found, after the last chunks; they are the job's if no row repeats an earlier one.

        Raises:
            SourceError: the source cannot be read any more.
            SourceChangedError: it is not what it was, so the chunks are void.
            LedgerError: there is no room on the disk.
            PlanningStopped: *stop* was set.
        """
        repeats = self._first.repeats(stop)
        require_same(self._source, self._task, self._about)
        return Found(self._about, self._first.rows, self._first.invalid, repeats)
