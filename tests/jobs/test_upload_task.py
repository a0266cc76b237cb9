"""What an upload is to the engine, without sending any."""

from typing import Any

import pytest

from wxcoupon import UntrustedAnswer
from wxcoupon import product_coupon as pc
from wxcoupon.bulk import positions
from wxcoupon.bulk.ledger import Tally
from wxcoupon.bulk.pieces import Piece
from wxcoupon.bulk.upload import UploadTask, sort_out
from wxcoupon.bulk.verdicts import Ending, Verdict, Verdicts, gathered
from wxcoupon.convert import from_wire
from wxcoupon.errors import ClientStateError, ConfigurationError, NoTurnError, SigningError, WxCouponError


def test_a_number_never_changes() -> None:
    """A job that was begun with one version is resumed with another, so the number of a call stays what it is."""
    task = UploadTask("spring", product_coupon_id="1", stock_id="2")
    piece = Piece(0, [2, 4], [1, 2], ["A", "B"])

    request = task.request(piece, task.digest(piece))

    assert "wxc-886c1e87fbe9bd75c5cebaf52b6564be" == request.out_request_no


@pytest.mark.parametrize(
    ("error", "first", "later"),
    [
        (NoTurnError(9.0, 1.0), False, False),
        (SigningError("the service is away"), False, False),
        (ConfigurationError("wrong"), True, True),
        (ClientStateError("closed"), True, True),
        (UntrustedAnswer("not proven"), True, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, WxCouponError) else str(value),
)
def test_what_holds_for_all(error: WxCouponError, *, first: bool, later: bool) -> None:
    """What is local and passes by itself ends no job; what is wrong for good does."""
    task = UploadTask("spring", product_coupon_id="1", stock_id="2")
    piece = Piece(0, [2], [1], ["A"])

    assert [first, later] == [task.holds_for_all(error, piece, first=is_first) for is_first in (True, False)]


def test_a_job_has_a_name() -> None:
    """A job without a name could not be found again."""
    with pytest.raises(ConfigurationError, match="name"):
        UploadTask("", product_coupon_id="1", stock_id="2")


def test_lists_that_overlap() -> None:
    """A code is failed before it is there already, and that before it is uploaded; in no list, it is unknown."""
    said = from_wire(
        pc.UploadedCouponCodes,
        {
            "total_count": 5,
            "success_code_list": ["A", "B", "C"],
            "already_exist_code_list": ["B", "C"],
            "failed_code_list": [{"coupon_code": "C", "code": "TAKEN", "message": "taken"}, "D"],
        },
    )

    found = sort_out(said, ["A", "B", "C", "D", "E"])

    assert {
        "A": (Ending.DONE, ""),
        "B": (Ending.ALREADY, ""),
        "C": (Ending.FAILED, "TAKEN taken"),
        "D": (Ending.FAILED, "refused without a reason"),
        "E": (Ending.UNKNOWN, "the answer does not name this code"),
    } == found


@pytest.mark.parametrize(
    "odd",
    [
        {"failed_code_list": 5},
        {"failed_code_list": [{"coupon_code": ["A"], "code": "X", "message": "m"}]},
        {"failed_code_list": [7, None]},
        {"success_code_list": {"A": 1}},
        {"already_exist_code_list": "A"},
    ],
    ids=["number", "list-of-codes", "numbers", "mapping", "text"],
)
def test_an_answer_of_any_shape(odd: dict[str, Any]) -> None:
    """However odd a signed answer is, a code it does not name in a known way is unknown, and nothing crashes."""
    task = UploadTask("spring", product_coupon_id="1", stock_id="2")
    said = from_wire(pc.UploadedCouponCodes, {"total_count": 1} | odd)

    verdicts = task.judge(Piece(0, [2], [1], ["A"]), [0], said, repeated=False)

    assert [Ending.UNKNOWN] == [ending for ending, _ in verdicts.each(1)]


def test_a_reason_of_any_kind() -> None:
    """A reason that is a number is a reason."""
    refusal = {"coupon_code": "A", "code": 5, "message": None}
    said = from_wire(pc.UploadedCouponCodes, {"total_count": 0, "failed_code_list": [refusal]})

    assert {"A": (Ending.FAILED, "5")} == sort_out(said, ["A"])


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("", "there is no code"),
        ("x" * 41, "a code has at most 40 characters, this one has 41"),
        ("a b", "a code is of 0-9 A-Z a-z _ and -, this one has ' '"),
        ("é", "a code is of 0-9 A-Z a-z _ and -, this one has 'é'"),
        ("A\nB", r"a code is of 0-9 A-Z a-z _ and -, this one has '\n'"),
    ],
    ids=["empty", "long", "space", "letter", "break"],
)
def test_what_is_no_code(code: str, problem: str) -> None:
    """A row that is no code is found among others, and said why; the longest code is one."""
    task = UploadTask("spring", product_coupon_id="1", stock_id="2")
    texts = ["x" * 40, code, "-_"]

    examined = task.examine(Piece(0, [1, 2, 3], [1, 2, 3], texts))

    assert {1: problem} == examined.faults
    assert texts == examined.keys


@pytest.mark.parametrize(
    ("places", "text"),
    [([], ""), ([0], "0"), ([0, 1, 2, 3, 7], "0-3,7"), ([5, 7, 8], "5,7-8"), (range(200), "0-199")],
    ids=["none", "first", "run-and-one", "one-and-run", "all"],
)
def test_positions(places: Any, text: str) -> None:
    """Positions are written in a few bytes and read again."""
    assert text == positions.written(places)
    assert list(places) == positions.read(text)


def test_verdicts_are_read_as_they_were_written() -> None:
    """What is written of rows says again what became of each, in words of any script."""
    full = "NOT_ENOUGH 已满"
    said = [
        (3, Ending.FAILED, full),
        (0, Ending.INVALID, "no code"),
        (1, Ending.DONE, "there when"),
        (2, Ending.FAILED, full),
    ]
    verdicts = Verdicts(gathered(said))

    read = Verdicts.read(verdicts.written())

    assert Tally(done=2, failed=2, invalid=1) == verdicts.tally(5) == read.tally(5)
    assert [
        (Ending.INVALID, "no code"),
        (Ending.DONE, "there when"),
        (Ending.FAILED, full),
        (Ending.FAILED, full),
        (Ending.DONE, ""),
    ] == read.each(5)


def test_rows_that_were_all_done_need_no_words() -> None:
    """Nothing is written of rows that were simply done, and the answer of a single one is kept."""
    assert ("", Tally(done=200)) == (Verdicts().written(), Verdicts().tally(200))
    kept = Verdicts.read(Verdicts(answer={"token": "T"}).written())
    assert ({"token": "T"}, [(Ending.DONE, "")]) == (kept.answer, kept.each(1))


def test_a_whole_call_is_one_verdict() -> None:
    """A call of which nothing was done is written in a few bytes."""
    verdicts = Verdicts([Verdict(Ending.UNKNOWN, "nobody knows", range(200))])

    assert '[[["unknown","nobody knows","0-199"]]]' == verdicts.written()
    assert Tally(unknown=200) == verdicts.tally(200)
