"""Programs that run for as long as the demonstration does, on 127.0.0.1, and what they need to be told."""

import os
import pathlib
import random
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent


def await_that(condition, what, seconds=60):
    """Waits until a condition holds; gives what it gave."""
    end = time.monotonic() + seconds
    while not (met := condition()):
        if time.monotonic() > end:
            raise SystemExit(f"FAILED: awaited in vain for {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.01)
    return met


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Services:
    """Starts programs, with their output in a folder; stops them all when the block is left."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            self.stop(process)

    def start(self, name, *command, env=None, stdin=subprocess.DEVNULL, stdout=None):
        """Starts a program in the folder. What it says is in NAME.log."""
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                list(map(str, command)), cwd=self.folder, stdin=stdin, stdout=stdout or log, stderr=log,
                # A group of its own: a Ctrl-C is for us, who stop them in order; and php-fpm then cannot leave the session,
                # in which case Linux would share out processor time between it and all others as between two users.
                env={**os.environ, **(env or {})}, process_group=0,
            )
        self.running.append(process)
        return process

    def serve(self, name, *command, prepare=lambda port: None):
        """Starts a server on a free port, which replaces {port} in its command, and awaits it. Process and port."""
        for port in random.sample(range(20000, 30000), 20):
            if is_listening(port):
                continue
            prepare(port)
            process = self.start(name, *(str(word).replace("{port}", str(port)) for word in command))
            await_that(lambda: process.poll() is not None or is_listening(port), f"{name} listens on {port}")
            if process.poll() is None:  # else somebody else was faster
                return process, port
        raise SystemExit(f"FAILED: {name} does not start: {self.log(name)}")

    def stop(self, process):
        """Stops a program; one that does not heed is killed."""
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def configure(self, name, **values):
        """Copies a configuration, with what stands between @ replaced."""
        text = (HERE / name).read_text()
        for word, value in values.items():
            text = text.replace(f"@{word}@", str(value))
        (self.folder / name).write_text(text)
        return self.folder / name


def as_user():
    """What lets programs that refuse to be root run."""
    return ["-u", "nobody"] if os.getuid() == 0 else []


def start_etcd(services):
    """A single etcd; gives its address."""
    peers = "http://127.0.0.1:0"
    _, port = services.serve(
        "etcd", "etcd", "--data-dir", services.folder / "etcd", "--listen-client-urls", "http://127.0.0.1:{port}",
        "--advertise-client-urls", "http://127.0.0.1:{port}", "--listen-peer-urls", peers,
        "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}", "--log-level", "error",
    )
    return f"http://127.0.0.1:{port}"


def start_memcached(services, number):
    """A memcached; gives its process and its name."""
    process, port = services.serve(
        f"memcached{number}", "memcached", "-l", "127.0.0.1", "-p", "{port}", "-U", "0", "-m", "16", *as_user()
    )
    return process, f"127.0.0.1:{port}"
