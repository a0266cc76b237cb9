"""What a job asks of its client: the rate that was asked for, or 95 % of the documented one, and cheap signatures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..endpoint import AnyEndpoint
from ..pace import SHARE, Pacer
from .failure import UsageError


def for_a_job(endpoint: type[AnyEndpoint], rate: float | None) -> dict[str, Any]:
    """The options of a client that keeps the rate, and signs at once: a command has nothing else to do meanwhile.

    Args:
        endpoint: what is called.
        rate: calls a second; None for 95 % of the documented rate.

    Raises:
        UsageError: it is no rate.
    """
    own = {} if rate is None else {"pacer": Pacer({endpoint.name: f"{_a_minute(rate)}/min"})}
    return {"signing": "eager", **own}


def pace_in_force(endpoint: type[AnyEndpoint], rate: float | None) -> float | None:
    """Calls a second that a job will make; None where no limit is documented.

    Raises:
        UsageError: *rate* is no rate.
    """
    if rate is not None:
        return _a_minute(rate) / 60
    documented = [limit.count / limit.seconds for limit in endpoint.route.rates.values()]
    return min(documented) * SHARE if documented else None


def _a_minute(rate: float) -> int:
    if not 1 / 60 <= rate < float("inf"):
        raise UsageError(f"--rate is a number of calls a second, at least 0.017 (one a minute), not {rate:g}.")
    return int(Decimal(str(rate)) * 60)
