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

# The command of the library that is tested.
command_of_library() {
  ketama=$prefix/bin/ketama
  [ -n "${KETAMA_PREFIX:-}" ] && return
  quietly cargo build --manifest-path "$root/Cargo.toml" --release --bin ketama || { fail "no command ketama"; finish; }
  ketama=$target/release/ketama
}

# Debian's package nginx-dev has the headers of its nginx and how that was configured. Sources of nginx are not needed.
modules() {
  build=$out/build
  rm -rf "$build"
  mkdir -p "$build"
  cp -r /usr/share/nginx/src "$build/nginx"
  (
    cd "$build/nginx" && . ./conf_flags
    export KETAMA_PREFIX=$prefix KETAMA_LIBDIR=$libdir
    ./configure "${NGX_CONF_FLAGS[@]}" --with-stream --with-cc-opt="-O2 -g -Wall -Wextra -Werror -Wno-unused-parameter" \
      --builddir="$build/objects" --add-dynamic-module="$here" && make -f "$build/objects/Makefile" modules
  ) > "$out/build.log" 2>&1 || { tail -30 "$out/build.log"; fail "the modules do not build"; finish; }
  pass "the modules build without a warning"
}

# The symbols that one module shows to the others.
exported() {
  nm -D --defined-only "$build/objects/ngx_http_upstream_ketama_module.so" | awk '{ print $3 }' | sort | tr '\n' ' '
}

PATH=$PATH:/usr/sbin:/sbin
have nginx nginx || { skip "nginx is not installed (Debian package nginx)"; finish; }
installed /usr/share/nginx/src/conf_flags nginx-dev || { skip "nginx's headers are not installed (Debian package nginx-dev)"; finish; }
have curl curl || { skip "curl is not installed"; finish; }
library
command_of_library
modules
[ "$(exported)" = "ngx_http_upstream_ketama_module ngx_module_names ngx_module_order ngx_modules " ] \
  && pass "the module exports what nginx looks for, and nothing else" || fail "the module exports $(exported)"
start_world
for test in ${@:-answers refused failures list names memcached stream tls leaks}; do
  . "$here/tests/$test.sh"
done
finish
