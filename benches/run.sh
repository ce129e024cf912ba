#!/bin/sh
# Builds the library and both benchmarks, runs them, prints the report and draws benches/cost.svg.
#
# REFERENCE=path/to/libketama.so.1 adds the 2007 library. CC names the C compiler.
set -eu
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

reference=${REFERENCE-}
[ -n "$reference" ] || echo "SKIPPED the 2007 library: REFERENCE is not set" >&2

cargo rustc --quiet --release --lib --no-default-features --features capi --crate-type cdylib
cargo build --quiet --release --manifest-path benches/Cargo.toml
"${CC:-cc}" -O2 -std=c11 -Wall -Wextra -I include c-tests/bench.c -o "$folder/bench" -ldl

"$folder/bench" "$folder" target/release/libketama.so ${reference:+"$reference"} > "$folder/rolls.tsv"
benches/target/release/ketama-bench "$folder" --rolls "$folder/rolls.tsv" --plot benches/cost.svg \
    ${reference:+--reference "$reference"}
