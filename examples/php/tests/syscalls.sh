#!/bin/bash
# Counts what the kernel is asked when an unchanged list is opened 1000 times: one look each, one reading in all.
# Argument: the built extension.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '10.0.0.1:11211\t100\n' > "$folder/list"
sleep 0.1 # a list younger than a tick of the file system's clock is read at each opening
strace -f -o "$folder/calls" -e trace=%file,read,readlink php -n -d extension="$(realpath "$1")" \
  -r 'for ($i = 0; $i < 1000; $i++) Ketama\Ring::open($argv[1]);' "$folder/list" || exit 1
looks=$(grep "$folder/list" "$folder/calls" | grep -c 'stat')
opens=$(grep "$folder/list" "$folder/calls" | grep -c '^[0-9]* *open')
others=$(grep "$folder/list" "$folder/calls" | grep -v execve | grep -vc 'stat\|open')
echo "1000 openings of an unchanged list: $looks status calls, $opens open, $others others"
test "$looks" = 1000 -a "$opens" = 1 -a "$others" = 0
