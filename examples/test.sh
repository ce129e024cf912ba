#!/bin/bash
# Runs the test.sh of every example, one after the other, and goes on after a failure. Ends with 1 if one failed.
#
#   examples/test.sh              all of them
#   examples/test.sh cpp lua      only these
set -u
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=()

[ $# -gt 0 ] || set -- $(cd "$here" && for script in */test.sh; do dirname "$script"; done)
for name; do
  echo "== examples/$name"
  "$here/$name/test.sh" 2>&1 | tee -a "$log"
  [ "${PIPESTATUS[0]}" = 0 ] || failed+=("$name")
done
echo "== $# examples, $(grep -c '^SKIPPED' "$log") SKIPPED, failed: ${failed[*]:-none}"
[ ${#failed[@]} = 0 ]
