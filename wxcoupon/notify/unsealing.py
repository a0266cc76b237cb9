"""Opening the sensitive members of an event, which stay sealed until somebody needs them."""

from __future__ import annotations

from typing import TypeVar

from ..event import Event
from ..identity import Identity
from ..signing import desk, unseal

E = TypeVar("E", bound=Event)


async def unsealed(event: E, identity: Identity) -> E:
    """Open the sensitive members of an event, as answers are opened: phone numbers, and what was filled in for a card.

    Args:
        event: as it came.
        identity: for whose API certificate they are sealed: ``client.identity``.

    Returns:
        The same event with those members in clear text; its repr hides them all the same.

    Raises:
        UnreadableAnswer: one was not sealed for this identity, or its decryptor failed.
        ConfigurationError: the private key is kept elsewhere, and nobody was named who opens with it.
    """
    return await unseal(desk("inline"), identity, event)
