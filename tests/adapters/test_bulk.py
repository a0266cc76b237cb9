"""Many callbacks at once through each adapter: whatever comes beside, each genuine event is handled once."""

from collections import Counter
from pathlib import Path

import pytest

from ..notify.callbacks import Platform
from .bulk import ANSWERED, PATIENCE, Bulk, made, sent
from .services import EVERY

TOTAL = 500
"""Enough to meet every sort in every adapter; ``python -m tests.adapters.bulk`` sends 2,000."""


@pytest.fixture(scope="session")
def bulk(platform: Platform, stranger: Platform) -> Bulk:
    """The callbacks, signed once."""
    return made(TOTAL, platform, stranger)


@pytest.mark.parametrize("name", EVERY)
async def test_a_bulk(name: str, bulk: Bulk, platform: Platform, tmp_path: Path) -> None:
    """Duplicates, forged, stale, probing and unknown ones between them: each is answered as documented, and in time."""
    outcome = await sent(bulk, EVERY[name], platform, tmp_path / "claims.db")
    assert [(sort, *ANSWERED[sort]) for sort, _ in bulk.deliveries] == list(outcome.answers)
    assert Counter(bulk.genuine) == outcome.handled
    assert outcome.longest < PATIENCE


def test_the_bulk_is_what_it_says(bulk: Bulk) -> None:
    """Its shares are those that were asked for."""
    counts = Counter(sort for sort, _ in bulk.deliveries)
    assert {"genuine": 380, "duplicate": 50, "forged": 25, "stale": 25, "probe": 10, "unknown": 10} == counts
