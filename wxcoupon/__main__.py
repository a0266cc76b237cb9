"""The ``wxcoupon`` command: it needs the extra ``cli``."""

import gc
import sys


def main() -> None:
    """Run the command line."""
    # Nothing that is imported is garbage, and looking for some was a tenth of a command's start.
    gc.set_threshold(20_000, 10, 10)
    try:
        from .cli import run
    except ModuleNotFoundError as missing:
        if missing.name not in {"cyclopts", "rich"}:
            raise
        print("wxcoupon: the command line needs more packages: pip install 'wxcoupon[cli]'", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
