"""Asks uhashring, and times it: commands come on standard input, answers go to standard output."""

import sys
import time

import uhashring


def build():
    return uhashring.HashRing(nodes=servers, hash_fn="ketama")


def lookup():
    get = ring.get_node
    for key in keys:
        get(key)


def say(answer):
    print(answer, flush=True)


say("ready")
for line in sys.stdin:
    command, *arguments = line.split()
    if command == "set":
        servers, keys = (argument.split(",") for argument in arguments)
        ring = build()
        index = {name: number for number, name in enumerate(servers)}
        say(",".join(str(index[ring.get_node(key)]) for key in keys))
    else:
        start = time.perf_counter_ns()
        {"build": build, "lookup": lookup}[command]()
        say(time.perf_counter_ns() - start)
