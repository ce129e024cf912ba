#!/bin/sh
# Builds the library and both benchmarks, runs them, prints the report and draws benches/cost.svg. `make bench` calls it.
#
# REFERENCE=path/to/libketama.so.1 adds the 2007 library. CC names the C compiler.
set -eu
reference=${REFERENCE:+$(realpath "$REFERENCE")}
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

[ -n "$reference" ] || echo "SKIPPED the 2007 library: REFERENCE is not set" >&2

# What it is measured against, where it can be had; the benchmark says what it skips.
if ! ldconfig -p | grep -q 'libmemcached\.so\.11' && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    apt-get install -y -q libmemcached11 >/dev/null || true
fi
python=benches/target/python
if ! "$python/bin/python3" -c 'import uhashring' 2>/dev/null; then
    { python3 -m venv "$python" && "$python/bin/pip" install --quiet uhashring==2.5; } >/dev/null 2>&1 || true
fi
PATH=$PWD/$python/bin:$PATH

target=${CARGO_TARGET_DIR:-target}
cargo rustc --quiet --release --lib --no-default-features --features capi --crate-type cdylib
CARGO_TARGET_DIR=benches/target cargo build --quiet --release --manifest-path benches/Cargo.toml
"${CC:-cc}" -O2 -std=c11 -Wall -Wextra -I include c-tests/bench.c -o "$folder/bench" -ldl

"$folder/bench" "$folder" "$target/release/libketama.so" ${reference:+"$reference"} >"$folder/rolls.tsv"
benches/target/release/ketama-bench "$folder" --rolls "$folder/rolls.tsv" --plot benches/cost.svg \
    ${reference:+--reference "$reference"}
