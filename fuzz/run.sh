#!/bin/bash
# Runs every fuzz target in turn: fuzz/run.sh SECONDS [TARGET...]. Needs a nightly compiler; cargo-fuzz is installed if it
# is missing. What is found on the way is kept in fuzz/target/corpus, failing inputs in fuzz/target/artifacts.
set -euo pipefail

cd "$(dirname "$0")"
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift

if ! rustc +nightly --version >/dev/null 2>&1; then
    echo "SKIPPED fuzzing: no nightly compiler (rustup toolchain install nightly)"
    exit
fi
source tools.sh
need fuzz fuzzing
cargo +nightly fuzz build --fuzz-dir .

# In memory where there is such a place.
TMPDIR=$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" ketama-fuzz.XXXXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo fuzz list --fuzz-dir .)
programs=target/$(rustc +nightly -vV | sed -n 's/^host: //p')/release
rows=()
failed=0

# Seconds of processor time that what this script has started took until now.
used() {
    local numbers
    read -ra numbers <"/proc/$$/stat"
    echo $(((numbers[15] + numbers[16]) / $(getconf CLK_TCK)))
}

before=$(used)
for target in "${targets[@]}"; do
    corpus=target/corpus/$target
    artifacts=target/artifacts/$target
    mkdir -p "$corpus" "$artifacts" "corpus/$target" "findings/$target"
    echo "$target: $seconds s"
    log=target/$target.log
    # A round begins anew after each finding: the first one must not hide the others.
    end=$((SECONDS + seconds))
    executions=0 coverage=0
    while ((SECONDS < end)); do
        "$programs/$target" "$corpus" "corpus/$target" "findings/$target" -max_total_time=$((end - SECONDS)) -timeout=20 \
            -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="$artifacts/" >"$log" 2>&1 && ended=0 || ended=$?
        executions=$((executions + $(grep -a '^stat::number_of_executed_units' "$log" | awk '{ n = $2 } END { print n + 0 }')))
        coverage=$(grep -ao 'cov: [0-9]*' "$log" | awk -v most="$coverage" '$2 > most { most = $2 } END { print most }')
        ((ended == 0)) && break
        grep -aE 'panicked at|ERROR:' -A1 "$log" | head -4 || true
        # What fails on the kept inputs would fail at once again.
        grep -aq 'INITED' "$log" || break
    done
    # What only took long is kept there too, and is none.
    findings=$(find "$artifacts" -type f ! -name 'slow-unit-*' | wc -l)
    failed=$((failed + findings))
    rows+=("$(printf '%-12s %12d %9d %9d' "$target" "$executions" "$coverage" "$findings")")
done

echo
printf '%-12s %12s %9s %9s\n' target executions coverage findings
printf '%s\n' "${rows[@]}"
echo "$(($(used) - before)) s of processor time"
((failed == 0)) || { echo "failing inputs are in fuzz/target/artifacts"; exit 1; }
