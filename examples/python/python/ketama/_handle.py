"""Handles: the ring of a file, through all its changes."""

from __future__ import annotations

from threading import Lock
from typing import Any

from ._native import ffi, lib
from ._ring import Ring, _c_text, _check


class Handle:
    """Follows a server list, or a segment that another process publishes.

    ``ring`` is the ring in use. ``refresh`` looks at the file and takes the new ring if there is one. Who waits for many
    things at once gives the handle to ``select`` or ``selectors``, as a file that can be read when there may be a change;
    who waits for nothing else calls ``wait``. Any number of threads may use a handle at once, and keep rings taken from it.
    """

    def __init__(self, path: str) -> None:
        out = ffi.new("ketama_handle **")
        _check(lib.ketama_handle_open(_c_text(path, []), out))
        self._handle: Any = ffi.gc(out[0], lib.ketama_handle_free)
        self._lock = Lock()
        self._ring = self._taken()

    @property
    def ring(self) -> Ring:
        """The ring in use: one object until a refresh takes another one."""
        return self._ring

    def refresh(self) -> bool:
        """Whether there is another ring now. A file that cannot be used is a KetamaError, and the ring in use stays."""
        changed = ffi.new("int *")
        with self._lock:  # so that of two refreshes the later one leaves its ring
            _check(lib.ketama_handle_refresh(self._handle, changed))
            if changed[0]:
                self._ring = self._taken()
        return bool(changed[0])

    def wait(self, seconds: float) -> bool:
        """Waits until the file may have changed, and no longer than told; whether it may have."""
        return bool(lib.ketama_handle_wait(self._handle, max(0, int(seconds * 1000))))

    def fileno(self) -> int:
        """A descriptor that can be read when the file may have changed, until ``refresh``. Do not read or close it."""
        out = ffi.new("int *")
        _check(lib.ketama_handle_watch(self._handle, out))
        descriptor: int = out[0]
        return descriptor

    def _taken(self) -> Ring:
        return Ring._made(lambda out: lib.ketama_handle_ring(self._handle, out))
