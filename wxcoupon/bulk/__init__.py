"""Many calls at once: a bounded helper over any stream of requests, and the requests of the usual jobs."""

from .plan import CODES_PER_CALL, pre_send_requests, request_no_for, upload_requests
from .run import Done, Failed, bulk

__all__ = [
    "CODES_PER_CALL",
    "Done",
    "Failed",
    "bulk",
    "pre_send_requests",
    "request_no_for",
    "upload_requests",
]
