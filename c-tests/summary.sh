#!/bin/bash
# Ends a log of test runs: what was skipped and why, and the sums of the runners' own counts.
set -euo pipefail

echo
if grep -q '^SKIPPED[ :]' "$1"; then
    sort -u "$1" | grep '^SKIPPED[ :]'
else
    echo "nothing was SKIPPED"
fi
grep '^test result: ' "$1" | awk '
    { runs++; passed += $4; failed += $6; ignored += $8 }
    END { printf "%d runs of tests: %d passed; %d failed; %d ignored\n", runs, passed, failed, ignored }'
awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { scripts++; passed += $1; failed += $3; skipped += $5 }
    END { if (scripts) printf "%d scripts: %d passed; %d failed; %d skipped\n", scripts, passed, failed, skipped }' "$1"
