#!/bin/bash
# Compiles the C++ headers with every compiler that is there, in C++17 and C++20, and runs the tests and the example.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"

flags=(-Wall -Wextra -Wshadow -pedantic -Werror)
library
printf '10.0.1.1:11211 600\n10.0.1.2:11211 300\n' > "$out/good.servers"
printf '10.0.1.1:11211 600\n10.0.1.2:11211 none\n' > "$out/bad.servers"

build() { # compiler, standard, source, further flags
  "$1" "-std=$2" "${flags[@]}" "${@:4}" "-I$prefix/include" -o "$out/$(basename "$3" .cc)" "$3" "-L$libdir" -lketama -pthread \
    "-Wl,-rpath,$libdir"
}

tested() { # compiler, standard, further flags
  if build "$1" "$2" "$here/test.cc" "${@:3}" && "$out/test" "$out/good.servers" "$out/bad.servers" > "$out/report"; then
    pass "$*: $(tail -1 "$out/report")" "$(grep -o '^[0-9]*' "$out/report" | tail -1)"
  else
    cat "$out/report"
    fail "$*"
  fi
}

have g++ g++
have clang++ clang
for compiler in g++ clang++; do
  command -v $compiler > /dev/null || { skip "the C++ headers with $compiler" "it is not installed"; continue; }
  for standard in c++17 c++20; do tested $compiler $standard; done
done
if command -v g++ > /dev/null; then
  # g++ 12 sees strings that may be uninitialised in empty optionals once the sanitizers are on.
  tested g++ c++17 -g -fsanitize=address,undefined -Wno-maybe-uninitialized
  build g++ c++17 "$here/lookup.cc" && "$out/lookup" "$out/good.servers" user:42 > "$out/report" \
    && grep -q "^after 2 failures" "$out/report" && pass "lookup.cc" || fail "lookup.cc"
fi
finish
