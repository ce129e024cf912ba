#!/bin/bash
# Installs into an empty folder, builds the C and C++ examples with what is there as users do, runs them, and takes the
# installation away again.
set -u
cd "$(dirname "$0")/.." || exit
here=$PWD/c-tests/install
. examples/prefix.sh

prefix=/opt/ketama libdir=/opt/ketama/lib/$(cc -print-multiarch)
rm -rf "$out"
mkdir -p "$out"
into=(-s DESTDIR="$out/root" PREFIX=$prefix LIBDIR=$libdir)
installed=$out/root$prefix
libraries=$out/root$libdir
version=$(cargo pkgid | sed 's/.*[#@]//')
list=ketama.servers

is() { # claim, expected, found
  if [ "$2" = "$3" ]; then pass "$1"; else fail "$1: expected '$2', found '$3'"; fi
}

# Whether the whole of it, the standard library included, went through link-time optimisation: no object is left of its own.
optimised() { # names of objects
  ! grep -q '^\(std\|core\|alloc\)[-.]' <<< "$1" && grep -q '^ketama[-.]' <<< "$1"
}

files() {
  is "three names of the shared library" "libketama.so libketama.so.1 libketama.so.$version" "$(cd "$libraries" && echo libketama.so*)"
  is "the short names lead to the long one" "libketama.so.$version" "$(basename "$(realpath "$libraries/libketama.so")")"
  is "its exported names" "$(cat c-tests/symbols.txt)" "$(nm -D --defined-only --format=posix "$libraries/libketama.so" | cut -d' ' -f1 | sort)"
  optimised "$(readelf -sW "$libraries/libketama.so" | awk '$4 == "FILE" { print $8 }')" && pass "link-time optimisation of the shared library" || fail "link-time optimisation of the shared library"
  optimised "$(ar t "$libraries/libketama.a")" && pass "link-time optimisation of the static library" || fail "link-time optimisation of the static library"
  is "every header" "$(cd include && echo *.h *.hpp)" "$(cd "$installed/include" && echo *.h *.hpp)"
  is "version of the command" "ketama $version" "$("$installed/bin/ketama" --version)"
  is "a page for the command, and for each subcommand that it lists" "$("$installed/bin/ketama" --help | awk '/^Commands:/ { on = 1; next } !NF { on = 0 } on && /^  [a-z]/ && $1 != "help" { print "ketama-" $1 ".1" } END { print "ketama.1" }' | sort)" "$(cd "$installed/share/man/man1" && ls | sort)"
  is "completions for bash" "-F _ketama ketama" "$(bash -c '. "$0"; complete -p ketama' "$installed/share/bash-completion/completions/ketama" | grep -o -- '-F.*')"
  is "completions for zsh and fish" "#compdef ketama complete" "$(head -1 "$installed/share/zsh/site-functions/_ketama") $(grep -o -m1 '^complete' "$installed/share/fish/vendor_completions.d/ketama.fish")"
}

# What the three examples print, and whether they need the shared library.
ran() { # how, folder with lookup, ring and lookup++, yes or no
  local needed program
  for program in lookup ring lookup++; do
    needed=$(readelf -d "$2/$program" | grep -q 'NEEDED.*\[libketama\.so\.1\]' && echo yes || echo no)
    is "$1, $program: needs libketama.so.1" "$3" "$needed"
  done
  is "$1: answers" "$(grep -A3 '^\$ ./lookup' examples/c/README.md | grep '11211') $(sed -n '/^\$ .*lookup ketama/,/^```/{/11211/p}' examples/cpp/README.md)" \
    "$("$2/lookup" $list 0 1 user:42 | grep 11211) $("$2/lookup++" $list user:42 session-7 | grep 11211)"
  is "$1: the ring API" "user:42 -> 10.0.1.7:11211" "$("$2/ring" $list - user:42 | grep -o -m1 '^user:42 -> [^ ]*')"
}

by_pkg_config() { # how, "" or --static
  local folder=$out/pkg-config$2 flags
  mkdir -p "$folder"
  flags=$(pkg-config $2 --cflags --libs ketama) || { fail "pkg-config"; return; }
  [ -z "$2" ] || flags+=" -static"
  cc -O1 -Wall -Werror -o "$folder/lookup" examples/c/lookup.c $flags && cc -O1 -Wall -Werror -o "$folder/ring" examples/c/ring.c $flags \
    && c++ -std=c++17 -Wall -Werror -o "$folder/lookup++" examples/cpp/lookup.cc $flags && ran "$1" "$folder" "$3" || fail "$1"
}

by_cmake() { # how, ON or OFF
  local folder=$out/cmake-$2 language
  for language in c cpp; do
    quietly cmake -S examples/$language -B "$folder/$language" -DCMAKE_PREFIX_PATH="$installed" -DKETAMA_STATIC="$2" \
      && quietly cmake --build "$folder/$language" || { fail "$1"; return; }
  done
  ln -sf c/lookup c/ring "$folder"
  ln -sf cpp/lookup "$folder/lookup++"
  ran "$1" "$folder" "$3"
}

# Whether CMake accepts the package for a program that asks for a version.
accepts() { # version
  printf 'cmake_minimum_required(VERSION 3.13)\nproject(asks NONE)\nfind_package(ketama %s REQUIRED)\n' "$1" > "$out/asks/CMakeLists.txt"
  cmake -S "$out/asks" -B "$out/asks/build" -Dketama_DIR="$libraries/cmake/ketama" > "$out/log" 2>&1 && echo yes || echo no
}

quietly make "${into[@]}" install || { fail "make install"; finish; }
files
export LD_LIBRARY_PATH=$libraries
if have pkg-config pkg-config; then
  export PKG_CONFIG_LIBDIR=$libraries/pkgconfig PKG_CONFIG_SYSROOT_DIR=$out/root
  is "version in ketama.pc" "$version" "$(pkg-config --modversion ketama)"
  by_pkg_config "pkg-config" "" yes
  by_pkg_config "pkg-config --static" --static no
else
  skip "the examples by pkg-config" "it is not installed (Debian package pkg-config)"
fi
if have cmake cmake; then
  by_cmake "CMake, shared" OFF yes
  by_cmake "CMake, static" ON no
  mkdir -p "$out/asks"
  is "CMake takes this version, an older one, not a newer one, not another first number" "yes yes no no" \
    "$(accepts "$version") $(accepts "${version%%.*}.0") $(accepts "${version%%.*}.999") $(accepts 0.9)"
else
  skip "the examples by CMake" "it is not installed (Debian package cmake)"
fi
quietly make "${into[@]}" uninstall || fail "make uninstall"
is "nothing left after make uninstall" "" "$(find "$out/root" ! -type d)"
is "no folder of ketama's own left" "" "$(find "$out/root$prefix" -mindepth 1 -name 'ketama*')"
finish
