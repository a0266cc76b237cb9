"""How a command line becomes an exit status."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, Final

from cyclopts import App, Argument, CycloptsError, MissingArgumentError, UnusedCliTokensError

from .. import __version__
from ..errors import WxCouponError
from .commands import COMMANDS, GROUPS
from .failure import Interrupted, PartDone, UsageError, report
from .text import has_pair, stderr_as_json

_ABOUT: Final = "WeChat Pay coupons. Settings come from WXCOUPON_ variables or a TOML file."
_HELP: Final = frozenset({"--help", "-h"})
_STATUSES: Final = (
    "Exit status: 0 done, 1 done but some items failed, 2 wrong usage or input (nothing sent), 3 refused by WeChat "
    "Pay, 4 answer not trusted, 5 unreachable or rate-limited after all retries, 130 interrupted."
)


def _application(argv: Sequence[str] = ()) -> App:
    root = App(name="wxcoupon", help=_ABOUT, help_epilogue=_STATUSES, version=__version__, help_format="plaintext")
    groups = {name: App(name=name, help=text) for name, text in GROUPS.items()}
    for group in groups.values():
        root.command(group)
    for command in COMMANDS:
        *group_words, name = command.words.split()
        app = groups[group_words[0]] if group_words else root
        more = "\n\n".join(" ".join(paragraph.split()) for paragraph in dedent(command.more).split("\n\n"))
        if command.endpoint and [*group_words, name] == list(argv[:2]) and _HELP.intersection(argv):
            from .row_columns import columns_in_words  # reading a declaration loads its family

            more += f"\n\n{columns_in_words(command.endpoint)}"
        app.command(
            f"wxcoupon.cli.{command.target}",
            name=name,
            help=f"{command.summary}\n\n{more}",
            help_epilogue=f"Example:\n\n{indent(dedent(command.example).strip(), '    ')}",
        )
    return root


def run(argv: Sequence[str]) -> int:
    """Run one command line.

    Args:
        argv: the words after ``wxcoupon``.

    Returns:
        The exit status.
    """
    as_json = "--json" in argv
    only_json = has_pair(argv, "--progress", "json")
    stderr_as_json(only_json)
    if sys.stdout is None:  # closed by whoever started the command: nobody wants to read it
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    fault: Exception
    try:
        status = _execute(argv, as_json=as_json)
        sys.stdout.flush()
    except CycloptsError as error:
        fault = UsageError(f"{_in_words(error)} See --help.")
    except BrokenPipeError:
        fault = Interrupted("nobody reads the output any more")
    except (KeyboardInterrupt, asyncio.CancelledError):
        fault = Interrupted()
    except (WxCouponError, Interrupted, PartDone, OSError) as error:
        fault = error
    else:
        return status if isinstance(status, int) else 0
    _finish_stdout()
    return report(fault, as_json=as_json or only_json, command=" ".join(argv[:2]))


def _in_words(error: CycloptsError) -> str:
    """What is wrong with the words of a command line."""
    match error:
        case MissingArgumentError(argument=Argument() as argument, keyword=None, tokens_so_far=[]) if (
            not argument.tokens and error.command_chain
        ):
            return f"'wxcoupon {' '.join(error.command_chain)}' needs {argument.name}."
        case UnusedCliTokensError(unused_tokens=[first, *_]):
            return f"{first!r} is one argument too many; quote what belongs together."
        case _:
            return str(error)


def _execute(argv: Sequence[str], *, as_json: bool) -> object:
    if (group := _alone(argv)) is not None:
        if not as_json:
            _list_commands(group)
        raise UsageError(f"'wxcoupon {group}' is not a whole command; 'wxcoupon {group} --help' lists those there are.")
    command, bound, _ = _application(argv).parse_args(argv, exit_on_error=False, print_error=False)
    result = command(*bound.args, **bound.kwargs)
    return asyncio.run(_until_terminated(result)) if inspect.iscoroutine(result) else result


async def _until_terminated(command: Coroutine[Any, Any, object]) -> object:
    """Run a command so that SIGTERM, Ctrl-C and a closed terminal end it alike.

    What it has to close and to say, it closes and says.

    asyncio's own Ctrl-C raises KeyboardInterrupt in the middle of anything the second time it is pressed.
    """
    task = asyncio.current_task()
    if task is not None:
        with suppress(NotImplementedError, RuntimeError):  # on Windows, and in a thread, where it is the end anyway
            for ending in _endings():
                asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
    return await command


def _endings() -> list[signal.Signals]:
    """The signals that end a command; a closed terminal does not where nohup says so."""
    endings = [signal.SIGTERM, signal.SIGINT]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        endings.insert(0, signal.SIGHUP)
    return endings


def _alone(argv: Sequence[str]) -> str | None:
    """The group that was called without one of its commands."""
    words = [word for word in argv if word != "--json"]
    return words[0] if len(words) == 1 and words[0] in GROUPS else None


def _list_commands(group: str) -> None:
    from rich.console import Console  # here alone: commands that print nothing with it start faster

    _application().help_print([group], console=Console(stderr=True))


def _finish_stdout() -> None:
    """Write what is still buffered, or let it go nowhere: the interpreter would try once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
