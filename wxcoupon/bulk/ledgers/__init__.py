"""Where jobs are remembered: SQLite, and memory, behind the protocols of :mod:`wxcoupon.bulk.ledger`."""
