#!/bin/bash
# Runs the tests and the example under LuaJIT, with and without its compiler (OpenResty uses the same interpreter).
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"

have luajit luajit || { skip "the Lua modules" "luajit is not installed (Debian package luajit)"; finish; }
library
printf '10.0.1.1:11211 600\n10.0.1.2:11211 300\n' > "$out/good.servers"
printf '10.0.1.1:11211 600\n10.0.1.2:11211 none\n' > "$out/bad.servers"
export LUA_PATH="$here/?.lua" LD_LIBRARY_PATH=$libdir

for compiler in on off; do
  if luajit -j$compiler "$here/test.lua" "$root/src/dialect/vectors" "$out/good.servers" "$out/bad.servers" print > "$out/report" 2>&1; then
    pass "test.lua, compiler $compiler: $(tail -1 "$out/report")" "$(tail -1 "$out/report" | grep -o '^[0-9]*')"
  else
    grep -v '^[^ ]* ([0-9]*)$' "$out/report"
    fail "test.lua, compiler $compiler"
  fi
done
# Weights 2:1 on two servers: floor(80 x 2/3) = 53 and floor(80 / 3) = 26 digests of four points each.
[ "$(grep -c "^10.0.1.[12]:11211 ([0-9]*)$" "$out/report")" = 316 ] && pass "print_continuum prints every point" || fail "print_continuum"
(cd "$root" && luajit examples/lua/where.lua ketama.servers user:42 session-7) > "$out/report"
sed -n '/^\$ luajit/,/^```/p' "$here/README.md" | grep -v '^[$`]' | diff "$out/report" - && pass "where.lua: as in README.md" || fail "where.lua"
luajit "$here/where.lua" /nonexistent k 2> "$out/report" > "$out/log" && fail "where.lua with a missing list" || pass "where.lua with a missing list: $(cat "$out/report")"
finish
