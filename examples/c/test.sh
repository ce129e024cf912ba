#!/bin/bash
# Runs what README.md at the top says under "From your language", and compares what is printed with what it says.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"
page=$root/README.md
folder=$out/start

# Prints the command lines of the section, and what stands below each, up to the next.
section() { sed -n '/^## From your language/,/^## /p' "$page" | sed -n '/^```console/,/^```/p' | grep -v '^```'; }

run() { # what, command, what it is to print
  printf '%s' "$3" > "$out/expected"
  (cd "$folder" && bash -c "$2") > "$out/printed" 2> "$out/errors"
  if diff "$out/expected" "$out/printed"; then pass "$1: $2"; else cat "$out/errors"; fail "$1: $2"; fi
}

have cc gcc && have c++ g++ && have pkg-config pkg-config || { skip "README.md" "a compiler or pkg-config is missing"; finish; }
library
rm -rf "$folder"
mkdir -p "$folder"
ln -s "$root/examples" "$root/ketama.servers" "$target" "$folder"
sed -n '/^```c$/,/^```/p' "$page" | sed '1d;/^```/,$d' > "$folder/where.c"
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir PATH=$target/python/venv/bin:$PATH

declare -A needs=([PHP]="$here/../php/build.sh" [nginx]="$here/../nginx/build.sh" [LuaJIT]="have luajit luajit" [Python]="$here/../python/build.sh")
what='' command='' expected='' missing=''
done_with() {
  if [ -n "$command" ] && [ -n "$missing" ]; then skip "README.md, $what" "$missing"
  elif [ -n "$command" ]; then run "$what" "$command" "$expected"; fi
  command='' expected=''
}
while IFS= read -r line; do
  case $line in
    '$ # '*)
      done_with
      line=${line#'$ # '} what=${line%%[ :0-9]*} missing=''
      [ -z "${needs[$what]:-}" ] || missing=$(${needs[$what]} 2>&1) && missing='' || missing=${missing:-it is not installed} ;;
    '$ pip install '*) done_with ;; # build.sh has made the same wheel, in a shorter time
    '$ '*) done_with; command=${line#'$ '} ;;
    *) expected+=$line$'\n' ;;
  esac
done < <(section)
done_with
finish
