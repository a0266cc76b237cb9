"""Many calls at once: a bounded helper over any stream of requests, and the requests of the usual jobs."""

from .plan import CODES_PER_CALL, pre_send_requests, request_no_for, upload_requests
from .presend import pre_send
from .run import Done, Failed, bulk
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
