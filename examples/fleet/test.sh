#!/bin/bash
# Builds everything for the fleet and runs it (fleet.py): etcd, five memcached, nginx, php-fpm, a C and a Python program, all
# on loopback. The run itself takes a quarter of a minute on an idle machine.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"

without() { skip "the fleet" "$1"; finish; } # why

# Builds the package of another example.
package() { # name
  "$here/../$1/build.sh" > "$out/$1.log"
  case $? in
    0) ;;
    2) without "$(cat "$out/$1.log")" ;;
    *) cat "$out/$1.log"; fail "the package for $1 does not build"; finish ;;
  esac
}

have etcd etcd-server && have etcdctl etcd-client || without "etcd is missing (Debian packages etcd-server, etcd-client)"
have memcached memcached || without "memcached is missing (Debian package memcached)"
have cc gcc || without "there is no C compiler (Debian package gcc)"
package php
package python
package nginx
fpm=php-fpm$(php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
have "$fpm" php-fpm || without "$fpm is missing (Debian package php-fpm)"
library
quietly cc -std=c99 -pedantic -Wall -Wextra -Werror -O2 -I"$prefix/include" -o "$out/asker" "$here/asker.c" \
  -L"$libdir" -lketama -Wl,-rpath,"$libdir" || { fail "asker.c does not compile"; finish; }

timeout 300 python3 "$here/fleet.py" ketama="$ketama" asker="$out/asker" python="$target/python/venv/bin/python" \
  extension="$target/php/build/modules/ketama.so" module="$target/nginx/build/objects/ngx_http_upstream_ketama_module.so" \
  php-fpm="$(command -v "$fpm")" | tee "$out/report"
failed=$((PIPESTATUS[0] > 0)) passed=$(grep -c ^passed "$out/report")
finish
