# Sourced by the scripts of the examples, after they have set here: sets root, target and out, their place under target/.
#
# KETAMA_PREFIX=/usr takes an installed library; without it one is built, and installed into target/prefix. As root, missing
# Debian packages are installed.
root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/$(basename "$here")
passed=0 failed=0 skipped=0
mkdir -p "$out"

pass() { passed=$((passed + ${2:-1})); echo "passed: $1"; }
fail() { failed=$((failed + ${2:-1})); echo "FAILED: $1"; }
skip() { skipped=$((skipped + 1)); echo "SKIPPED $1${2:+: $2}"; } # what, why
finish() { echo "$passed passed, $failed failed, $skipped skipped"; [ "$failed" = 0 ]; exit; }

# Installs Debian packages if we may; another apt-get is waited for.
install() {
  [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || return
  local apt=(apt-get -q -o DPkg::Lock::Timeout=300)
  { DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "$@" \
    || { "${apt[@]}" update && DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "$@"; }
  } > "$out/apt.log" 2>&1
}

# Whether a program is there, if need be after its package was installed.
have() { # program, package
  command -v "$1" > /dev/null || { install "$2" && command -v "$1" > /dev/null; }
}

# Runs a command; its output is shown if it fails.
quietly() { "$@" > "$out/log" 2>&1 || { tail -30 "$out/log"; return 1; }; }

# Waits until a command succeeds, 20 s at most.
await() {
  local left
  for left in {1..400}; do "$@" && return; sleep 0.05; done
  echo "awaited in vain: $*" >&2
  return 1
}

listening() { (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }
gone_or_listening() { ! kill -0 "$1" 2> /dev/null || listening "$2"; } # process, port

# Starts a server on a free port of 127.0.0.1, which stands in its command where PORT is written. Sets port, and adds the
# process to servers, which end with the script.
servers=()
stop() { [ ${#servers[@]} = 0 ] || { kill "${servers[@]}" && wait "${servers[@]}"; } 2> /dev/null; }
trap stop EXIT
serve() {
  for port in $(shuf -i 20000-29999 -n 20); do
    listening "$port" && continue
    "${@//PORT/$port}" & servers+=($!)
    await gone_or_listening $! "$port" || return
    kill -0 $! 2> /dev/null && return # else somebody else was faster
  done
  return 1
}

# Sets prefix, libdir and ketama, the command; ends the script if there is no library.
library() {
  prefix=${KETAMA_PREFIX:-$target/prefix}
  [ -n "${KETAMA_PREFIX:-}" ] || quietly make -s -C "$root" install PREFIX="$prefix" || { fail "no library"; finish; }
  libdir=$(dirname "$(find "$prefix/lib" "$prefix"/lib/*-linux-gnu -maxdepth 1 -name libketama.so.1 2> /dev/null | head -1)")
  ketama=$prefix/bin/ketama
}
