"""Why a callback is refused, beyond what an answer is refused for."""

from __future__ import annotations

from ..errors import UnreadableAnswer, UntrustedAnswer


class CannotOpen(UnreadableAnswer):
    """A proven callback whose data does not open: the APIv3 key is not the one it is sealed with."""

    outcome_unknown = False


class TooLarge(UntrustedAnswer):
    """A callback with more bytes than any that WeChat Pay sends; it was not even looked at."""

    outcome_unknown = False


class UnknownTenant(UntrustedAnswer):
    """A callback for nobody who is served here, or for another than the one it was sent to."""

    outcome_unknown = False


class UnservedBrand(UnknownTenant):
    """A proven callback for a brand that no tenant here has, or that more than one has: a setting is wrong.

    It is answered like any that is for nobody here; unlike those it is no forgery, so it is logged as an error.
    """
