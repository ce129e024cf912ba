"""Rings: a server list under the rule of a dialect, and the state of its servers."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate
from threading import Lock
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from ._native import ffi, lib

Key = Union[str, bytes]
# The numbers of ketama_ring.h, which never change their meaning; cffi has the functions only.
OK = 0
NO_SERVER = 0xFFFFFFFF


class KetamaError(Exception):
    """A list, a server or an option that cannot be used; ``status`` is a KETAMA_E_ number of ketama_ring.h."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class State(IntEnum):
    """State of a server: in use, refusing for a while, ejected, on trial, refusing after its time, taken out by hand."""

    UP = 0
    RESTING = 1
    OUT = 2
    TRIAL = 3
    REFUSED = 4
    DOWN = 5


class Policy(IntEnum):
    """What happens to the keys of a server that is out: the dialect's rule, the next server, a ring without it, nothing."""

    DIALECT = 0
    NEXT_SERVER = 1
    REBUILD = 2
    FAIL = 3


@dataclass(frozen=True)
class Server:
    """A server; the fields behind the weight are those of ketama_server, and unset where the dialect has none."""

    name: str
    weight: float = 1
    down: bool = False
    backup: bool = False
    label: Optional[str] = None
    zone: Optional[str] = None
    guid: Optional[str] = None
    host: Optional[str] = None
    id: int = 0
    port: int = 0
    vnodes: int = 0
    tokens: Sequence[int] = ()


Servers = Union[Mapping[str, float], Iterable[Union[str, Tuple[str, float], Server]]]


