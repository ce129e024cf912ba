#!/bin/bash
# Mutation check: cargo-mutants breaks the library in one place after the other, and the tests must see it. It is
# installed if it is missing; prints SKIPPED where it cannot be.
#
#     mutants.sh                           every mutant of every area: five hours
#     SAMPLE=3/24 mutants.sh core shell    of these areas, every 24th mutant, the fourth and so on
#     mutants.sh short                     ten of them
#
# Which mutants the tests let pass is printed, and is in target/mutants/AREA-K-N/mutants.out/missed.txt; it fails if there
# are any. What need not be seen, and why, is in mutants.toml.
set -euo pipefail

declare -A files=(
    [core]='src/hash/** src/point/** src/ring/** src/search.rs src/key.rs src/rule.rs src/server.rs src/name.rs src/memory.rs'
    [dialect]='src/dialect/** src/health/** src/load.rs src/zone.rs src/bucket.rs'
    [parser]='src/server_list/** src/observation.rs src/observation/**'
    [segment]='src/segment/**'
    [shell]='src/capi/**'
    # Of all, what is compiled and tested at once.
    [short]='src/hash/** src/point/** src/ring/** src/search.rs src/server_list/classic.rs src/server_list/toml.rs src/segment/** src/capi/**'
)
# Tests that would take most of the time or that no mutant can fail, those that look at segments alone, and those whose
# turn comes only when the others have let the mutant pass: most are caught within a second.
never=(a_million soak diff_agrees every_recorded_file no_single_byte every_truncation takes_a_handle_back tests::headers)
of_segments=(segment::tests::{damage,models,foreign})
later=(every_backend counting_sorts laid_over_each_other batches_of_every_dialect segment::checksum dialect::steady
    any_number_of_workers large_rings_are shares_of_every guard_page no_request_exceeds
    segment::tests::{format,follow,hostile,share,roll,stalled} segment::watch tests::cli)
of_dialects=(dialect:: health:: load:: zone:: bucket:: ring:: rule:: tests::vectors tests::fleets tests::forms)
of_the_parser=(every_recorded_{fleet,answer} one_changed_answer tests::forms tests::cli_{check,convert,lookup,shared,stats,tools})
# Of the tests in C: what looks at headers and compilers, and what asks many keys of a ring that others have asked.
never_in_c=(a_million 99999 in_cxx every_standard the_comparison_sees sample_list static_library helgrind)

endless="the tests did not end"

# What cargo calls in place of a test program. A mutant that asks for all memory must not get it.
if [ "${1:-}" = --run ]; then
    program=$2
    ulimit -v 8000000
    area=$KETAMA_MUTANTS soon=${KETAMA_MUTANTS_SOON:-}
    unset KETAMA_MUTANTS KETAMA_MUTANTS_SOON # a test looks at what variables there are
    if [[ $(basename "$program") == c-* ]]; then
        [ "$area" = shell ] || never_in_c+=(large_requests) # which are minutes, and of lists and rings
        exec "$program" "${never_in_c[@]/#/--skip=}"
    fi
    first=()
    case $area in
    dialect) first=("${of_dialects[@]}") later=(dialect::steady shares_of_every no_request_exceeds batches_of_every) ;;
    parser) first=(server_list observation) later=("${of_the_parser[@]}") ;;
    segment) first=(segment:: capi:: tests::cli_shared) later=(segment::tests::models) ;;
    *) never+=("${of_segments[@]}") ;;
    esac
    # One failure is enough, where the test program knows how to stop there, and nobody reads how it came about.
    export RUST_BACKTRACE=0 RUSTC_BOOTSTRAP=1
    run=("$program" --quiet "${never[@]/#/--skip=}")
    [[ $("$program" --help) != *--fail-fast* ]] || run+=(-Zunstable-options --fail-fast)
    # The tests of the module that was changed, which is the file that was written last, and of the one it lies in; then all
    # that take a few seconds. Some mutants never end.
    module=$(find src -name '*.rs' -printf '%T@ %p\n' | sort -n | sed -n '$s|.* src/\(.*\)\.rs|\1|p')
    module=${module%/mod} ended=0
    near=("${module//\//::}::")
    [[ $module != */* ]] || near+=("$(dirname "$module" | sed 's|/|::|g')::tests::")
    within() { timeout "$1" "${run[@]}" "${later[@]/#/--skip=}" "${@:2}"; }
    { within 20 "${near[@]}" && within 60 "${first[@]}"; } || ended=$?
    ((ended != 124)) || echo "$endless"
    ((ended == 0 && ${#later[@]} > 0)) && [ -z "$soon" ] || exit $ended
    # Without first ones all but the later ones have passed.
    "${run[@]}" "${later[@]}"
    ((${#first[@]} == 0)) || "${run[@]}" "${first[@]/#/--skip=}" "${later[@]/#/--skip=}"
    exit
fi

cd "$(dirname "$0")/.."
source fuzz/tools.sh
need mutants "the mutation check"

# In memory where there is such a place.
TMPDIR=$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" ketama-mutants.XXXXXX)
chmod 755 "$TMPDIR" # other users' programs are run in it
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
host=$(rustc -vV | sed -n 's/^host: //p')
# What is compiled of other crates is kept.
out=$(realpath -m "${CARGO_TARGET_DIR:-target}")/mutants
export CARGO_TARGET_DIR=$out/build CARGO_PROFILE_TEST_DEBUG=0 CARGO_PROFILE_DEV_DEBUG=0
export "CARGO_TARGET_$(tr a-z- A-Z_ <<<"$host")_RUNNER=$PWD/fuzz/mutants.sh --run"

# The kernels of the processors that this one is not.
case $host in
x86_64* | i686*) elsewhere=(-e '**/x4_neon.rs') ;;
aarch64*) elsewhere=(-e '**/x4_sse2.rs' -e '**/x8_avx2.rs' -e '**/x16_avx512.rs') ;;
*) elsewhere=(-e '**/x4_neon.rs' -e '**/x4_sse2.rs' -e '**/x8_avx2.rs' -e '**/x16_avx512.rs') ;;
esac

