"""The columns of a file of rows, as help lists them: from the declaration of the call that is made for each row."""

from __future__ import annotations

from typing import Any

from ..bulk.rows.row_task import RowTask
from ..endpoint import registry


def columns_in_words(endpoint: str) -> str:
    """Which columns rows of an endpoint may have, in two sentences; a part that has members is not listed itself."""
    task: RowTask[Any] = RowTask(registry()[endpoint], "help")
    parts = {name.rpartition(".")[0] for name in task.columns}
    others = [name for name in task.columns if name not in task.needed and name not in parts]
    return (
        f"Columns that are needed, unless an option says them for all rows: {', '.join(task.needed)}. "
        f"Others: {', '.join(others)}."
    )
