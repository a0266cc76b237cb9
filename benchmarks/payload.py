"""What is sent and answered in every benchmark: an upload of 200 coupon codes of 32 characters, 7 KB each way."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Iterator
from typing import Final

CODES: Final = 200
LENGTH: Final = 32
_RUN: Final = secrets.token_hex(6).upper()
_numbers = itertools.count()


def codes() -> Iterator[str]:
    """Codes that no other call of this process got."""
    return (_RUN + str(number).zfill(LENGTH - len(_RUN)) for number in _numbers)


def code_lists(count: int) -> list[list[str]]:
    """The codes of so many uploads."""
    source = codes()
    return [list(itertools.islice(source, CODES)) for _ in range(count)]


def answer_body() -> bytes:
    """What the upload of 200 codes is answered with."""
    (stored,) = code_lists(1)
    members = {
        "total_count": CODES,
        "success_code_list": stored,
        "failed_code_list": [],
        "already_exist_code_list": [],
        "duplicate_code_list": [],
    }
    return json.dumps(members, separators=(",", ":")).encode()
