"""hash_ring's MemcacheRing: python-memcached's client with servers chosen by a HashRing. Needs python-memcached."""

from __future__ import annotations

from typing import Any, Sequence

import memcache  # type: ignore[import-untyped, import-not-found, unused-ignore]

from .hash_ring import HashRing


class MemcacheRing(memcache.Client):  # type: ignore[misc, unused-ignore]
    """A memcached client; a key's server is the first one clockwise that a connection can be made to."""

    def __init__(self, servers: Sequence[str], *args: Any, **options: Any) -> None:
        self.hash_ring = HashRing(servers)
        super().__init__(servers, *args, **options)
        self.server_mapping = dict(zip(servers, self.servers))

    def _get_server(self, key: Any) -> Any:
        if isinstance(key, tuple):  # (hash, key): the caller has chosen
            return super()._get_server(key)
        for _ in range(self._SERVER_RETRIES):
            for name in self.hash_ring.iterate_nodes(key):
                server = self.server_mapping[name]
                if server.connect():
                    return server, key
        return None, None