class Ring:
    """A server list under the rule of a dialect.

    The list never changes: ``add``, ``remove``, ``reweight`` and ``rename`` give another ring. The state of its servers
    does: ``states`` is a mapping from name to state. Any number of threads may use a ring at once.

    ``servers``: names, pairs of name and weight, or Server objects, in the order of the software's own configuration; or
    a mapping from name to weight. Options are those of the dialect, with ``_`` for ``-``.
    """

    _ring: Any
    _fleet: Any  # the ring with the state of its servers, once there is any to keep
    _lock: Lock
    _names: Dict[int, str]

    def __init__(self, servers: Servers, dialect: str, **options: object) -> None:
        given = servers.items() if isinstance(servers, Mapping) else servers
        kept: List[Any] = []  # what C pointers point at
        listed = [_c_server(_server(one), kept) for one in given]
        chosen = [(_c_text(name, kept), _c_text(_option(value), kept)) for name, value in options.items()]
        name = _c_text(dialect, kept)
        self._own(
            lambda out: lib.ketama_ring_new_with(
                name, ffi.new("ketama_option[]", chosen), len(chosen), ffi.new("ketama_server[]", listed), len(listed), out
            )
        )

    @classmethod
    def open(cls, path: str) -> Ring:
        """Reads a server list, classic or TOML, from a file."""
        return cls._made(lambda out: lib.ketama_ring_open(_c_text(path, []), out))

    @classmethod
    def parse(cls, text: Key) -> Ring:
        """Reads a server list from text."""
        data = _bytes(text)
        return cls._made(lambda out: lib.ketama_ring_parse(data, len(data), out))

    def get(self, key: Key) -> Optional[str]:
        """The server for a key that can be asked now; None where there is none."""
        data = _bytes(key)
        if self._fleet is None:
            return self._names.get(lib.ketama_ring_lookup(self._ring, data, len(data)))
        return self._names.get(lib.ketama_fleet_lookup(self._fleet, data, len(data), lib.ketama_now(), ffi.NULL))

    def get_n(self, key: Key, n: int) -> List[str]:
        """The first n servers for a key that can be asked now: replicas, or whom to ask when one fails."""
        data = _bytes(key)
        out = ffi.new("uint32_t[]", n)
        if self._fleet is None:
            found = lib.ketama_ring_lookup_n(self._ring, data, len(data), out, len(out))
        else:
            found = lib.ketama_fleet_lookup_n(self._fleet, data, len(data), lib.ketama_now(), out, len(out))
        return [self._names[index] for index in out[0:found]]

    def get_many(self, keys: Iterable[Key]) -> List[Optional[str]]:
        """The servers for many keys: as ``get``, several times faster."""
        if self._fleet is not None:
            return [self.get(key) for key in keys]
        return [self._names.get(index) for index in self._batch([_bytes(key) for key in keys])]

    def _batch(self, keys: List[bytes]) -> Any:
        joined = ffi.from_buffer(b"".join(keys))
        start = int(ffi.cast("uintptr_t", joined))
        sizes = [len(key) for key in keys]
        fields = array("Q", [0]) * (2 * len(keys))  # ketama_key: an address and a size
        fields[0::2] = array("Q", list(accumulate(sizes, initial=start))[:-1])
        fields[1::2] = array("Q", sizes)
        out = ffi.new("uint32_t[]", len(keys))
        _check(lib.ketama_ring_lookup_many(self._ring, ffi.from_buffer("ketama_key[]", fields), len(keys), out))
        return out

    @property
    def states(self) -> States:
        """The state of each server: a mapping from name to State; UP and DOWN can be assigned."""
        return States(self)

    def watch(self, policy: Policy) -> None:
        """Forgets what was reported, and treats servers that are out as said; without this as the dialect's software."""
        with self._lock:
            self._fleet = self._new_fleet(policy)

    def failed(self, server: str) -> None:
        """Reports a failed request; enough of them eject the server, as in the dialect's software."""
        index = self._index(server)
        _check(lib.ketama_fleet_failed(self._watched(), index, lib.ketama_now()))

    def succeeded(self, server: str) -> None:
        """Reports a request that succeeded."""
        index = self._index(server)
        _check(lib.ketama_fleet_succeeded(self._watched(), index, lib.ketama_now()))

    def add(self, server: Union[str, Tuple[str, float], Server]) -> Ring:
        """The ring of the same list with one server more, at its end."""
        kept: List[Any] = []
        c_server = ffi.new("ketama_server *", _c_server(_server(server), kept))
        return self._made(lambda out: lib.ketama_ring_add(self._ring, c_server, out))

    def remove(self, server: str) -> Ring:
        """The ring of the same list without a server."""
        name = _c_text(server, [])
        return self._made(lambda out: lib.ketama_ring_remove(self._ring, name, out))

    def reweight(self, server: str, weight: float) -> Ring:
        """The ring of the same list with another weight for a server."""
        name = _c_text(server, [])
        return self._made(lambda out: lib.ketama_ring_reweight(self._ring, name, weight, out))

    def rename(self, server: str, name: str) -> Ring:
        """The ring of the same list with another name for a server."""
        old, new = _c_text(server, []), _c_text(name, [])
        return self._made(lambda out: lib.ketama_ring_rename(self._ring, old, new, out))

    @property
    def servers(self) -> List[Server]:
        """Name, weight and state in the list of each server, in list order."""
        weight, down = lib.ketama_ring_server_weight, lib.ketama_ring_server_down
        return [Server(name, weight(self._ring, i), bool(down(self._ring, i))) for i, name in self._names.items()]

    @property
    def shares(self) -> List[float]:
        """Share of the key space, 0 to 1, of each server in list order."""
        out = ffi.new("double[]", len(self._names))
        _check(lib.ketama_ring_shares(self._ring, out))
        return list(out)

    @property
    def points(self) -> List[Tuple[int, str]]:
        """Place and server of each point, in ring order."""
        point, points = ffi.new("ketama_point *"), []
        for number in range(lib.ketama_ring_point_count(self._ring)):
            _check(lib.ketama_ring_point(self._ring, number, point))
            points.append((point.place | point.place_high << 64, self._names[point.server]))
        return points

    def place(self, key: Key) -> Optional[int]:
        """A key's place on the circle, its hash; None where the dialect has none for it."""
        data, point = _bytes(key), ffi.new("ketama_point *")
        if lib.ketama_ring_place(self._ring, data, len(data), point) != OK:
            return None
        place: int = point.place | point.place_high << 64
        return place

    def position(self, key: Key) -> Optional[int]:
        """Number of the point that a key meets first."""
        data = _bytes(key)
        found: int = lib.ketama_ring_position(self._ring, data, len(data))
        return found if found < lib.ketama_ring_point_count(self._ring) else None

    @property
    def dialect(self) -> str:
        """The dialect's name."""
        return _text(lib.ketama_ring_dialect(self._ring))

    @property
    def fingerprint(self) -> int:
        """The same for two rings exactly when they map every key to servers of the same name."""
        number: int = lib.ketama_ring_fingerprint(self._ring)
        return number

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<Ring {self.dialect}, {len(self)} servers, {self.fingerprint:016x}>"

    def _own(self, make: Callable[[Any], int]) -> None:
        out = ffi.new("ketama_ring **")
        _check(make(out))
        self._ring = ffi.gc(out[0], lib.ketama_ring_free)
        self._fleet = None
        self._lock = Lock()
        count = lib.ketama_ring_server_count(self._ring)
        self._names = {i: _text(lib.ketama_ring_server_name(self._ring, i)) for i in range(count)}

    @classmethod
    def _made(cls, make: Callable[[Any], int]) -> Ring:
        ring = cls.__new__(cls)
        ring._own(make)
        return ring

    def _watched(self) -> Any:
        """The ring as a fleet, from the first report on."""
        with self._lock:
            if self._fleet is None:
                self._fleet = self._new_fleet(Policy.DIALECT)
            return self._fleet

    def _new_fleet(self, policy: Policy) -> Any:
        out = ffi.new("ketama_fleet **")
        _check(lib.ketama_fleet_new(self._ring, int(policy), ffi.NULL, out))
        return ffi.gc(out[0], lib.ketama_fleet_free)

    def _index(self, server: str) -> int:
        index: int = lib.ketama_ring_server_index(self._ring, _c_text(server, []))
        if index == NO_SERVER:
            raise KeyError(server)
        return index


