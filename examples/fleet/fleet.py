"""A fleet that follows one list: etcd holds it, and nginx, php-fpm, a C and a Python program obey within moments.

Run by test.sh, which builds what is needed. Arguments: NAME=PATH for ketama, module, extension, asker, python, php-fpm.
Ends with 1 if anything is not as it should be.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter

from doors import Pipe, Web
from load import Load
from services import HERE, Services, await_that, start_etcd, start_memcached

KEYS = [f"user:{number}" for number in range(500)]
KEY = "/cache/fleet.servers"  # in etcd
WITHIN = 2  # seconds from `etcdctl put` until every process has the new ring
WORKERS = {"nginx": 2, "php-fpm": 3, "C": 1, "Python": 1}
failed = []


def check(claim, text):
    print(f"{'passed' if claim else 'FAILED'}: {text}", flush=True)
    if not claim:
        failed.append(text)


def preload(server):
    """Gives every key the value SERVER on this server: an answer then tells who gave it."""
    host, port = server.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as memcached:
        for key in KEYS:
            memcached.sendall(f"set {key} 0 0 {len(server)}\r\n{server}\r\n".encode())
        replies = memcached.makefile("rb")
        assert all(replies.readline() == b"STORED\r\n" for _ in KEYS), server


class List:
    """A server list as it is put into etcd, and what the command says of it."""

    def __init__(self, fleet, name, weights):
        self.path = fleet.folder / name
        self.path.write_text("".join(f"{server}\t{weight}\n" for server, weight in weights.items()))
        lines = fleet.ketama("lookup", self.path, *KEYS).splitlines()
        self.owners = dict(line.split("\t") for line in lines)
        self.fingerprint = json.loads(fleet.ketama("stats", "--json", self.path))["fingerprint"]


class Fleet:
    """All programs, and the load."""

    def __init__(self, services, programs):
        self.folder, self.services, self.programs = services.folder, services, programs
        self.list = self.folder / "list" / "fleet.servers"
        self.segment = self.folder / "segment" / "fleet.ring"
        for path in self.list, self.segment:
            path.parent.mkdir()
        self.memcached = [start_memcached(services, number) for number in range(1, 6)]
        self.names = [name for _, name in self.memcached]
        for name in self.names:
            preload(name)
        self.etcd = {"ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": start_etcd(services)}

    def ketama(self, *arguments):
        command = [self.programs["ketama"], *map(str, arguments)]
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout

    def put(self, text):
        """Puts a text into etcd, as an operator would."""
        subprocess.run(["etcdctl", "put", KEY, "--", text], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **self.etcd})

    def start_distribution(self, first):
        """From etcd to the file, and from the file to the segment."""
        path = {**self.etcd, "PATH": f"{pathlib.Path(self.programs['ketama']).parent}:{os.environ['PATH']}"}
        self.put(first.path.read_text())
        self.services.start("render", "etcdctl", "watch", KEY, "--", HERE / "render.sh", KEY, self.list, env=path)
        subprocess.run([HERE / "render.sh", KEY, self.list], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **path})
        self.services.start("watch", self.programs["ketama"], "watch", self.list, "--publish", self.segment)
        await_that(self.segment.exists, "ketama watch publishes")

    def start_followers(self):
        """The four kinds of processes. Gives their doors."""
        root = os.getuid() == 0
        fpm = self.services.configure("php-fpm.conf", FOLDER=self.folder, USER="user = nobody\ngroup = nogroup" if root else "")
        self.services.start("php-fpm", self.programs["php-fpm"], "-n", "-d", f"extension={self.programs['extension']}", "-y", fpm)
        await_that((self.folder / "php-fpm.socket").exists, "php-fpm listens")
        port = self.start_nginx()
        return {
            "nginx": [Web(port, "/cache") for _ in range(3)],
            "php-fpm": [Web(port, "/php") for _ in range(3)],
            "C": [Pipe(self.services, "asker.c", self.programs["asker"], self.segment)],
            "Python": [Pipe(self.services, "asker.py", self.programs["python"], HERE / "asker.py", self.segment)],
        }

    def start_nginx(self):
        values = {"MODULE": self.programs["module"], "FOLDER": self.folder, "HERE": HERE}
        _, port = self.services.serve(
            "nginx", "nginx", "-p", self.folder, "-e", "nginx.log", "-c", self.folder / "nginx.conf",
            prepare=lambda port: self.services.configure("nginx.conf", PORT=port, **values),
        )
        return port


def behind(load, fingerprint):
    """Who has not answered with this ring, or not for every key; empty if all have."""
    processes = Counter(kind for (kind, _), last in load.seen.items() if last == fingerprint)
    answered = {kind: len(load.answers[kind, fingerprint]) for kind in WORKERS}
    return [
        f"{kind}: {processes[kind]} of {count} processes, {answered[kind]} of {len(KEYS)} keys"
        for kind, count in WORKERS.items()
        if processes[kind] != count or answered[kind] != len(KEYS)
    ]


def foretold(fleet, old, new):
    """The keys that are to move, and how many from each server to each, by `ketama diff`."""
    moving = {key for key in KEYS if old.owners[key] != new.owners[key]}
    keys = fleet.folder / "keys"
    keys.write_text("".join(f"{key}\n" for key in KEYS))
    counted = json.loads(fleet.ketama("diff", "--json", "--keys", keys, old.path, new.path))["counted"]
    return moving, {(flow["from"], flow["to"]): round(flow["share"] * len(KEYS)) for flow in counted["flows"]}


def change(fleet, load, old, new, text):
    """Puts a new list into etcd, and checks who obeys when, and what moves."""
    print(f"== {text}: {old.fingerprint} -> {new.fingerprint}")
    moving, flows = foretold(fleet, old, new)
    load.owners[new.fingerprint] = new.owners
    before = sum(load.requests.values())
    start = time.monotonic()
    fleet.put(new.path.read_text())
    await_that(lambda: not behind(load, new.fingerprint), lambda: f"all obey: {behind(load, new.fingerprint)}")
    took = {
        kind: max(load.since[kind, process, new.fingerprint] for of, process in load.seen if of == kind) - start for kind in WORKERS
    }
    print("   " + ", ".join(f"{kind} ({count}) after {took[kind]:.2f} s" for kind, count in WORKERS.items()))
    check(max(took.values()) <= WITHIN, f"{sum(WORKERS.values())} processes report {new.fingerprint} within {WITHIN} s")
    for kind in WORKERS:
        was, now = load.answers[kind, old.fingerprint], load.answers[kind, new.fingerprint]
        moved = {key: (was[key], now[key]) for key in KEYS if was[key] != now[key]}
        check(moved.keys() == moving and Counter(moved.values()) == flows, f"{kind}: the {len(moved)} keys moved that ketama diff foretold")
    check(not load.failures, f"{sum(load.requests.values()) - before} requests meanwhile, {len(load.failures)} failed")


def refuse(fleet, load, now):
    """A list that is not usable gets no further than the renderer."""
    print("== a list that is not usable")
    fleet.put("127.0.0.1:11211\tmany")
    await_that(lambda: "not usable" in fleet.services.log("render"), "the renderer refuses")
    before = sum(load.requests.values())
    await_that(lambda: sum(load.requests.values()) > before + len(KEYS), "requests go on")
    check(not behind(load, now.fingerprint) and not load.failures, f"it is refused, and all stay with {now.fingerprint}")


def demonstrate(fleet):
    one, two, three, four, five = fleet.names
    first = List(fleet, "first", {one: 600, two: 300, three: 200, four: 350})
    second = List(fleet, "second", {one: 600, two: 300, three: 200, four: 350, five: 1000})
    third = List(fleet, "third", {one: 600, three: 200, four: 350, five: 1000})
    fleet.start_distribution(first)
    with Load(fleet.start_followers(), KEYS, {first.fingerprint: first.owners}) as load:
        await_that(lambda: not behind(load, first.fingerprint), lambda: f"all answer: {behind(load, first.fingerprint)}")
        check(True, f"{sum(WORKERS.values())} processes report {first.fingerprint}, and answer as ketama lookup for {len(KEYS)} keys")
        change(fleet, load, first, second, f"{five} joins")
        refuse(fleet, load, second)
        change(fleet, load, second, third, f"{two} leaves")
        fleet.services.stop(fleet.memcached[fleet.names.index(two)][0])
        before = sum(load.requests.values())
        await_that(lambda: sum(load.requests.values()) > before + 2 * len(KEYS), "requests go on")
        check(not load.failures, f"{two} is stopped, and {sum(load.requests.values()) - before} requests do not notice")
    asked = ", ".join(f"{kind} {load.requests[kind]}" for kind in WORKERS)
    check(not load.failures, f"{sum(load.requests.values())} requests in all ({asked}), {len(load.failures)} failed")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("FAILED: stopped"))
    programs = dict(argument.split("=", 1) for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        with Services(folder) as services:
            try:
                demonstrate(Fleet(services, programs))
            except SystemExit as error:
                failed.append(str(error))
                print(error)
            if failed:
                for log in sorted(folder.glob("*.log")):
                    print(f"-- {log.name}\n{services.log(log.stem)}")
    sys.exit(1 if failed else 0)


main()
