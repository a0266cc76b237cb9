"""``wxcoupon codes generate``."""

import signal
import stat
from pathlib import Path

import pytest

from ..cli.conftest import Cli


def test_codes_go_to_stdout_and_words_to_stderr(bare: Cli) -> None:
    """One code a line; what they are worth, and that there was no ledger, is said beside them."""
    made = bare("codes", "generate", "--count", 1000)
    assert (0, 1000) == (made.status, len(set(made.out.splitlines())))
    assert {20} == set(map(len, made.out.splitlines()))
    assert (
        "1,000 codes of 20 characters with 100 random bits each: a guess hits one of them once in 2^90 times "
        "(1.2e+27), or more seldom\nno two of them are equal; without --ledger nothing but chance keeps them from "
        "being those of another run: one of the same size has a code of these with a chance of 1 in 1.3e+24\n"
    ) == made.err


def test_a_file_is_whole_private_and_never_written_over(bare: Cli, tmp_path: Path) -> None:
    """The file has mode 0600 and all codes; a second run refuses to replace it, and leaves nothing else."""
    path = tmp_path / "codes.txt"
    made = bare("codes", "generate", "--count", 12_345, "--ledger", "ledger", "--out", path)
    written = path.read_text()
    assert (0, "", 12_345) == (made.status, made.out, len(set(written.splitlines())))
    assert made.err.endswith("this is batch 1 of ledger; no two codes of all its batches are equal\n")
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    again = bare("codes", "generate", "--count", 5, "--ledger", "ledger", "--out", path)
    assert (2, written) == (again.status, path.read_text())
    assert "is there already, and may have codes that are nowhere else; name another file" in again.err
    assert ["codes.txt", "ledger"] == sorted(found.name for found in tmp_path.iterdir())


def test_a_link_to_nowhere_is_not_followed(bare: Cli, tmp_path: Path) -> None:
    """A link that stands where the file is to be is something that is there already."""
    (tmp_path / "codes.txt").symlink_to(tmp_path / "elsewhere")
    assert 2 == bare("codes", "generate", "--count", 1, "--out", "codes.txt").status
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_named(bare: Cli) -> None:
    """Nothing is generated for a file that cannot be."""
    made = bare("codes", "generate", "--count", 1, "--out", "nowhere/codes.txt", "--ledger", "ledger")
    assert (2, "") == (made.status, made.out)
    assert "nowhere/codes.txt cannot be written (No such file or directory)" in made.err


def test_json_is_one_object_a_line(bare: Cli) -> None:
    """Without a file the codes come first, each as an object; the last line has the numbers."""
    made = bare("codes", "generate", "--count", 2, "--prefix", "-A", "--length", 18, "--check-digit", "--json")
    *codes, last = made.lines
    assert (0, "") == (made.status, made.err)
    assert [["code"], ["code"]] == [list(code) for code in codes]
    assert {
        "count": 2,
        "length": 18,
        "prefix": "-A",
        "check_digit": True,
        "batch": None,
        "entropy_bits": 75,
        "guesses": 2**74,
        "ledger": None,
        "out": None,
    } == last


def test_json_with_a_file_is_one_document(bare: Cli, tmp_path: Path) -> None:
    """With a file the codes are there, and stdout says so."""
    made = bare("codes", "generate", "--count", 2, "--out", "codes.txt", "--ledger", "ledger", "--json")
    assert (1, "ledger", "codes.txt") == tuple(made.document[name] for name in ("batch", "ledger", "out"))
    assert 2 == len((tmp_path / "codes.txt").read_text().splitlines())


def test_a_length_that_can_be_guessed_is_refused_and_nothing_is_made(bare: Cli, tmp_path: Path) -> None:
    """The message has the length it takes, and neither a file nor a batch is begun."""
    made = bare("codes", "generate", "--count", 1_000_000, "--length", 15, "--ledger", "ledger", "--out", "codes.txt")
    assert 2 == made.status
    assert "give a length of at least 16" in made.err
    assert not (tmp_path / "codes.txt").exists()
    assert bare("codes", "generate", "--count", 1, "--ledger", "ledger").err.endswith("equal\n")


def test_processes_with_one_ledger_have_no_code_in_common(bare: Cli) -> None:
    """Four processes at once draw four numbers, which stand in their codes."""
    words = ("codes", "generate", "--count", 2_000, "--ledger", "ledger")
    processes = [bare.start(*words) for _ in range(4)]
    codes: list[list[str]] = []
    for process in processes:
        with process:
            codes.append(process.communicate(timeout=100)[0].splitlines())
    assert 8_000 == len({code for batch in codes for code in batch})
    assert ["2223", "2224", "2225", "2226"] == sorted({code[-5:-1] for batch in codes for code in batch})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupted_run_leaves_no_file(bare: Cli, tmp_path: Path, number: signal.Signals) -> None:
    """Half of a batch is none: what was written so far is taken away."""
    with bare.start("codes", "generate", "--count", 90_000_000, "--out", "codes.txt") as process:
        while not list(tmp_path.glob("codes.txt.*.part")):
            assert process.poll() is None
        process.send_signal(number)
        _, err = process.communicate(timeout=100)
    assert 130 == process.returncode
    assert "there is no codes.txt; run the same command again for other codes" in err
    assert [] == list(tmp_path.iterdir())
