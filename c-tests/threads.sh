#!/bin/bash
# threads.c and the tests in Rust that have threads under ThreadSanitizer, the library and Rust's own standard library
# instrumented too: that needs a nightly compiler with its sources, and clang. Prints SKIPPED where there is none.
#
#     threads.sh TARGET-FOLDER [ROLLS]
set -euo pipefail

target=$1
rolls=${2:-10000}
host=$(rustc -vV | sed -n 's/^host: //p')
sysroot=$(rustc +nightly --print sysroot 2>/dev/null || true)
runtime=$sysroot/lib/rustlib/$host/lib/librustc-nightly_rt.tsan.a

skip() {
    echo "SKIPPED threads under ThreadSanitizer: $1"
    exit 0
}
[ -n "$sysroot" ] || skip "no nightly toolchain (rustup toolchain install nightly --component rust-src)"
[ -e "$sysroot/lib/rustlib/src/rust/library/Cargo.lock" ] ||
    skip "no sources of the standard library (rustup component add rust-src --toolchain nightly)"
[ -e "$runtime" ] || skip "the nightly toolchain has no ThreadSanitizer for $host"
command -v clang >/dev/null || skip "no clang"

instrumented() {
    RUSTFLAGS=-Zsanitizer=thread cargo +nightly "$1" --lib -Zbuild-std --target "$host" --target-dir "$target/tsan" "${@:2}"
}
instrumented build
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in libketama.so libketama.so.1; do
    ln -s "$(realpath "$target/tsan/$host/debug/libketama.so")" "$folder/$name"
done
clang -std=c99 -g -fPIE -fsanitize=thread -Iinclude -c -o "$folder/threads.o" c-tests/threads.c
# The runtime of the compiler of the library, for clang's may be another version.
cc -pie -o "$folder/threads" "$folder/threads.o" -Wl,--whole-archive "$runtime" -Wl,--no-whole-archive \
    -Wl,--export-dynamic -L"$folder" -lketama -lpthread -ldl -lm -lrt
# mktime() takes a lock of glibc that the sanitizer cannot see.
echo "race:tzset_internal" >"$folder/suppressions"
export TSAN_OPTIONS="exitcode=66 report_thread_leaks=0 suppressions=$folder/suppressions"
(cd "$folder" && LD_LIBRARY_PATH=$folder timeout 900 ./threads "$rolls")
echo "threads under ThreadSanitizer: no report, 8 threads with $rolls rolls each"

# What is built and looked up by several threads: points, segments, handles, fleets, the C interface. Not the models of loom,
# whose threads are none.
instrumented test --no-default-features --features capi -- point:: ring::tests segment::checksum segment::tests::damage \
    segment::tests::follow segment::tests::foreign segment::tests::share segment::tests::stalled health::tests::a_fleet \
    health::tests::threads capi::
echo "tests in Rust under ThreadSanitizer: no report"
