"""Codes that are generated: what they are made of, that none is there twice, and what a check digit finds."""

import tracemalloc
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from wxcoupon.bulk.codes.generating import ALPHABET, Shape, _distinct, check_digit, generate_codes, is_intact
from wxcoupon.bulk.ledgers.memory_ledger import MemoryLedger
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.upload import LEGAL
from wxcoupon.errors import ConfigurationError

UNLIKELY: Final = 140
"""A chi-square of 31 degrees of freedom is above it once in 10^15 times."""
SHAPES: Final[dict[str, dict[str, Any]]] = {
    "plain": {},
    "prefix": {"prefix": "TEA-"},
    "check": {"check_digit": True},
    "both": {"prefix": "x_", "check_digit": True, "length": 40},
}


def uneven(column: str) -> float:
    """The chi-square of characters against all of them being equally likely."""
    expected = len(column) / len(ALPHABET)
    counts = Counter(column)
    return sum((counts[character] - expected) ** 2 / expected for character in ALPHABET)


async def test_the_alphabet_has_32_characters_and_no_look_alikes() -> None:
    """32 different characters are 5 bits each, and none of 0 O 1 I or the small letters is there."""
    assert 32 == len(set(ALPHABET))
    assert "" == "".join(set(ALPHABET) & set("01OIabcdefghijklmnopqrstuvwxyz_-"))


async def test_every_character_is_equally_likely_at_every_place() -> None:
    """No place of a code prefers a character, the check digit included."""
    codes = list((await generate_codes(20_000, check_digit=True)).codes)
    columns = ["".join(column) for column in zip(*codes, strict=True)]
    assert [] == [number for number, column in enumerate(columns) if uneven(column) > UNLIKELY]


async def test_places_do_not_depend_on_each_other() -> None:
    """The difference of neighbouring characters is equally distributed as well."""
    codes = list((await generate_codes(20_000)).codes)
    differences = [
        "".join(ALPHABET[(ALPHABET.index(code[place]) - ALPHABET.index(code[place + 1])) % 32] for code in codes)
        for place in range(0, 19, 6)
    ]
    assert [] == [number for number, column in enumerate(differences) if uneven(column) > UNLIKELY]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("numbered", [False, True], ids=["alone", "ledger"])
async def test_a_batch_has_the_codes_that_were_asked_for(shape: dict[str, Any], *, numbered: bool) -> None:
    """As many as asked for, of the length asked for, beginning with the prefix, all different and legal."""
    batch = await generate_codes(9_000, ledger=MemoryLedger() if numbered else None, **shape)
    codes = list(batch.codes)
    assert 9_000 == len(set(codes)) == len(codes)
    assert {shape.get("length", 20)} == set(map(len, codes))
    assert all(code.startswith(shape.get("prefix", "")) and LEGAL.fullmatch(code) for code in codes)
    assert (1 if numbered else None) == batch.number


async def test_no_code_is_made_twice_where_chance_would_make_thousands() -> None:
    """What is dropped as a repetition is made good by another code, until all are there."""
    shape = Shape(4)  # so short a code is refused by what calls it
    codes = list(_distinct(100_000, shape, None))
    assert 100_000 == len(set(codes)) == len(codes)


async def test_batches_of_one_ledger_have_no_code_in_common_by_their_numbers(tmp_path: Path) -> None:
    """The same four places of every code say its batch, whatever the shape, also after the ledger was closed."""
    numbers: list[set[str]] = []
    for _ in range(2):
        async with SqliteLedger(tmp_path / "ledger") as ledger:
            batches = [await generate_codes(50, ledger=ledger, **shape) for shape in SHAPES.values()]
        numbers += [{code[-5:-1] for code in batch.codes} for batch in batches]
    assert [{"222" + ALPHABET[number]} for number in range(1, 9)] == numbers


async def test_a_ledger_without_numbers_left_is_said() -> None:
    """After the last number no batch is made that could have the codes of another one."""

    class Late(MemoryLedger):
        async def number(self, series: str) -> int:
            return await super().number(series) + 32**4 - 2

    ledger = Late()
    batch = await generate_codes(1, ledger=ledger)
    assert "ZZZZ" == next(batch.codes)[-5:-1]
    with pytest.raises(ConfigurationError, match="1,048,575 batches"):
        await generate_codes(1, ledger=ledger)


async def test_entropy_is_counted_in_random_characters_alone() -> None:
    """Prefix, number and check digit make no code harder to guess."""
    alone = await generate_codes(1024, prefix="AB", check_digit=True)
    numbered = await generate_codes(1024, ledger=MemoryLedger(), prefix="AB", check_digit=True)
    assert (85, 2**75) == (alone.bits, alone.guesses)
    assert (65, 2**55) == (numbered.bits, numbered.guesses)


