#!/bin/bash
# Installs the Debian packages that the tests need and that are missing. What cannot be installed is said, and the tests
# that need it say SKIPPED.
set -euo pipefail

# ThreadSanitizer wants the standard library instrumented too. Only where there is a nightly compiler anyway.
if rustc +nightly --version >/dev/null 2>&1 &&
    [ ! -e "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]; then
    echo "adding the sources of the standard library to the nightly toolchain"
    rustup component add rust-src --toolchain nightly >/dev/null 2>&1 || echo "could not be added"
fi

missing=()
need() {
    command -v "$1" >/dev/null || missing+=("$2")
}
need cc build-essential
need c++ build-essential
need readelf binutils
need valgrind valgrind
need musl-gcc musl-tools
need clang clang
need cmake cmake
need pkg-config pkg-config
[ -e /usr/share/zoneinfo/Asia/Tokyo ] || missing+=(tzdata)
# Valgrind reads the C library's debug information to know where its functions begin.
[ -e /usr/share/doc/libc6-dbg ] || missing+=(libc6-dbg)

[ ${#missing[@]} -eq 0 ] && exit
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing, and not installed without root and apt-get: ${missing[*]}"
    exit
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >/dev/null ||
    echo "could not be installed: ${missing[*]}"
