"""Coupon codes that nobody can guess, and of which no two are equal.

A code is, from left to right::

    prefix      as given, or nothing
    random      drawn by the operating system's generator (:mod:`secrets`), 5 bits a character
    number      4 characters, with a ledger only: the number of the batch in that ledger
    last        the check digit, or one more random character

Rule 1: the 32 characters are 2-9 and A-Z without I and O: 0 and O, 1 and I are left out, and there are no small
        letters, so that L looks like nothing else. All of them are among the characters WeChat Pay takes.
Rule 2: the number of a batch stands at the same place from the end in every code, whatever prefix, length and check
        digit a batch has, and a ledger gives no number twice: codes of two batches of one ledger are never equal.
Rule 3: inside a batch a code is dropped when its hash falls where that of an earlier one fell. Equal codes have equal
        hashes, so none is left twice; a few others are dropped with them, which takes less than 0.2 bits.
Rule 4: only the random characters count as entropy. There are at least so many that a guess, by somebody who knows
        everything else about the batch, hits one of its codes once in 2^40 times (1,099,511,627,776) or more seldom.
Rule 5: the check digit is Luhn mod N with N = 32, over everything behind the prefix. It finds every single wrong
        character, and every two neighbours that were swapped, but for 2 and Z beside each other.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Final

import attrs

from ...errors import ConfigurationError
from ..ledger import Ledger

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""The characters of a code, in the order of their values from 0 to 31."""
LONGEST: Final = 40
"""Characters a code may have. https://pay.weixin.qq.com/doc/v3/partner/4015781572"""
USUAL_LENGTH: Final = 20
FLOOR_BITS: Final = 40
"""Bits there have to be beyond those that tell the codes of a batch apart: a guess hits once in 2^40 times."""

_BITS: Final = 5
_NUMBER_WIDTH: Final = 4
_NUMBERS: Final = 32**_NUMBER_WIDTH
_SERIES: Final = "generated codes"
_MOST: Final = 100_000_000
"""Codes in a batch: as many as a stock may have."""
_ROWS: Final = 4096
"""Codes made at once."""
_BITS_A_CODE: Final = 8
"""Places for hashes there are for each code at least."""

_VALUES: Final = bytes(byte & 31 for byte in range(256))
"""A random byte to a value; 256 is a multiple of 32, so all values are equally likely."""
_CHARACTERS: Final = bytes(ord(ALPHABET[byte & 31]) for byte in range(256))
_VALUE_OF: Final = {character: value for value, character in enumerate(ALPHABET)}
_DOUBLED: Final = bytes(sum(divmod(2 * (byte & 31), 32)) for byte in range(256))
"""Luhn's every other digit: doubled, and the digits of the double added."""


@attrs.frozen
class Shape:
    """How codes are made up.

    Attributes:
        length: characters of a code, those of the prefix included: 1 to 40.
        prefix: what every code begins with, of ``0-9 A-Z a-z _ -``; it makes no code harder to guess.
        check_digit: whether the last character is a check digit.
    """

    length: int = USUAL_LENGTH
    prefix: str = ""
    check_digit: bool = False

    def randoms(self, *, numbered: bool) -> int:
        """How many characters are left to be drawn; below 0 when there is not even room for the others."""
        return self.length - len(self.prefix) - (_NUMBER_WIDTH if numbered else 0) - (1 if self.check_digit else 0)

    def require(self, count: int, *, numbered: bool) -> None:
        """See that *count* codes of this shape can be made, and that none can be guessed.

        Args:
            count: codes of the batch.
            numbered: whether the number of a batch is written into them, as with a ledger.

        Raises:
            ConfigurationError: they cannot; the message has the numbers.
        """
        if not 1 <= count <= _MOST:
            raise ConfigurationError(f"a batch has 1 to {_MOST:,} codes, not {count:,}")
        if not re.fullmatch("[0-9A-Za-z_-]*", self.prefix):
            raise ConfigurationError(f"a prefix is of 0-9 A-Z a-z _ and -, and {self.prefix!r} is not")
        if self.length > LONGEST:
            raise ConfigurationError(f"a code has at most {LONGEST} characters at WeChat Pay, not {self.length}")
        has, needs = self.randoms(numbered=numbered), _randoms_for(count)
        if has >= needs:
            return
        least = self.length + needs - has
        others = [f"{len(self.prefix)} of the prefix"] if self.prefix else []
        others += [f"{_NUMBER_WIDTH} of the batch's number"] if numbered else []
        others += ["the check digit"] if self.check_digit else []
        beside = f" beside {', '.join(others)}" if others else ""
        cure = f"give a length of at least {least}" if least <= LONGEST else "give a shorter prefix"
        raise ConfigurationError(
            f"a length of {self.length} leaves {max(has, 0)} random characters ({_BITS * max(has, 0)} bits){beside}; "
            f"{count:,} codes need {needs} ({_BITS * needs} bits), so that a guess hits one of them once in "
            f"2^{FLOOR_BITS} times at most; {cure}"
        )


