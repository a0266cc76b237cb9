"""Who confirms: the client of a tenant, or of the caller that a ledger names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ..client import Client
from ..errors import ConfigurationError
from ..identity import Brand, Partner
from .naming import caller_of

Clients: TypeAlias = Client[Any] | Mapping[str, Client[Any]]
"""One client for all, or one for each tenant, by its name."""


class ByTenant:
    """The clients of a confirmer.

    Args:
        clients: one for all tenants, or one for each by its name.

    Raises:
        ConfigurationError: there is none, one is neither a partner's nor a brand's, or two are of one merchant or brand
            and are not the same client, for other brands or with other options.
    """

    def __init__(self, clients: Clients) -> None:
        self._every = clients if isinstance(clients, Client) else None
        self._named: Mapping[str, Client[Any]] = {} if isinstance(clients, Client) else dict(clients)
        known = [clients] if isinstance(clients, Client) else list(self._named.values())
        if not known:
            raise ConfigurationError("a confirmer needs a client at least; it is the one who confirms")
        for client in known:
            if not isinstance(client.identity, Partner | Brand):
                raise ConfigurationError(
                    f"product coupons are confirmed by partners and brands, not by a {client.identity.kind}"
                )
        self._by_caller = {caller_of(client.identity): client for client in reversed(known)}
        for tenant, client in self._named.items():
            self._require_the_same(tenant, client)

    def _require_the_same(self, tenant: str, client: Client[Any]) -> None:
        """Refuse a second client of one caller: a ledger names the caller alone, not the tenant."""
        caller = caller_of(client.identity)
        first = self._by_caller[caller]
        if client._delivery is not first._delivery:  # noqa: SLF001
            name = next(name for name, one in self._named.items() if one is first)
            raise ConfigurationError(
                f"the clients of the tenants {tenant!r} and {name!r} are both of {caller}; give these tenants one "
                "client, with for_brand() for other brands, or confirm each with a confirmer and a ledger of its own"
            )

    @property
    def callers(self) -> Sequence[str]:
        """All of them, as a ledger calls them."""
        return tuple(self._by_caller)

    def of_tenant(self, tenant: str) -> Client[Any]:
        """The client of a tenant.

        Raises:
            ConfigurationError: there is none.
        """
        client = self._every or self._named.get(tenant)
        if client is None:
            raise ConfigurationError(f"the confirmer has no client for the tenant {tenant!r}; give it one by that name")
        return client

    def of_caller(self, caller: str) -> Client[Any]:
        """The client that a ledger calls so."""
        return self._by_caller[caller]

    def require(self, tenants: Iterable[str]) -> None:
        """Make sure that each tenant has a client.

        Raises:
            ConfigurationError: one has none.
        """
        for tenant in tenants:
            self.of_tenant(tenant)
