"""Many calls at once: a bounded helper over any stream of requests, and the requests of the usual jobs.

The jobs that read files bring their endpoints' family with them, so they are loaded when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .plan import CODES_PER_CALL, pre_send_requests, request_no_for, upload_requests
from .run import Done, Failed, bulk

if TYPE_CHECKING:
    from .account import every_row, planned_job, source_of
    from .codes.generating import generate_codes
    from .codes.reconciling import reconcile
    from .codes.watching import watch_codes
    from .engine import Run
    from .ledger import JobHeldError, Ledger, LedgerError, Tally
    from .ledgers.memory_ledger import MemoryLedger
    from .ledgers.sqlite_ledger import SqliteLedger
    from .outcomes import RowEnd, Settled
    from .pieces import SourceChangedError, SourceError
    from .progress import Progress
    from .reading import open_source
    from .rows.presend_task import PreSendTask
    from .rows.row_jobs import call_rows, pre_send
    from .rows.row_task import RowOutcome, RowTask
    from .spools import remove_job
    from .tokens.token_service import ServedToken, TokensBusyError, TokenService
    from .upload import upload_codes
    from .verdicts import Ending

__all__ = [
    "CODES_PER_CALL",
    "Done",
    "Ending",
    "Failed",
    "JobHeldError",
    "Ledger",
    "LedgerError",
    "MemoryLedger",
    "PreSendTask",
    "Progress",
    "RowEnd",
    "RowOutcome",
    "RowTask",
    "Run",
    "ServedToken",
    "Settled",
    "SourceChangedError",
    "SourceError",
    "SqliteLedger",
    "Tally",
    "TokenService",
    "TokensBusyError",
    "bulk",
    "call_rows",
    "every_row",
    "generate_codes",
    "open_source",
    "planned_job",
    "pre_send",
    "pre_send_requests",
    "reconcile",
    "remove_job",
    "request_no_for",
    "source_of",
    "upload_codes",
    "upload_requests",
    "watch_codes",
]

_ROOMS: Final = {
    "Ending": "verdicts",
    "JobHeldError": "ledger",
    "Ledger": "ledger",
    "LedgerError": "ledger",
    "MemoryLedger": "ledgers.memory_ledger",
    "PreSendTask": "rows.presend_task",
    "Progress": "progress",
    "RowEnd": "outcomes",
    "RowOutcome": "rows.row_task",
    "RowTask": "rows.row_task",
    "Run": "engine",
    "ServedToken": "tokens.token_service",
    "Settled": "outcomes",
    "SourceChangedError": "pieces",
    "SourceError": "pieces",
    "SqliteLedger": "ledgers.sqlite_ledger",
    "Tally": "ledger",
    "TokenService": "tokens.token_service",
    "TokensBusyError": "tokens.token_service",
    "call_rows": "rows.row_jobs",
    "every_row": "account",
    "generate_codes": "codes.generating",
    "open_source": "reading",
    "planned_job": "account",
    "pre_send": "rows.row_jobs",
    "reconcile": "codes.reconciling",
    "remove_job": "spools",
    "source_of": "account",
    "upload_codes": "upload",
    "watch_codes": "codes.watching",
}


if not TYPE_CHECKING:  # a checker would take any misspelt name for one that is loaded later

    def __getattr__(name: str) -> Any:
        if name in _ROOMS:
            return getattr(import_module(f".{_ROOMS[name]}", __name__), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
