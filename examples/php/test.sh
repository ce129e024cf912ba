#!/bin/bash
# Builds the extension and runs all its tests against real programs on loopback. Ends with 1 if a test failed.
#
#   VALGRIND=1 examples/php/test.sh           also runs the .phpt tests under valgrind
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"
build=$out/build
extension=$build/modules/ketama.so

has_memcached_client() { php -r 'exit(extension_loaded("memcached") ? 0 : 1);'; }

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
  [ "${left:-0}" = 0 ] || { grep -a 'SKIP' "$log"; skip "$left .phpt tests" "they say so in $log"; }
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
    skip fpm.sh "php-fpm$version or cgi-fcgi is missing (Debian packages php-fpm, libfcgi-bin)"
  fi
}

with_strace() {
  if have strace strace && strace -o /dev/null true 2> /dev/null; then
    script syscalls.sh
  else
    skip syscalls.sh "there is no strace that may trace (Debian package strace)"
  fi
}

with_memcached() {
  has_memcached_client || install php-memcached
  if has_memcached_client && have memcached memcached; then
    script memcached.sh
  else
    skip memcached.sh "memcached or PHP's own client is missing (Debian packages memcached, php-memcached)"
  fi
}

with_valgrind() {
  if have valgrind valgrind; then phpt -m; else skip "the .phpt tests under valgrind" "it is missing (Debian package valgrind)"; fi
}

"$here/build.sh" > "$out/report"
case $? in
  0) pass "the extension builds without a warning" ;;
  2) skip "the PHP extension" "$(cat "$out/report")"; finish ;;
  *) cat "$out/report"; fail "the extension does not build"; finish ;;
esac
arginfo
phpt
[ -z "${VALGRIND:-}" ] || with_valgrind
with_fpm
with_strace
with_memcached
finish
