"""What maturin makes of the library: its functions, and cffi's means to call them."""

from typing import Any

ffi: Any
lib: Any
