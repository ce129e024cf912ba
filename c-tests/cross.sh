#!/bin/bash
# Runs the whole test suite as code of other processors: 64 bits with NEON (aarch64) and big-endian (s390x) under an
# emulator, 32 bits (i686) on an x86 processor itself. Debian's cross compilers link and bring the C library; they stand
# beside one another, which gcc-multilib does not. What is missing is installed, or said: SKIPPED.
#
#     cross.sh [short] [aarch64] [s390x] [i686]      all three without a processor's name
#
# The short form is of what processors differ in: hashes and dialects, points, segments of both byte orders, C's layouts.
set -euo pipefail
cd "$(dirname "$0")/.."

built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# The tests of the short form.
differing=(hash:: dialect:: point:: search:: capi:: segment::tests::{foreign,format}:: segment::list::)
declare -A debian=([aarch64]=arm64 [s390x]=s390x [i686]=i386)

skip() {
    echo "SKIPPED the tests on $processor: $1"
    return 1
}

# A program, and the packages that bring it.
need() {
    if ! command -v "$1" >/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${@:2}" >/dev/null 2>&1 || true
    fi
    command -v "$1" >/dev/null || skip "no $1 (Debian: ${*:2})"
}

# Whether all that a processor's tests need is there.
is_ready() {
    rustup target list --installed 2>/dev/null | grep -qx "$target" || rustup target add "$target" >/dev/null 2>&1 ||
        skip "no Rust for $target" || return 1
    need "$tools-gcc" "gcc-$tools" "libc6-dev-${debian[$processor]}-cross" || return 1
    [ -n "$short" ] || need "$tools-g++" "g++-$tools" || return 1
    if [ "$processor" = i686 ]; then
        "$loader" --version >/dev/null 2>&1 || skip "this machine runs no 32-bit programs"
    else
        need "qemu-$processor" qemu-user
    fi
}

# A compiler for the tests in C. On i686 without the x87, whose wider numbers round otherwise than all other processors,
# and with the C library of the cross compiler, for the machine itself has none of 32 bits.
compiler() {
    local options=()
    [ "$processor" = i686 ] &&
        options=(-msse2 -mfpmath=sse "-Wl,--dynamic-linker=$loader" "-Wl,-rpath,$libraries")
    printf '#!/bin/sh\nexec %s "$@" %s\n' "$tools-$1" "${options[*]}" >"$folder/$1"
    chmod +x "$folder/$1"
    echo "$folder/$1"
}

run() {
    local processor=$1
    local target=$processor-unknown-linux-gnu tools=$processor-linux-gnu
    local libraries=/usr/$tools/lib folder=$built/cross/$processor
    local loader=$libraries/ld-linux.so.2 variable
    is_ready || return 0
    mkdir -p "$folder"
    variable=CARGO_TARGET_$(tr a-z- A-Z_ <<<"$target")
    export "${variable}_LINKER=$tools-gcc"
    if [ -z "$short" ]; then
        export CC CXX NM=$tools-nm
        CC=$(compiler gcc) CXX=$(compiler g++)
    fi
    if [ "$processor" = i686 ]; then
        unset KETAMA_TEST_RUNNER
        export "${variable}_RUSTFLAGS=-Clink-arg=-Wl,--dynamic-linker=$loader -Clink-arg=-Wl,-rpath,$libraries"
    else
        # For cargo, and for the tests that start processes.
        export KETAMA_TEST_RUNNER="qemu-$processor -L /usr/$tools"
        export "${variable}_RUNNER=$KETAMA_TEST_RUNNER"
    fi
    echo "the tests on $processor"
    if [ -n "$short" ]; then
        CARGO_PROFILE_TEST_DEBUG=0 cargo test --target "$target" --no-default-features --features capi --lib \
            -- "${differing[@]}"
    else
        cargo test --target "$target" --all-features --lib --test c
    fi
}

short=
[ "${1:-}" != short ] || { short=1; shift; }
[ $# -gt 0 ] || set -- aarch64 s390x i686
for processor in "$@"; do
    [ -n "${debian[$processor]:-}" ] || { echo "usage: cross.sh [short] [aarch64] [s390x] [i686]"; exit 2; }
    run "$processor"
done
