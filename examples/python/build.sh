#!/bin/bash
# Builds the wheel and installs it into the virtual environment target/python/venv, where mypy is too. The library in this
# wheel is compiled without optimisation, to be quick; `pip install ./examples/python` gives the real thing.
#
# Ends with 1 if that fails, and with 2 if what it needs cannot be installed; the reason is printed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"
venv=$out/venv

have python3 python3 || { echo "python3 is not installed"; exit 2; }
if ! "$venv/bin/maturin" --version > /dev/null 2>&1; then
  python3 -m venv "$venv" > "$out/log" 2>&1 || { install python3-venv && python3 -m venv --clear "$venv"; } >> "$out/log" 2>&1
  "$venv/bin/pip" install -q 'maturin>=1.7,<2' cffi mypy python-memcached >> "$out/log" 2>&1 \
    || { echo "maturin, cffi and mypy cannot be installed: $(tail -1 "$out/log")"; exit 2; }
fi
export PATH=$venv/bin:$PATH VIRTUAL_ENV=$venv
rm -rf "$out/wheels"
quietly maturin build -m "$here/Cargo.toml" --profile dev --target-dir "$out/cargo" --out "$out/wheels" \
  && quietly pip install -q --disable-pip-version-check --force-reinstall --no-deps "$out"/wheels/*.whl
