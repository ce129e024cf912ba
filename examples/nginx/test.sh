#!/bin/bash
# Builds the modules against Debian's nginx and runs all their tests: real nginx, memcached and HTTP servers on 127.0.0.1.
#
#   examples/nginx/test.sh                      builds libketama with cargo
#   KETAMA_PREFIX=/usr examples/nginx/test.sh   takes an installed one
#   examples/nginx/test.sh answers list         runs these of tests/*.sh only
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"
. "$here/tests/servers.sh"
PATH=$PATH:/usr/sbin # where nginx lies

# The symbols that one module shows to the others.
exported() {
  nm -D --defined-only "$build/objects/ngx_http_upstream_ketama_module.so" | awk '{ print $3 }' | sort | tr '\n' ' '
}

"$here/build.sh" > "$out/report"
case $? in
  0) pass "the modules build without a warning" ;;
  2) skip "the nginx module" "$(cat "$out/report")"; finish ;;
  *) cat "$out/report"; fail "the modules do not build"; finish ;;
esac
have curl curl || { skip "the nginx module" "curl is not installed (Debian package curl)"; finish; }
library
build=$out/build
[ "$(exported)" = "ngx_http_upstream_ketama_module ngx_module_names ngx_module_order ngx_modules " ] \
  && pass "the module exports what nginx looks for, and nothing else" || fail "the module exports $(exported)"
start_world
for test in ${@:-answers refused failures list names memcached stream tls leaks}; do
  . "$here/tests/$test.sh"
done
finish
