"""How a command line becomes an exit status."""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from collections.abc import Sequence
from textwrap import dedent, indent
from typing import Final

from cyclopts import App, CycloptsError

from .. import __version__
from ..errors import WxCouponError
from .commands import COMMANDS, GROUPS
from .failure import Interrupted, UsageError, report
from .text import STDIN_TOKEN

_ABOUT: Final = "WeChat Pay coupons. Settings come from WXCOUPON_ variables or a TOML file."
_STATUSES: Final = (
    "Exit status: 0 done, 1 done but some items failed, 2 wrong usage or input (nothing sent), 3 refused by WeChat "
    "Pay, 4 answer not trusted, 5 unreachable or rate-limited after all retries, 130 interrupted."
)


def _application() -> App:
    root = App(name="wxcoupon", help=_ABOUT, help_epilogue=_STATUSES, version=__version__, help_format="plaintext")
    groups = {name: App(name=name, help=text) for name, text in GROUPS.items()}
    for group in groups.values():
        root.command(group)
    for command in COMMANDS:
        *group_words, name = command.words.split()
        app = groups[group_words[0]] if group_words else root
        more = "\n\n".join(" ".join(paragraph.split()) for paragraph in dedent(command.more).split("\n\n"))
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
    words = [STDIN_TOKEN if word == "-" else word for word in argv]  # a lone hyphen would be taken for an option
    try:
        command, bound, _ = _application().parse_args(words, exit_on_error=False, print_error=False)
        result = command(*bound.args, **bound.kwargs)
        status = asyncio.run(result) if inspect.iscoroutine(result) else result
        sys.stdout.flush()
    except CycloptsError as error:
        return report(UsageError(f"{error} See --help."), as_json=as_json)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the interpreter flushes it once more at its end
        return report(Interrupted("nobody reads the output any more"), as_json=as_json)
    except (WxCouponError, Interrupted, OSError) as error:
        return report(error, as_json=as_json)
    except KeyboardInterrupt:
        return report(Interrupted(), as_json=as_json)
    return status if isinstance(status, int) else 0