sample=${SAMPLE:-0/1}
[ $# -gt 0 ] || set -- core dialect parser segment shell
[ "$1" != short ] || sample=1/250
# Tries mutants: FOLDER FEATURES and which; before them the library as it is, for a test that fails there would fail with
# all. To compile takes longer than the tests, and without optimisation the least.
check() {
    mkdir -p "$1"
    KETAMA_MUTANTS=$area cargo mutants --config fuzz/mutants.toml --timeout $seconds --no-times -j 1 \
        -o "$1" --no-default-features --features "$2" "${tests[@]}" \
        -C --config=profile.test.package.libketama.opt-level=0 "${elsewhere[@]}" "${@:3}" ||
        (($? == 2 || $? == 3)) # missed ones, and such without an end: its lists have them
}

rows=() missed=()
for area in "$@"; do
    set -f
    chosen=()
    for file in ${files[$area]:?no such area: $area}; do chosen+=(-f "$file"); done
    set +f
    # The recorded answers, other software's formats, observations and what lies in a folder are read by the command.
    tests=(-C --lib) in_c=() few=none features=capi,cli seconds=200
    case $area in
    parser) few=cli ;;
    segment) few=segment in_c=(-C --test=c) ;;
    shell) few='' features=capi tests+=(-C --test=c) ;;
    short) few='' features=capi ;;
    esac
    folder=$out/$area-${sample/\//-}
    rm -rf "$folder"
    # Most of it is compiling. So first what the area needs and the quick tests, then all for what those have let pass.
    if [ -n "$few" ]; then
        KETAMA_MUTANTS_SOON=1 check "$folder" "${few#none}" "${chosen[@]}" --shard "$sample" --sharding round-robin
        passed=$folder/mutants.out/missed.txt
        if [ -s "$passed" ]; then
            # To the tool all others are those that it has seen caught before.
            mkdir -p "$folder/all/mutants.out"
            cargo mutants --config fuzz/mutants.toml --list "${chosen[@]}" "${elsewhere[@]}" |
                grep -vxFf "$passed" >"$folder/all/mutants.out/caught.txt"
            tests+=("${in_c[@]}") seconds=400
            check "$folder/all" "$features" "${chosen[@]}" --iterate
        fi
    else
        check "$folder" "$features" "${chosen[@]}" --shard "$sample" --sharding round-robin
    fi
    found=("$folder"/mutants.out) last=$folder
    [ ! -d "$folder/all" ] || { found+=("$folder"/all/mutants.out) last=$folder/all; }
    count() { cat "${found[@]/%//$1.txt}" | wc -l; }
    unended=$({ grep -lxr "$endless" "${found[@]/%//log}" || true; } | wc -l)
    left=$(wc -l <"$last/mutants.out/missed.txt")
    ended="$(($(count caught) - unended)) $(($(count timeout) + unended))"
    all=$(($(count caught) + $(count timeout) + $(count unviable) + left))
    rows+=("$area $ended $(count unviable) $left $all")
    missed+=("$last/mutants.out/missed.txt")
done

echo
cat "${missed[@]}"
echo
printf '%-8s %7s %8s %9s %7s %6s\n' area caught 'no end' unviable missed all
for row in "${rows[@]}"; do printf '%-8s %7d %8d %9d %7d %6d\n' $row; done
[ -z "$(cat "${missed[@]}")" ]
