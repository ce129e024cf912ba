#!/bin/bash
# Builds the wheel, installs it into a virtual environment of its own, and runs its tests and mypy.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"

"$here/build.sh" > "$out/build.log"
case $? in
  0) pass "built and installed $(basename "$out"/wheels/*.whl)" ;;
  2) skip "the Python package" "$(cat "$out/build.log")"; finish ;;
  *) cat "$out/build.log"; fail "the wheel cannot be built"; finish ;;
esac

addresses=
if have memcached memcached; then
  for _ in 1 2; do serve memcached -l 127.0.0.1 -p PORT -U 0 -u nobody && addresses+=" 127.0.0.1:$port"; done
else
  skip MemcacheRing "memcached is not installed (Debian package memcached)"
fi
export PATH=$out/venv/bin:$PATH KETAMA_VECTORS=$root/src/dialect/vectors KETAMA_MEMCACHED=$addresses
cd "$here" || exit 1

if python -W error test_ketama.py > "$out/report" 2>&1; then
  sed -n 's/^\([0-9].* answers .*\)/  \1/p' "$out/report"
  pass "test_ketama.py" "$(sed -n 's/^Ran \([0-9]*\) .*/\1/p' "$out/report")"
else
  cat "$out/report"
  fail "test_ketama.py"
fi
if mypy --cache-dir "$out/mypy" python/ketama test_ketama.py > "$out/report" 2>&1; then
  pass "mypy: $(cat "$out/report")"
else
  cat "$out/report"
  fail "mypy"
fi
sed -n '/^```pycon/,/^```$/p' README.md | grep -v '^```' > "$out/readme.txt"
python -m doctest "$out/readme.txt" && pass "README.md says what happens" || fail "README.md"
finish
