"""Many calls at once: a bounded helper over any stream of requests, and the requests of the usual jobs.

The jobs that read files bring their endpoints' family with them, so they are loaded when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .plan import CODES_PER_CALL, pre_send_requests, request_no_for, upload_requests
from .run import Done, Failed, bulk

if TYPE_CHECKING:
    from .presend import pre_send
    from .sources import open_table
    from .upload import upload_codes

__all__ = [
    "CODES_PER_CALL",
    "Done",
    "Failed",
    "bulk",
    "open_table",
    "pre_send",
    "pre_send_requests",
    "request_no_for",
    "upload_codes",
    "upload_requests",
]

_ROOMS: Final = {"open_table": "sources", "pre_send": "presend", "upload_codes": "upload"}


if not TYPE_CHECKING:  # a checker would take any misspelt name for one that is loaded later

    def __getattr__(name: str) -> Any:
        if name in _ROOMS:
            return getattr(import_module(f".{_ROOMS[name]}", __name__), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
