#!/bin/bash
# The unsafe code, and what stands on it, under Miri: an interpreter that watches every access and every pointer. It takes
# some hundred times as long, so the tests are chosen, and some of them try less (`cfg!(miri)`). Prints SKIPPED where
# there is no nightly compiler.
#
#     miri.sh          every run below
#     miri.sh short    the C boundary and the check of segments alone
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
    echo "SKIPPED Miri: $1"
    exit 0
}
rustc +nightly --version >/dev/null 2>&1 || skip "no nightly toolchain (rustup toolchain install nightly)"
cargo +nightly miri --version >/dev/null 2>&1 || rustup component add miri --toolchain nightly >/dev/null 2>&1 ||
    skip "the nightly toolchain has no Miri"
[ -e "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ] ||
    rustup component add rust-src --toolchain nightly >/dev/null 2>&1 || skip "no sources of the standard library"

boundary=(capi::tests:: segment::tests::foreign::the_bytes segment::list::tests::)
kernels=(hash::md5::tests::{digests,every_backend_agrees_at,what_one_slice,a_backend_that})
core=(hash::crc32::tests::crc hash::xxhash::tests::seeds hash::sha::tests::words hash::tests::names
    point::tests::{chains,points_beyond,points_that,ties,where} search::tests::{no_points,wide}
    ring::tests::{an_empty,a_list} key:: error:: server::tests:: health::record::)

# What is run, as code of which target with which instructions, under which rules, and which tests.
run() {
    local what=$1 target=$2 instructions=$3 rules=$4
    echo "Miri: $what"
    RUSTFLAGS="${instructions:+-Ctarget-feature=$instructions}" \
        MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-strict-provenance $rules" \
        cargo +nightly miri test --quiet --target "$target" --no-default-features --features capi --lib \
        -- "${@:5}"
}
native=x86_64-unknown-linux-gnu
run "the C boundary and segments" $native "" "" "${boundary[@]}"
[ "${1:-}" != short ] || exit 0
run "the same under tree borrows" $native "" -Zmiri-tree-borrows "${boundary[@]}"
run "the core" $native "" "" "${core[@]}"
run "the kernels of x86-64" $native "" "" "${kernels[@]}"
run "the kernels of AVX2, and the check compiled for it" $native +avx2 "" "${kernels[@]}" "${boundary[1]}"
run "the kernels of AVX-512, and the check" $native +avx512f,+avx512bw,+avx512vl "" "${kernels[@]}" "${boundary[1]}"
run "the kernels of NEON" aarch64-unknown-linux-gnu "" "" "${kernels[@]}"
run "the C boundary and segments, big-endian" s390x-unknown-linux-gnu "" "" "${boundary[@]}"
run "the C boundary and segments, 32 bits" i686-unknown-linux-gnu "" "" "${boundary[@]}"