@pytest.mark.parametrize(
    ("count", "least"), [(1, 8), (2, 9), (32, 9), (33, 10), (1_000_000, 12), (100_000_000, 14)], ids=str
)
async def test_the_floor_is_40_bits_beyond_the_codes_of_the_batch(count: int, least: int) -> None:
    """The shortest code there may be is one that a guess hits at most once in 2^40 times."""
    batch = await generate_codes(count, length=least)
    assert 2**40 <= batch.guesses
    assert 2**40 > 32 ** (least - 1) // count
    with pytest.raises(ConfigurationError, match=f"a length of at least {least}$"):
        await generate_codes(count, length=least - 1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"count": 0}, "1 to 100,000,000 codes, not 0"),
        ({"length": 41}, "at most 40 characters"),
        ({"prefix": "a b"}, "'a b' is not"),
        ({"prefix": "Ä"}, "'Ä' is not"),
        (
            {"length": 12, "prefix": "AB", "check_digit": True},
            r"leaves 9 random characters \(45 bits\) beside 2 of the prefix, the check digit; 1,000 codes need 10 \(",
        ),
        ({"prefix": "A" * 39, "length": 40}, "give a shorter prefix"),
        ({"prefix": "A" * 39, "length": 20}, "leaves 0 random characters"),
    ],
    ids=["none", "long", "space", "umlaut", "guessed", "prefix", "no room"],
)
async def test_what_cannot_be_is_refused_with_its_numbers(options: dict[str, Any], words: str) -> None:
    """A refusal says what is wrong and what would be right, and draws no number."""
    ledger = MemoryLedger()
    with pytest.raises(ConfigurationError, match=words):
        await generate_codes(**({"count": 1_000} | options))
    assert 1 == await ledger.number("generated codes")


async def test_codes_are_made_as_they_are_taken() -> None:
    """Of ten million codes the first ones are there at once, for less than 2 bytes of memory a code."""
    tracemalloc.start()
    try:
        batch = await generate_codes(10_000_000)
        assert 10_000 == len(set(islice(batch.codes, 10_000)))
        assert 20_000_000 > tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_a_check_digit_finds_every_wrong_character() -> None:
    """Whichever character is replaced by whichever other one, the code is not intact any more."""
    batch = await generate_codes(20, prefix="TEA-", check_digit=True)
    found = [
        is_intact(f"{code[:place]}{wrong}{code[place + 1 :]}", prefix="TEA-")
        for code in batch.codes
        for place in range(4, 20)
        for wrong in ALPHABET
        if wrong != code[place]
    ]
    assert (20 * 16 * 31, False) == (len(found), any(found))


async def test_a_check_digit_finds_swapped_neighbours_but_for_one_pair() -> None:
    """Every two different neighbours that change places are found, but for the first and last of the alphabet."""
    pairs = [(one, other) for one in ALPHABET for other in ALPHABET if one != other]
    missed: set[tuple[str, str]] = set()
    for body in ("7K", "7KM"):  # at an even and at an odd place
        for one, other in pairs:
            digit = check_digit(f"{body}{one}{other}QR")
            if is_intact(f"{body}{other}{one}QR{digit}"):
                missed.add((one, other))
    assert {("2", "Z"), ("Z", "2")} == missed


async def test_check_digits_of_many_are_those_of_each() -> None:
    """What is reckoned for thousands at once is Luhn mod 32 as the textbook has it."""

    def textbook(text: str) -> str:
        factor, total = 2, 0
        for character in reversed(text):
            addend = factor * ALPHABET.index(character)
            factor = 1 if factor == 2 else 2
            total += addend // 32 + addend % 32
        return ALPHABET[(32 - total % 32) % 32]

    ledger = MemoryLedger()
    for length in (18, 21, 40):
        batch = await generate_codes(300, ledger=ledger, prefix="A1-", check_digit=True, length=length)
        for code in batch.codes:
            body = code.removeprefix("A1-")[:-1]
            assert code[-1] == textbook(body) == check_digit(body)
            assert is_intact(code, prefix="A1-")


@pytest.mark.parametrize("text", ["", "TEA-", "TEA", "tea-x", "TEA-0", "TEA-é"])
async def test_what_is_no_generated_code_is_not_intact(text: str) -> None:
    """Nothing but a prefix, another prefix, or a strange character is never intact."""
    assert not is_intact(text, prefix="TEA-")


async def test_a_check_digit_is_not_made_of_strange_characters() -> None:
    """A text with 0 or a small letter has no check digit."""
    with pytest.raises(ConfigurationError, match="the characters 23456789ABC"):
        check_digit("ABC0")
