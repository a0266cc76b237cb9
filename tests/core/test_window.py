"""The package's window: what it shows, and what looking at it loads."""

import subprocess
import sys

import pytest

import wxcoupon


def _printed(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_everything_in_the_window_is_there() -> None:
    """Every public name can be had, and no other."""
    for name in wxcoupon.__all__:
        assert getattr(wxcoupon, name) is not None
    with pytest.raises(AttributeError, match="'wxcoupon' has no attribute 'Clients'"):
        _ = wxcoupon.Clients  # type: ignore[attr-defined]


def test_importing_the_package_loads_no_aiohttp_and_no_family() -> None:
    """A service pays for the client and for the families when it uses them."""
    loaded = "import wxcoupon, sys; print([n for n in ('aiohttp', 'wxcoupon.product_coupon') if n in sys.modules])"

    assert _printed(loaded) == "[]"


def test_the_client_loads_no_family() -> None:
    """A client alone brings no family with it."""
    program = (
        "from wxcoupon import Client; import sys, wxcoupon.endpoint as e; "
        "print([f for f in e.FAMILIES if f'wxcoupon.{f}' in sys.modules])"
    )

    assert _printed(program) == "[]"


def test_the_helpers_are_what_they_are_whatever_was_imported_before() -> None:
    """``bulk`` and ``blocking`` are functions of the window though modules have these names too."""
    program = (
        "import wxcoupon.bulk, wxcoupon.blocking; from wxcoupon import bulk, blocking; "
        "print(callable(bulk), callable(blocking))"
    )

    assert _printed(program) == "True True"


def test_what_is_loaded_later_is_listed() -> None:
    """``dir`` shows what completion may offer, loaded or not."""
    program = (
        "import wxcoupon, sys; bulk = sys.modules['wxcoupon.bulk']; "
        "print({*wxcoupon.__all__, 'store'} <= {*dir(wxcoupon)}, {*bulk.__all__} <= {*dir(bulk)}); "
        "print('aiohttp' in sys.modules)"
    )

    assert _printed(program) == "True True\nFalse"


def test_families_are_there_without_being_imported_by_name() -> None:
    """``import wxcoupon`` is enough to reach a family, and the warnings of a client."""
    program = (
        "import wxcoupon as w; print(w.product_coupon.__name__, w.store.__name__, w.checks.RequestAdvice.__name__)"
    )

    assert _printed(program) == "wxcoupon.product_coupon wxcoupon.store RequestAdvice"
