"""A Python program whose event loop answers questions and follows a ring that another process publishes.

python asker.py SEGMENT < KEYS: as asker.c.
"""

import os
import selectors
import socket
import sys
from functools import cache

import ketama


@cache
def connection(server):
    host, port = server.split(":")
    return socket.create_connection((host, int(port)), timeout=5).makefile("rwb", buffering=0)


def value_on(server, key):
    """The value of a key on a server, in memcached's own protocol; "-" if it is not there."""
    connection(server).write(b"get %s\r\n" % key)
    if not connection(server).readline().startswith(b"VALUE "):
        return "-"
    value = connection(server).readline().decode().strip()
    connection(server).readline()
    return value


def answer(ring, key):
    server = ring.get(key)
    print(os.getpid(), f"{ring.fingerprint:016x}", server or "-", value_on(server, key) if server else "-", flush=True)


handle = ketama.Handle(sys.argv[1])
waiting = selectors.DefaultSelector()
keys = os.fdopen(sys.stdin.fileno(), "rb", buffering=0)  # what Python has read ahead, select() does not see
waiting.register(keys, selectors.EVENT_READ)
waiting.register(handle, selectors.EVENT_READ)
while True:
    for ready, _ in waiting.select():
        if ready.fileobj is keys:
            line = keys.readline()
            if not line:
                raise SystemExit
            answer(handle.ring, line.strip())
        else:
            try:
                handle.refresh()
            except ketama.KetamaError as error:  # the last good ring stays
                print("asker:", error, file=sys.stderr)
