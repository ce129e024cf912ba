#!/bin/bash
# Which lines the tests run, of what the library itself is made of: the tests in Rust, those in C against the
# instrumented library, and the replay of the fuzz targets' inputs. cargo-llvm-cov is installed if it is missing; prints
# SKIPPED where it cannot be.
#
#     coverage.sh            a table by area, then the lines that were not run
#
# Modules of tests are not counted: files called tests.rs or testing.rs, folders called tests, and what comes after
# `#[cfg(test)]` and `mod tests {` in other files, where they stand last.
set -euo pipefail
cd "$(dirname "$0")/.."

source fuzz/tools.sh
need llvm-cov coverage
if [ ! -e "$(rustc --print target-libdir)/../bin/llvm-cov" ] && ! rustup component add llvm-tools >/dev/null 2>&1; then
    echo "SKIPPED coverage: no llvm-tools (rustup component add llvm-tools)"
    exit
fi

CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")/coverage
export CARGO_TARGET_DIR
# Processes that the tests start, programs in C among them, write what they ran where this says.
eval "$(cargo llvm-cov show-env --sh)"
cargo llvm-cov clean --workspace
cargo test --all-features --lib --test c --test fuzz -- "$@"

# Of processes that were killed while they wrote, and tests do that, nothing can be read. Each program is looked at on
# its own: of an exported function, which has the same name in several, a common report knows one of them only.
tools=$(rustc --print target-libdir)/../bin
cd "$CARGO_TARGET_DIR"
"$tools/llvm-profdata" merge -sparse -failure-mode=all -o merged ./*.profraw 2>/dev/null
find debug/deps -maxdepth 1 -type f -executable \( -name '*ketama*' -o -name 'fuzz-*' \) \
    -exec "$tools/llvm-cov" export -format=lcov -instr-profile=merged {} \; 2>/dev/null >lcov.info
cd - >/dev/null

awk '
    function area(path) {
        if (path ~ /(^|\/)(tests|testing)(\.rs|\/)/) return ""
        if (path ~ /^(hash|point|ring|dialect|health)\//) return "core"
        if (path ~ /^(search|key|rule|load|zone|bucket|server|name|memory)\.rs$/) return "core"
        if (path ~ /^(server_list\/|observation)/) return "parser"
        if (path ~ /^segment\//) return "segment"
        if (path ~ /^capi\//) return "C shell"
        return ""
    }
    # The line on which the tests of a file begin.
    function tests(path,    line, text, before) {
        while ((getline text <("src/" path)) > 0) {
            line++
            if (before ~ /^#\[cfg\((all\()?test/ && text ~ /^(pub(\([a-z]*\))? )?mod [a-z_]* \{/) break
            if (text !~ /^#\[/ || text ~ /^#\[cfg/) before = text
        }
        close("src/" path)
        return text ~ /\{$/ && line ? line : 1000000
    }
    /^SF:/ {
        path = $0
        sub(/.*\/src\//, "", path)
        into = ($0 ~ /\/fuzz\/src\//) ? "" : area(path)
        if (into) end = tests(path)
    }
    /^DA:/ && into {
        split(substr($0, 4), field, ",")
        if (field[1] >= end) next
        place = path ":" field[1]
        if (!(place in ran)) all[into]++
        if (field[2] > 0 && !ran[place]) run[into]++
        if (field[2] > 0 || !(place in ran)) ran[place] = field[2] > 0
    }
    END {
        count = split("core parser segment C_shell", areas, " ")
        printf "%-8s %7s %7s %9s\n", "area", "lines", "run", "of 100"
        for (i = 1; i <= count; i++) {
            sub("_", " ", areas[i])
            printf "%-8s %7d %7d %9.2f\n", areas[i], all[areas[i]], run[areas[i]], 100 * run[areas[i]] / all[areas[i]]
        }
        print ""
        print "not run:"
        for (place in ran) if (!ran[place]) print "src/" place | "sort -t: -k1,1 -k2,2n"
    }
' "$CARGO_TARGET_DIR/lcov.info"
