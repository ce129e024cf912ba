"""Who can be asked where a key lives: each kind of process of the fleet, by its own means."""

import http.client
import subprocess
from dataclasses import dataclass


@dataclass
class Answer:
    process: str  # which one answered
    fingerprint: str  # of its ring
    server: str  # whom its ring names
    value: str  # what this server has for the key


class Failed(Exception):
    """A request without an answer."""


class Web:
    """Asks nginx. A connection stays with one of its workers, and each caller has its own; nginx.conf says for how long."""

    def __init__(self, port, path):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.path = path

    def ask(self, key):
        try:
            self.connection.request("GET", f"{self.path}?key={key}")
            response = self.connection.getresponse()
            body = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{self.path}: {error!r}") from error
        if response.status != 200:
            raise Failed(f"{self.path}: {response.status} {body!r}")
        if self.path == "/php":
            return Answer(*body.split())
        return Answer(*(response.headers[name] for name in ("X-Process", "X-Ring", "X-Server")), body)


class Pipe:
    """Asks a program that answers lines with lines."""

    def __init__(self, services, name, *command, env=None):
        self.name = name
        self.process = services.start(name, *command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, key):
        self.process.stdin.write(f"{key}\n".encode())
        self.process.stdin.flush()
        words = self.process.stdout.readline().decode().split()
        if len(words) != 4 or "-" in words:
            raise Failed(f"{self.name}: {words}")
        return Answer(*words)
