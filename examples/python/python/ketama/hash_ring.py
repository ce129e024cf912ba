"""The interface of the Python package hash_ring 1.x, with its dialect: programs that import it need change one line."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from ._ring import Key, Ring

# gen_key() is the same for every list, and works for an empty one.
_HASHING = Ring(["any"], "hash-ring")


class HashRing:
    """A ring of nodes: any objects whose str() tells them apart; ``weights`` maps nodes to weights, 1 if missing."""

    def __init__(self, nodes: Sequence[Any], weights: Optional[Mapping[Any, float]] = None) -> None:
        self.nodes = nodes
        self.weights = weights or {}
        listed = [(str(node), self.weights.get(node, 1)) for node in nodes]
        if listed and sum(weight for _, weight in listed) == 0:
            raise ZeroDivisionError("the weights add up to 0")
        self._nodes = {str(node): node for node in nodes}
        self._ring = Ring(listed, "hash-ring")
        points = self._ring.points
        self.ring: Dict[int, Any] = {place: self._nodes[server] for place, server in points}
        self._sorted_keys: List[int] = [place for place, _ in points]

    def get_node(self, string_key: Key) -> Any:
        """The node for a key; None if no node has a point."""
        server = self._ring.get(string_key)
        return None if server is None else self._nodes[server]

    def get_node_pos(self, string_key: Key) -> Optional[int]:
        """Number, in ascending order of points, of the one that answers for a key; None if there is none.

        A point that two nodes have, or one node twice, is counted once; hash_ring counts it twice.
        """
        return self._ring.position(string_key)

    def iterate_nodes(self, string_key: Key, distinct: bool = True) -> Iterator[Any]:
        """All nodes, each once, clockwise from the key. ``distinct`` has no effect, as in hash_ring."""
        if not self.ring:
            yield None, None
        for server in self._ring.get_n(string_key, len(self._ring)):
            yield self._nodes[server]

    def gen_key(self, key: Key) -> int:
        """The place of a key on the ring."""
        place = _HASHING.place(key)
        assert place is not None  # the dialect has a place for every key
        return place
