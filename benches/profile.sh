#!/bin/bash
# Instructions and cache misses of a look-up, counted by valgrind's model of a processor with a first-level cache of 48 KB
# and behind it one of 2 MB: where the limits of single look-ups and of batches are. `make profile` calls it.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "SKIPPED the profile: no valgrind"; exit; }

target=${CARGO_TARGET_DIR:-target}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${CC:-cc}" -O2 -std=c99 -Wall -Wextra -Iinclude c-tests/profile.c -o "$folder/profile" -L"$target/release" -lketama

# Instructions, first-level misses and second-level misses of data, each of a key.
count() {
    LD_LIBRARY_PATH=$target/release valgrind --tool=callgrind --callgrind-out-file="$folder/out" --cache-sim=yes \
        --D1=49152,12,64 --LL=2097152,16,64 --toggle-collect="counted_$2" "$folder/profile" "$1" "$2" 2>&1 |
        awk '/Collected/ { printf "%.1f %.2f %.2f", $4 / 64000, ($8 + $9) / 64000, ($11 + $12) / 64000 }'
}

echo "| servers | look-ups | instructions a key | first-level misses | second-level misses |"
echo "|---|---|---|---|---|"
read -r instructions first second <<<"$(count 8 hash)"
echo "| - | hash alone | $instructions | $first | $second |"
declare -A names=([one]="one by one" [many]=batch)
for servers in 8 100 1000 10000; do
    for way in one many; do
        read -r instructions first second <<<"$(count $servers $way)"
        echo "| $servers | ${names[$way]} | $instructions | $first | $second |"
    done
done
