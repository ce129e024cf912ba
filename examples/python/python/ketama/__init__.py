"""Where does this key live? Consistent hashing in every dialect of the field, by libketama.

>>> ring = Ring({"10.0.0.1:11211": 1, "10.0.0.2:11211": 2}, dialect="twemproxy")
>>> server = ring.get("user:42")
"""

from ._handle import Handle
from ._ring import KetamaError, Policy, Ring, Server, State, States, dialects, version
from .hash_ring import HashRing

__all__ = ["Handle", "HashRing", "KetamaError", "Policy", "Ring", "Server", "State", "States", "dialects", "version"]
