#!/bin/bash
# Builds the packages, asks lintian, loses a symbol, puts the packages over those of the 2007 library, and loads what is in
# them. Nothing is installed: a folder stands for the system's root.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"

new=$target/deb
system=$out/root
version=$(sed -n '/^version = /{s/[^"]*"\([^"]*\)".*/\1/p;q}' "$root/Cargo.toml")
tree=$new/libketama-$version

# A package of the 2007 library as its own packaging made it, but for the functions' bodies.
old_package() { # name, files...
  local name=$1 folder=$out/$1 file
  shift
  mkdir -p "$folder/DEBIAN"
  printf 'Package: %s\nVersion: 1.0-2\nArchitecture: %s\nMaintainer: nobody <nobody@localhost>\nDescription: old\n' \
    "$name" "$(dpkg --print-architecture)" > "$folder/DEBIAN/control"
  [ "$name" = libketama1 ] || echo 'Depends: libketama1 (= 1.0-2)' >> "$folder/DEBIAN/control"
  for file; do
    mkdir -p "$folder$(dirname "$file")"
    cp -P "$out/$(basename "$file")" "$folder$file"
  done
  quietly dpkg-deb --root-owner-group --build "$folder" "$out/$name.deb"
}

# dpkg on the folder that stands for the root. Its packages' scripts would need a whole system: none is run.
in_root() {
  quietly dpkg --root="$system" --log=/dev/null --force-not-root,depends,script-chrootless "$@"
}

versions() {
  dpkg-query --admindir="$system/var/lib/dpkg" -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' | sed 's/ *$//' | paste -sd,
}

replacement() {
  mkdir -p "$system"/var/lib/dpkg/{info,updates}
  touch "$system/var/lib/dpkg/status"
  echo 'int ketama_roll(void) { return 2007; }' > "$out/old.c"
  cc -shared -Wl,-soname,libketama.so.1 -o "$out/libketama.so.1" "$out/old.c" && ln -sf libketama.so.1 "$out/libketama.so" && cp "$out/old.c" "$out/ketama.h"
  old_package libketama1 /usr/lib/libketama.so.1 && old_package libketama-dev /usr/lib/libketama.so /usr/include/ketama.h \
    && in_root -i "$out"/libketama1.deb "$out"/libketama-dev.deb || { fail "the old packages"; return; }
  [ "$(versions)" = "libketama-dev 1.0-2 ii,libketama1 1.0-2 ii" ] && pass "the old packages are installed" || fail "the old packages: $(versions)"
  in_root -i "$new"/libketama1_*.deb "$new"/libketama-dev_*.deb || { fail "installing over the old packages"; return; }
  [ "$(versions)" = "libketama-dev $version-1 ii,libketama1 $version-1 ii" ] && pass "the new ones stand in their place" || fail "after installing: $(versions)"
  [ "$(find "$system" -name 'libketama.so*' -printf '%f %h\n' | sort | sed "s|$system||")" = "$(printf '%s /usr/lib/%s\n' libketama.so "$machine" libketama.so.1 "$machine" "libketama.so.$version" "$machine")" ] \
    && pass "nothing is left of the old library" || fail "libraries: $(find "$system" -name 'libketama.so*')"
  cmp -s "$system/usr/include/ketama.h" "$root/include/ketama.h" && pass "the header is the new one" || fail "the header is the old one"
}

# The build must fail for a symbol that the library has lost, and for one that nobody listed.
symbols() {
  local symbols=$tree/debian/libketama1.symbols
  cp "$symbols" "$out/symbols"
  (cd "$tree" && quietly debian/rules override_dh_makeshlibs) && pass "the symbols are those of libketama1.symbols" || fail "symbols"
  echo ' ketama_lost@Base 1.1' >> "$symbols"
  (cd "$tree" && debian/rules override_dh_makeshlibs) > "$out/log" 2>&1 && fail "a lost symbol goes unnoticed" || { grep -q '^-.*ketama_lost' "$out/log" && pass "a lost symbol ends the build" || fail "a lost symbol: $(tail -3 "$out/log")"; }
  grep -v ketama_ring_lookup@ "$out/symbols" > "$symbols"
  (cd "$tree" && debian/rules override_dh_makeshlibs) > "$out/log" 2>&1 && fail "an unlisted symbol goes unnoticed" || { grep -q '^+.*ketama_ring_lookup@' "$out/log" && pass "an unlisted symbol ends the build" || fail "an unlisted symbol: $(tail -3 "$out/log")"; }
  cp "$out/symbols" "$symbols"
}

# Packages that are not uploaded close no bug and have nobody's address; build.sh takes one from DEBEMAIL. Words that the
# compiler loads in pieces look misspelt.
linted() {
  lintian --allow-root --info --display-info --fail-on error,warning,info \
    --suppress-tags initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog,spelling-error-in-binary \
    "$new"/*.changes > "$out/lintian" 2>&1 \
    && pass "lintian has nothing to say" || { grep '^[EWI]:' "$out/lintian"; fail "lintian"; }
}

# Whether what is in the packages works, where it would be and with the programs for which it is.
loads() {
  local package
  for package in ketama-tools php-ketama libnginx-mod-http-upstream-ketama libnginx-mod-stream-upstream-ketama; do
    dpkg-deb -x "$new/${package}_$version-1_$(dpkg --print-architecture).deb" "$system"
  done
  export LD_LIBRARY_PATH=$system/usr/lib/$machine
  [ "$("$system/usr/bin/ketama" --version)" = "ketama $version" ] && pass "the command runs" || fail "the command"
  [ "$(php -n -d extension="$(echo "$system"/usr/lib/php/*/ketama.so)" -r 'echo phpversion("ketama");' 2>&1)" = "$version" ] && pass "PHP loads the extension" || fail "PHP and the extension"
  {
    cat $stream
    sed "s|modules/|$system/usr/lib/nginx/modules/|" "$system"/usr/share/nginx/modules-available/mod-*-upstream-ketama.conf
    echo "pid $out/nginx.pid; error_log stderr; events {}"
    echo 'http { access_log off; upstream u { ketama $request_uri; server 127.0.0.1:11211; } }'
    echo 'stream { upstream u { ketama $remote_addr; server 127.0.0.1:11211; } }'
  } > "$out/nginx.conf"
  quietly nginx -t -q -c "$out/nginx.conf" && pass "nginx loads the modules" || fail "nginx and the modules"
}

rm -rf "$out"
mkdir -p "$out"
for need in dpkg-buildpackage/dpkg-dev dh/debhelper dh_php/dh-php dh_nginx/nginx-dev phpize/php-dev php/php-cli nginx/nginx lintian/lintian pkg-config/pkg-config; do
  have "${need%/*}" "${need#*/}" || { skip "the Debian packages" "${need#*/} is not installed"; finish; }
done
stream=/usr/share/nginx/modules-available/mod-stream.conf
[ -e $stream ] || install libnginx-mod-stream || { skip "the Debian packages" "libnginx-mod-stream is not installed"; finish; }
machine=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
quietly make -C "$root" deb || { fail "make deb"; finish; }
pass "make deb: $(cd "$new" && ls *.deb | grep -vc dbgsym) packages" 
linted
symbols
replacement
loads
finish
