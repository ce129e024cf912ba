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

# Makes what a language needs; ends with 2 if that cannot be installed. What fails otherwise fails again below.
prepare() { # language
  case $1 in
    PHP) "$here/../php/build.sh" ;;
    nginx) "$here/../nginx/build.sh" ;;
    LuaJIT) have luajit luajit || { echo "luajit is not installed (Debian package luajit)"; return 2; } ;;
    Python) "$here/../python/build.sh" ;;
  esac
}

what='' command='' expected='' missing=''
finished() { # the command that was read
  if [ -z "$command" ]; then :
  elif [ -n "$missing" ]; then skip "README.md, $what" "$missing"
  else run "$what" "$command" "$expected"; fi
  command='' expected=''
}
while IFS= read -r line <&3; do
  case $line in
    '$ # '*)
      finished
      line=${line#'$ # '} what=${line%%[ :,0-9]*}
      missing=$(prepare "$what" 2>&1)
      [ $? = 2 ] || missing='' ;;
    '$ pip install '*) finished ;; # prepare has installed the wheel, compiled in a shorter time
    '$ '*) finished; command=${line#'$ '} ;;
    *) expected+=$line$'\n' ;;
  esac
done 3< <(section)
finished
finish
