# Sourced by test.sh of the examples: sets root, out and prefix, where the library and its headers are as if installed.
#
# KETAMA_PREFIX=/usr takes an installed library; without it cargo builds one. As root, missing Debian packages are
# installed. Everything that is made lies under target/.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/$(basename "$here")
passed=0 failed=0 skipped=0
mkdir -p "$out"

pass() { passed=$((passed + ${2:-1})); echo "passed: $1"; }
fail() { failed=$((failed + ${2:-1})); echo "FAILED: $1"; }
skip() { skipped=$((skipped + 1)); echo "SKIPPED $1"; }
finish() { echo "$passed passed, $failed failed, $skipped skipped"; [ "$failed" = 0 ]; exit; }

# Whether a program is there, if need be after its package was installed.
have() { # program, package
  command -v "$1" > /dev/null && return
  [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || return
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2" > "$out/apt.log" 2>&1
  command -v "$1" > /dev/null
}

# Runs a command; its output is shown if it fails.
quietly() { "$@" > "$out/log" 2>&1 || { tail -30 "$out/log"; return 1; }; }

# Sets prefix; ends the script if there is no library.
library() {
  prefix=${KETAMA_PREFIX:-$out/prefix}
  libdir=$prefix/lib
  if [ -n "${KETAMA_PREFIX:-}" ]; then
    libdir=$(dirname "$(find "$prefix/lib" "$prefix"/lib/*-linux-gnu -maxdepth 1 -name libketama.so.1 2> /dev/null | head -1)")
    return
  fi
  quietly cargo build --manifest-path "$root/Cargo.toml" --release --lib || { fail "no library"; finish; }
  rm -rf "$prefix"
  mkdir -p "$prefix/lib" "$prefix/include"
  cp "$root"/include/*.h* "$prefix/include"
  cp "$target/release/libketama.so" "$prefix/lib/libketama.so.1"
  ln -s libketama.so.1 "$prefix/lib/libketama.so"
}
