"""The load: every key, again and again, through every kind of process, with each answer checked and kept."""

import threading
import time
from collections import Counter, defaultdict

from doors import Failed

PAUSE = 0.005  # seconds between two requests of one client: the load is steady, not all that the machine can do


class Load:
    """Clients that ask until they are stopped.

    `doors`: kind => one door for each of its clients. `owners`: fingerprint => key => server, as the command has it; a list
    is to be added before it is published.
    """

    def __init__(self, doors, keys, owners):
        self.owners = owners
        self.seen = {}  # (kind, process) => fingerprint in its last answer
        self.since = {}  # (kind, process, fingerprint) => time of the first answer
        self.answers = defaultdict(dict)  # (kind, fingerprint) => key => server
        self.requests = Counter()
        self.failures = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(kind, door, keys[number :: len(clients)]), daemon=True)
            for kind, clients in doors.items()
            for number, door in enumerate(clients)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        for failure in self.failures[:5]:
            print("  ", failure)

    def _ask(self, kind, door, keys):
        while not self._stop.is_set():
            for key in keys:
                if self._stop.wait(PAUSE):
                    return
                self.requests[kind] += 1
                try:
                    self._keep(kind, key, door.ask(key))
                except Failed as failure:
                    self.failures.append(str(failure))
                except Exception as error:  # a defect of this program, which must not pass for silence
                    self.failures.append(f"{kind}, {key}: {error!r}")
                    return

    def _keep(self, kind, key, answer):
        self.seen[kind, answer.process] = answer.fingerprint
        self.since.setdefault((kind, answer.process, answer.fingerprint), time.monotonic())
        self.answers[kind, answer.fingerprint][key] = answer.server
        owner = self.owners.get(answer.fingerprint, {}).get(key)
        if not owner == answer.server == answer.value:
            self.failures.append(f"{kind}, {key}: {answer}, and ketama lookup says {owner}")
