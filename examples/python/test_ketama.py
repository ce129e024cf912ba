"""Tests of the package, against answers recorded from the software of each dialect.

KETAMA_VECTORS names the folder of the recorded answers: src/dialect/vectors.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import pathlib
import re
import selectors
import socket
import tempfile
import threading
import unittest
from bisect import bisect
from typing import Any, Dict, Iterator, List, Tuple

from ketama import Handle, HashRing, KetamaError, Policy, Ring, Server, State, dialects, version

VECTORS = pathlib.Path(os.environ["KETAMA_VECTORS"])
THREE = ["10.0.1.1:11211", "10.0.1.2:11211", "10.0.1.3:11211"]
FIELDS = {field.name for field in dataclasses.fields(Server)}


def observations(pattern: str) -> Iterator[Tuple[pathlib.Path, Dict[str, Any]]]:
    for path in sorted(VECTORS.glob(pattern)):
        yield path, json.loads(path.read_text())


def plain(seen: Dict[str, Any]) -> bool:
    """Whether an observation has nothing but what Ring takes: known fields, keys as text, a name or names or none."""
    return all(FIELDS.issuperset(server) for server in seen["servers"]) and all(
        len(pair) == 2 and isinstance(pair[0], str) for pair in seen.get("keys", [None])[:1] if pair
    ) and "keys" in seen


def server_of(fields: Dict[str, Any]) -> Server:
    return Server(**{**fields, "tokens": [int(token) for token in fields.get("tokens", ())]})


class Rings(unittest.TestCase):
    def test_keys_go_where_the_software_of_each_dialect_sends_them(self) -> None:
        checked, seen_dialects = 0, set()
        for path, seen in observations("*/*.json"):
            if not plain(seen):
                continue
            options = {name.replace("-", "_"): value for name, value in seen.get("options", {}).items()}
            ring = Ring([server_of(fields) for fields in seen["servers"]], seen["dialect"], **options)
            keys = [key for key, *_ in seen["keys"]]
            many = ring.get_many(keys)
            for (key, expected), batch in zip(seen["keys"], many):
                if isinstance(expected, list):
                    self.assertEqual(ring.get_n(key, seen["replicas"]), expected, f"{path}: {key!r}")
                else:
                    self.assertEqual([ring.get(key), batch], [expected, expected], f"{path}: {key!r}")
                checked += 1
            seen_dialects.add(seen["dialect"])
        print(f"\n{checked} recorded answers of {len(seen_dialects)} dialects")
        self.assertGreater(checked, 50_000)
        self.assertGreater(len(seen_dialects), 20)

    def test_servers_come_as_names_pairs_objects_or_a_mapping(self) -> None:
        forms: List[Any] = [["a", ("b", 2)], [Server("a"), Server("b", 2)], {"a": 1, "b": 2}, iter([("a", 1), ("b", 2.0)])]
        rings = [Ring(form, "twemproxy") for form in forms]
        self.assertEqual(len({ring.fingerprint for ring in rings}), 1)
        self.assertEqual(rings[0].servers, [Server("a"), Server("b", 2)])

    def test_all_fields_reach_the_library(self) -> None:
        haproxy = Ring([Server("a", id=1), Server("b", id=2, backup=True)], "haproxy")
        self.assertEqual((haproxy.get("k"), haproxy.get_n("k", 9)), ("a", ["a"]))
        self.assertEqual(len(Ring([Server("a", tokens=[0]), Server("b", tokens=[-5, 7])], "cassandra").points), 3)
        self.assertNotEqual(len(Ring([Server("a", vnodes=7), "b"], "uhashring").points), len(Ring("ab", "uhashring").points))
        labelled = Ring([Server("a", label="x"), "b"], "steady")
        self.assertEqual([p for p, _ in labelled.points], [p for p, _ in Ring(["x", "b"], "steady").points])
        self.assertEqual(Ring(["a"], "haproxy", hash_function="sdbm").dialect, "haproxy")

    def test_bytes_and_text_are_the_same_keys(self) -> None:
        ring = Ring(THREE, "hash-ring")
        self.assertEqual(ring.place("日本語"), ring.place("日本語".encode()))
        self.assertNotEqual(ring.place(b"a\0b"), ring.place(b"a"))
        self.assertEqual(ring.get_many([]), [])
        self.assertEqual(ring.get_many(["", "a", b"\0"]), [ring.get(""), ring.get("a"), ring.get(b"\0")])
        with self.assertRaises(TypeError):
            ring.get(5)  # type: ignore[arg-type]

    def test_changed_lists_are_other_rings(self) -> None:
        ring = Ring(THREE, "twemproxy")
        self.assertEqual(ring.add(("x", 2)).fingerprint, Ring([*THREE, ("x", 2)], "twemproxy").fingerprint)
        self.assertEqual(ring.remove(THREE[0]).fingerprint, Ring(THREE[1:], "twemproxy").fingerprint)
        self.assertEqual(ring.reweight(THREE[0], 5).servers[0].weight, 5)
        self.assertEqual(ring.rename(THREE[0], "x").servers[0].name, "x")
        self.assertEqual(len(ring), 3)
        self.assertAlmostEqual(sum(ring.shares), 1)

    def test_lists_are_read_from_files_and_text(self) -> None:
        text = "10.0.1.1:11211 600\n10.0.1.2:11211 300\n"
        self.assertEqual(Ring.parse(text).servers[0], Server("10.0.1.1:11211", 600))
        self.assertEqual(Ring.parse('dialect = "twemproxy"\n[[servers]]\nname = "a"\n').dialect, "twemproxy")
        with self.assertRaisesRegex(KetamaError, "nonexistent") as raised:
            Ring.open("/nonexistent/list")
        self.assertEqual(raised.exception.status, 2)  # KETAMA_E_IO

    def test_what_cannot_be_is_an_exception(self) -> None:
        for make in (
            lambda: Ring(["a"], "nobody's"),
            lambda: Ring(["a"], "twemproxy", no_such_option=1),
            lambda: Ring([""], "twemproxy"),
            lambda: Ring(["a"], "twemproxy").remove("b"),
        ):
            self.assertRaises(KetamaError, make)
        self.assertRaises(ValueError, Ring, ["a\0b"], "twemproxy")

    def test_names_that_are_no_text_pass_through(self) -> None:
        ring = Ring.parse(b"caf\xe9:11211 1\n")
        self.assertEqual(ring.get("k"), b"caf\xe9:11211".decode(errors="surrogateescape"))
        self.assertEqual(ring.states[ring.servers[0].name], State.UP)

    def test_threads_share_a_ring(self) -> None:
        ring = Ring(THREE, "twemproxy")
        wrong: List[int] = []
        expected = ring.get_many(map(str, range(500)))

        def look_up() -> None:
            wrong.extend(i for i in range(500) if ring.get(str(i)) != expected[i])

        threads = [threading.Thread(target=look_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_the_library_tells_its_version_and_dialects(self) -> None:
        self.assertRegex(version(), r"^\d+\.\d+\.\d+$")
        self.assertEqual(importlib.metadata.version("ketama-ring"), version())
        self.assertIn("steady", dialects())


class StatesOfServers(unittest.TestCase):
    def test_states_are_a_mapping_that_look_ups_obey(self) -> None:
        ring = Ring(THREE, "hash-ring")
        first, second, third = ring.get_n("k", 3)
        self.assertEqual(dict(ring.states), dict.fromkeys(THREE, State.UP))
        ring.states[first] = State.DOWN
        self.assertEqual((ring.states[first], ring.get("k"), ring.get_n("k", 3)), (State.DOWN, second, [second, third]))
        self.assertEqual(ring.get_many(["k"]), [second])
        ring.states[first] = State.UP
        self.assertEqual((ring.get("k"), list(ring.states), len(ring.states)), (first, THREE, 3))

    def test_failures_eject_as_in_the_software(self) -> None:
        ring = Ring(THREE, "hash-ring")  # python-memcached's rule: one failure
        first, second, _ = ring.get_n("k", 3)
        ring.failed(first)
        self.assertEqual((ring.states[first], ring.get("k")), (State.OUT, second))

    def test_the_policy_can_be_chosen(self) -> None:
        ring = Ring(THREE, "libketama")  # which has no rule for dead servers: their keys are refused
        first, second, _ = ring.get_n("k", 3)
        ring.states[first] = State.DOWN
        self.assertIsNone(ring.get("k"))
        ring.watch(Policy.NEXT_SERVER)
        self.assertEqual((ring.states[first], ring.get("k")), (State.UP, first))
        ring.states[first] = State.DOWN
        self.assertEqual(ring.get("k"), second)

    def test_numbers_are_those_of_the_header(self) -> None:
        header = (VECTORS.parents[2] / "include" / "ketama_ring.h").read_text()
        for kind, numbers in ("STATE", State), ("POLICY", Policy):
            defined = re.findall(rf"#define KETAMA_{kind}_(\w+) (\d+)", header)
            self.assertEqual([(name, int(number)) for name, number in defined], [(n.name, n.value) for n in numbers])
        self.assertIn("#define KETAMA_NO_SERVER 4294967295", header)

    def test_unknown_names_and_states_are_refused(self) -> None:
        ring = Ring([Server("a", down=True), "b"], "hash-ring")
        self.assertEqual(ring.states["a"], State.DOWN)
        self.assertRaises(KeyError, ring.states.__getitem__, "c")
        self.assertRaises(KeyError, ring.failed, "c")
        self.assertRaises(ValueError, ring.states.__setitem__, "a", State.TRIAL)


class Handles(unittest.TestCase):
    def test_a_handle_follows_its_file_and_survives_a_bad_one(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "fleet.servers")

            def put(text: str) -> None:
                new = path.with_suffix(".new")
                new.write_text(text)
                new.rename(path)

            put("10.0.1.1:11211 600\n")
            handle = Handle(str(path))
            first = handle.ring
            self.assertEqual((handle.refresh(), handle.ring is first), (False, True))
            readable = selectors.DefaultSelector()
            readable.register(handle, selectors.EVENT_READ)
            self.assertEqual((readable.select(0), handle.wait(0)), ([], False))
            put("10.0.1.1:11211 600\n10.0.1.2:11211 300\n")
            self.assertEqual((len(readable.select(10)), handle.wait(10)), (1, True))
            self.assertEqual((len(handle.ring), handle.refresh(), len(handle.ring), len(first)), (1, True, 2, 1))
            self.assertEqual(readable.select(0), [])
            put("10.0.1.1:11211 none\n")
            with self.assertRaisesRegex(KetamaError, "line 1"):
                handle.refresh()
            self.assertEqual(len(handle.ring), 2)
            with self.assertRaises(KetamaError):
                Handle(folder + "/nothing")
            readable.close()


class Naive:
    """hash_ring's rule in a few lines: three words of the MD5 of NODE-k for each of floor(40 n w / T) k; first above.

    A point that two nodes share is counted once, which hash_ring does not do.
    """

    def __init__(self, nodes: List[str], weights: Dict[str, int]) -> None:
        total = sum(weights.get(node, 1) for node in nodes)
        self.owner: Dict[int, str] = {}
        self.points: List[int] = []
        for node in nodes:
            for k in range(40 * len(nodes) * weights.get(node, 1) // total):
                digest = hashlib.md5(f"{node}-{k}".encode()).digest()
                for start in (0, 4, 8):
                    self.points.append(int.from_bytes(digest[start : start + 4], "little"))
                    self.owner[self.points[-1]] = node
        self.points = sorted(set(self.points))

    def position(self, key: str) -> int:
        place = int.from_bytes(hashlib.md5(key.encode()).digest()[:4], "little")
        return bisect(self.points, place) % len(self.points)


class HashRings(unittest.TestCase):
    def test_nodes_are_those_recorded_from_hash_ring(self) -> None:
        checked = 0
        for path, seen in observations("hash-ring/*.json"):
            nodes = [server["name"] for server in seen["servers"]]
            ring = HashRing(nodes, {server["name"]: server["weight"] for server in seen["servers"]})
            down = {server["name"] for server in seen["servers"] if server.get("down")}
            for key, expected in seen["keys"]:
                usable = [node for node in ring.iterate_nodes(key) if node not in down]
                if isinstance(expected, list):
                    self.assertEqual(usable[: seen["replicas"]], expected, f"{path}: {key!r}")
                else:
                    found = usable[0] if down else ring.get_node(key)
                    self.assertEqual(found, expected, f"{path}: {key!r}")
                checked += 1
        print(f"\n{checked} answers recorded from hash_ring")
        self.assertGreater(checked, 3_000)

    def test_attributes_and_positions_are_those_of_the_rule(self) -> None:
        lists: List[Tuple[List[str], Dict[str, int]]] = [
            (THREE, {}),
            (THREE, {THREE[0]: 3, THREE[2]: 2}),
            (["cache-224:11211", "cache-738:11211"], {}),  # both have a point at 970865382
        ]
        for nodes, weights in lists:
            ring, naive = HashRing(nodes, weights), Naive(nodes, weights)
            self.assertEqual((ring.nodes, ring.weights, ring.ring), (nodes, weights, naive.owner))
            self.assertEqual(ring._sorted_keys, naive.points)
            for i in range(2000):
                self.assertEqual(ring.get_node_pos(f"key:{i}"), naive.position(f"key:{i}"))

    def test_gen_key_is_the_recorded_one(self) -> None:
        ring = HashRing([])
        self.assertEqual([ring.gen_key(key) for key in ("", "a", "my_key")], [3649838548, 3111502092, 1793382046])

    def test_nodes_are_objects(self) -> None:
        nodes = [("10.0.1.1", 11211), ("10.0.1.2", 11211)]
        ring = HashRing(nodes, {nodes[1]: 3})
        self.assertEqual(set(map(ring.get_node, map(str, range(50)))), set(nodes))
        self.assertEqual(set(ring.iterate_nodes("k", distinct=False)), set(nodes))

    def test_odd_lists_are_as_in_hash_ring(self) -> None:
        empty = HashRing([])
        self.assertEqual((empty.get_node("k"), empty.get_node_pos("k"), empty.ring), (None, None, {}))
        self.assertEqual(list(empty.iterate_nodes("k")), [(None, None)])
        self.assertRaises(ZeroDivisionError, HashRing, ["a"], {"a": 0})
        self.assertRaises(TypeError, HashRing, None)


def memcached_addresses() -> List[str]:
    return os.environ.get("KETAMA_MEMCACHED", "").split()


@unittest.skipUnless(memcached_addresses(), "SKIPPED: KETAMA_MEMCACHED names no daemons")
class MemcacheRings(unittest.TestCase):
    def test_values_lie_on_the_servers_of_the_ring_and_failover_is_the_next_one(self) -> None:
        import memcache  # type: ignore[import-untyped, import-not-found, unused-ignore]
        from ketama.memcache_ring import MemcacheRing

        alive = memcached_addresses()
        with socket.socket() as unused:  # bound, and nobody listens
            unused.bind(("127.0.0.1", 0))
            dead = f"127.0.0.1:{unused.getsockname()[1]}"
            servers = [*alive, dead]
            ring, client = HashRing(servers), MemcacheRing(servers)
            used = set()
            for i in range(200):
                key = f"key-{i}"
                self.assertTrue(client.set(key, str(i)))
                expected = next(node for node in ring.iterate_nodes(key) if node != dead)
                self.assertEqual(memcache.Client([expected]).get(key), str(i))
                used.add(expected)
        self.assertEqual(used, set(alive))


if __name__ == "__main__":
    unittest.main()
