#!/bin/bash
# Builds the extension outside the source tree and runs all its tests against real programs on loopback.
#
#   examples/php/test.sh                      builds libketama with cargo
#   KETAMA_PREFIX=/usr examples/php/test.sh   takes an installed one
#   VALGRIND=1 examples/php/test.sh           also runs the .phpt tests under valgrind
#
# As root it installs Debian packages that are missing. Ends with 1 if a test failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${CARGO_TARGET_DIR:-$root/target}/php
build=$out/build
extension=$build/modules/ketama.so
passed=0 failed=0 skipped=0

pass() { passed=$((passed + ${2:-1})); echo "passed: $1"; }
fail() { failed=$((failed + ${2:-1})); echo "FAILED: $1"; }
skip() { skipped=$((skipped + 1)); echo "SKIPPED: $1"; }
finish() { echo "$passed passed, $failed failed, $skipped skipped"; [ "$failed" = 0 ]; exit; }

# Installs a Debian package if we may.
install() {
  [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || return
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" > "$out/apt.log" 2>&1
}

# Whether a program is there, if need be after its package was installed.
have() { # program, package
  command -v "$1" > /dev/null && return
  install "$2"
  command -v "$1" > /dev/null
}

has_memcached_client() { php -r 'exit(extension_loaded("memcached") ? 0 : 1);'; }

library() {
  prefix=${KETAMA_PREFIX:-$out/prefix}
  [ -n "${KETAMA_PREFIX:-}" ] && return
  (cd "$root" && cargo build --release --lib) > "$out/library.log" 2>&1 || { tail -20 "$out/library.log"; return 1; }
  rm -rf "$prefix"; mkdir -p "$prefix/lib" "$prefix/include"
  cp "$root"/include/*.h "$prefix/include"
  cp "${CARGO_TARGET_DIR:-$root/target}/release/libketama.so" "$prefix/lib/libketama.so.1"
  ln -s libketama.so.1 "$prefix/lib/libketama.so"
}

extension() {
  rm -rf "$build"; mkdir -p "$build"
  cp -r "$here"/*.c "$here"/*.h "$here"/*.stub.php "$here"/config.m4 "$here"/tests "$build"
  (cd "$build" && phpize && ./configure --with-ketama="$prefix" \
    && make EXTRA_CFLAGS="-Wall -Wextra -Werror -Wno-unused-parameter") > "$out/build.log" 2>&1 && return
  tail -30 "$out/build.log"
  return 1
}

# The generated headers bear the digest of the stub that they were made from.
arginfo() {
  for stub in ketama ring; do
    grep -q "Stub hash: $(sha1sum < "$here/$stub.stub.php" | cut -d' ' -f1)" "$here/${stub}_arginfo.h" \
      && pass "${stub}_arginfo.h belongs to $stub.stub.php" || fail "${stub}_arginfo.h is older than $stub.stub.php"
  done
}

phpt() { # arguments of run-tests.php
  local log=$out/phpt.log
  (cd "$build" && KETAMA_VECTORS_DIR=$root/src/dialect/vectors NO_INTERACTION=1 TEST_PHP_ARGS="-q $*" make test) \
    > "$log" 2>&1
  local good bad left
  good=$(awk '/^Tests passed *:/ { print $4 }' "$log")
  bad=$(awk '/^Tests (failed|leaked|borked) *:/ { bad += $4 } END { print bad + 0 }' "$log")
  left=$(awk '/^Tests skipped *:/ { print $4 }' "$log")
  [ "${good:-0}" -gt 0 ] || { tail -20 "$log"; fail "run-tests.php ran nothing"; return; }
  pass "$good .phpt tests $*" "$good"
  [ "$bad" = 0 ] || { sed -n '/FAILED TEST SUMMARY/,/^=/p' "$log"; fail "$bad .phpt tests $*" "$bad"; }
  [ "${left:-0}" = 0 ] || { grep -a 'SKIP' "$log"; skip "$left .phpt tests"; }
}

script() {
  "$here/tests/$1" "$extension" && pass "$1" || fail "$1"
}

with_fpm() {
  local version
  version=$(php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
  if have "php-fpm$version" php-fpm && have cgi-fcgi libfcgi-bin; then
    script fpm.sh
  else
    skip "fpm.sh needs php-fpm$version and cgi-fcgi (Debian packages php-fpm, libfcgi-bin)"
  fi
}

with_strace() {
  if have strace strace && strace -o /dev/null true 2> /dev/null; then
    script syscalls.sh
  else
    skip "syscalls.sh needs an strace that may trace (Debian package strace)"
  fi
}

with_memcached() {
  has_memcached_client || install php-memcached
  if has_memcached_client && have memcached memcached; then
    script memcached.sh
  else
    skip "memcached.sh needs memcached and PHP's own client (Debian packages memcached, php-memcached)"
  fi
}

with_valgrind() {
  if have valgrind valgrind; then phpt -m; else skip "valgrind is missing (Debian package valgrind)"; fi
}

mkdir -p "$out"
have phpize php-dev && have php php-cli || { skip "PHP's headers are missing (Debian packages php-dev, php-cli)"; finish; }
library || { fail "libketama does not build"; finish; }
extension || { fail "the extension does not build"; finish; }
pass "the extension builds without a warning"
arginfo
phpt
[ -z "${VALGRIND:-}" ] || with_valgrind
with_fpm
with_strace
with_memcached
finish
