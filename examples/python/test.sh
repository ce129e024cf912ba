#!/bin/bash
# Builds the wheel, installs it into a virtual environment of its own, and runs its tests and mypy. The library in the
# wheel is compiled without optimisation, to be quick; `pip install ./examples/python` gives the real thing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"

daemons=() addresses=""
trap '[ ${#daemons[@]} = 0 ] || kill "${daemons[@]}"' EXIT

start_memcached() { # port
  memcached -l 127.0.0.1 -p "$1" -u nobody & daemons+=($!)
  for _ in {1..50}; do (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null && { addresses+=" 127.0.0.1:$1"; return; }; sleep 0.1; done
}

have python3 python3 || { skip "python3 is not installed"; finish; }
if ! "$out/venv/bin/maturin" --version > /dev/null 2>&1; then
  python3 -m venv "$out/venv" > "$out/log" 2>&1 || { have apt-get apt && apt-get install -y python3-venv && python3 -m venv --clear "$out/venv"; } > "$out/log" 2>&1
  "$out/venv/bin/pip" install -q 'maturin>=1.7,<2' cffi mypy python-memcached > "$out/log" 2>&1 || { skip "maturin, cffi and mypy cannot be installed: $(tail -1 "$out/log")"; finish; }
fi
export PATH=$out/venv/bin:$PATH VIRTUAL_ENV=$out/venv KETAMA_VECTORS=$root/src/dialect/vectors
cd "$here" || exit 1

rm -rf "$out/wheels"
quietly maturin build --profile dev --target-dir "$target" --out "$out/wheels" || { fail "the wheel cannot be built"; finish; }
pip install -q --disable-pip-version-check --force-reinstall --no-deps "$out"/wheels/*.whl && pass "built and installed $(basename "$out"/wheels/*.whl)" || fail "pip install"

if have memcached memcached; then
  for _ in 1 2; do
    start_memcached "$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  done
else
  skip "memcached is not installed: MemcacheRing is not tried"
fi
KETAMA_MEMCACHED=$addresses python -W error test_ketama.py > "$out/report" 2>&1 && pass "$(grep -E '^(Ran|[0-9]+ )' "$out/report" | paste -sd, | sed 's/ in [0-9.]*s//; s/,/, /g')" "$(sed -n 's/^Ran \([0-9]*\) .*/\1/p' "$out/report")" || { cat "$out/report"; fail "test_ketama.py"; }
mypy --cache-dir "$out/mypy" python/ketama test_ketama.py > "$out/report" 2>&1 && pass "mypy: $(cat "$out/report")" || { cat "$out/report"; fail "mypy"; }
finish