def _randoms_for(count: int) -> int:
    """Characters with at least FLOOR_BITS more bits than the logarithm of *count*."""
    return -(-(FLOOR_BITS + (count - 1).bit_length()) // _BITS)


@attrs.frozen
class CodeBatch:
    """Codes that are made while they are taken.

    Attributes:
        count: how many there are.
        shape: how they are made up.
        number: of the batch in its ledger; None without a ledger, and then only chance keeps these codes from being
            those of another batch.
        codes: the codes, once.
    """

    count: int
    shape: Shape
    number: int | None
    codes: Iterator[str] = attrs.field(repr=False)

    @property
    def bits(self) -> int:
        """Random bits of each code."""
        return _BITS * self.shape.randoms(numbered=self.number is not None)

    @property
    def guesses(self) -> int:
        """Guesses it takes on average to hit one of the codes, for who knows everything but the random characters."""
        return (1 << self.bits) // self.count


async def generate_codes(
    count: int,
    *,
    ledger: Ledger | None = None,
    length: int = USUAL_LENGTH,
    prefix: str = "",
    check_digit: bool = False,
) -> CodeBatch:
    """Make codes that nobody can guess.

    No two codes of the batch are equal. With a ledger none is equal to one of another batch made with that ledger,
    whatever their shapes: the batch's number is drawn now, and is part of its codes. Without one, or with codes from
    elsewhere, only chance is against it: two batches of a million codes with 80 random bits have one in common once
    in 10^12 times. WeChat Pay answers a code that it has already with ``already_exist``.

    Args:
        count: how many, up to 100,000,000; the memory taken is 1 to 2 bytes a code.
        ledger: what gives the batch its number.
        length: characters of a code, those of the prefix included.
        prefix: what every code begins with.
        check_digit: make the last character a check digit, see :func:`is_intact`.

    Returns:
        The batch; its codes are made as they are iterated.

    Raises:
        ConfigurationError: codes of that length can be guessed, or are none to WeChat Pay.
        LedgerError: the ledger cannot be written.
    """
    shape = Shape(length, prefix, check_digit)
    shape.require(count, numbered=ledger is not None)
    number = None if ledger is None else await ledger.number(_SERIES)
    if number is not None and number >= _NUMBERS:
        raise ConfigurationError(
            f"this ledger has given {_NUMBERS - 1:,} batches their numbers, and has no more; use another ledger, with "
            "another prefix of the same length"
        )
    return CodeBatch(count, shape, number, _distinct(count, shape, number))


def _distinct(count: int, shape: Shape, number: int | None) -> Iterator[str]:
    mask = (1 << (_BITS_A_CODE * count - 1).bit_length()) - 1
    seen = bytearray((mask >> 3) + 1)
    left = count
    while left:
        for code in _block(min(left + 16, _ROWS), shape, number):
            place = hash(code) & mask
            bit = 1 << (place & 7)
            place >>= 3
            if seen[place] & bit:
                continue
            seen[place] |= bit
            yield code
            left -= 1
            if not left:
                return


def _block(rows: int, shape: Shape, number: int | None) -> list[str]:
    """Codes, made column by column."""
    randoms = shape.randoms(numbered=number is not None)
    drawn = secrets.token_bytes(randoms * rows).translate(_VALUES)
    columns = [drawn[begin : begin + rows] for begin in range(0, len(drawn), rows)]
    if number is not None:
        place = len(columns) if shape.check_digit else len(columns) - 1
        digits = [number >> _BITS * power & 31 for power in reversed(range(_NUMBER_WIDTH))]
        columns[place:place] = [bytes([digit]) * rows for digit in digits]
    if shape.check_digit:
        columns.append(_check_column(columns, rows))
    width = shape.length + 1
    text = bytearray(b"\n") * (width * rows)
    for place, character in enumerate(shape.prefix.encode()):
        text[place::width] = bytes([character]) * rows
    for place, column in enumerate(columns, len(shape.prefix)):
        text[place::width] = column.translate(_CHARACTERS)
    return text.decode("ascii").split("\n")[:-1]


def _check_column(columns: list[bytes], rows: int) -> bytes:
    """The check digits of many codes at once: a byte a code in one long number, of which no sum overflows its byte."""
    total, low = 0, int.from_bytes(b"\x1f" * rows)
    for place, column in enumerate(reversed(columns)):
        total = (total + int.from_bytes(column.translate(_DOUBLED) if place % 2 == 0 else column)) & low
    return ((low + int.from_bytes(b"\x01" * rows) - total) & low).to_bytes(rows)


def check_digit(text: str) -> str:
    """The Luhn mod 32 check digit of a text, to be written behind it.

    Args:
        text: characters of :data:`ALPHABET`; without a prefix that is not to be covered.

    Raises:
        ConfigurationError: there are other characters in it.
    """
    if (value := _sum(text, 1)) is None:
        raise ConfigurationError(f"a check digit is made of the characters {ALPHABET} alone")
    return ALPHABET[-value % 32]


def is_intact(code: str, *, prefix: str = "") -> bool:
    """Whether a code with a check digit is one that was generated, as far as the check digit can tell.

    Args:
        code: the code, as somebody typed it; small letters are none.
        prefix: what it was generated with.
    """
    return code.startswith(prefix) and len(code) > len(prefix) and _sum(code.removeprefix(prefix), 0) == 0


def _sum(text: str, first: int) -> int | None:
    """Luhn's sum mod 32, the last character being the *first* one from the right; None with a strange character."""
    total = 0
    for place, character in enumerate(reversed(text), first):
        value = _VALUE_OF.get(character)
        if value is None:
            return None
        total += _DOUBLED[value] if place % 2 else value
    return total % 32