class States(Mapping[str, State]):
    """The state of each server of a ring, now; assign UP or DOWN to put a server back or take it out."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def __getitem__(self, server: str) -> State:
        ring, index = self._ring, self._ring._index(server)
        if ring._fleet is None:
            return State.DOWN if lib.ketama_ring_server_down(ring._ring, index) else State.UP
        return State(lib.ketama_fleet_state(ring._fleet, index, lib.ketama_now()))

    def __setitem__(self, server: str, state: State) -> None:
        if state not in (State.UP, State.DOWN):
            raise ValueError(f"{state!r} cannot be assigned: State.UP and State.DOWN can")
        index = self._ring._index(server)
        _check(lib.ketama_fleet_mark(self._ring._watched(), index, state == State.DOWN, lib.ketama_now()))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self._ring._names.values()))

    def __len__(self) -> int:
        return len(set(self._ring._names.values()))

    def __repr__(self) -> str:
        return repr(dict(self))


def dialects() -> List[str]:
    """The names of all dialects."""
    names: List[str] = []
    while (name := lib.ketama_dialect_name(len(names))) != ffi.NULL:
        names.append(_text(name))
    return names


def version() -> str:
    """Version of the library."""
    return _text(lib.ketama_version())


def _check(status: int) -> None:
    if status != OK:
        raise KetamaError(ffi.string(lib.ketama_error()).decode(errors="replace"), status)


def _bytes(text: Key) -> bytes:
    # Names of servers need not be UTF-8; they pass through Python as PEP 383 has it.
    return text.encode(errors="surrogateescape") if isinstance(text, str) else text


def _text(c_string: Any) -> str:
    data: bytes = ffi.string(c_string)
    return data.decode(errors="surrogateescape")


def _c_text(text: str, kept: List[Any]) -> Any:
    data = _bytes(text)
    if b"\0" in data:
        raise ValueError("a text has a NUL byte")
    kept.append(ffi.new("char[]", data))
    return kept[-1]


def _option(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _server(given: Union[str, Tuple[str, float], Server]) -> Server:
    if isinstance(given, Server):
        return given
    return Server(given) if isinstance(given, str) else Server(*given)


def _c_server(server: Server, kept: List[Any]) -> Dict[str, Any]:
    texts = {
        field: _c_text(text, kept)
        for field in ("name", "label", "zone", "guid", "host")
        if (text := getattr(server, field)) is not None
    }
    numbers = {field: getattr(server, field) for field in ("weight", "down", "backup", "id", "port", "vnodes")}
    kept.append(ffi.new("int64_t[]", list(server.tokens)))
    return {**texts, **numbers, "tokens": kept[-1], "token_count": len(server.tokens)}
