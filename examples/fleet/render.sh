#!/bin/sh
# Renders the value of an etcd key to a server list: run by `etcdctl watch KEY -- render.sh KEY LIST` at each change.
#
# The value is asked for again, since that in ETCD_WATCH_VALUE is quoted; the lock makes the last one asked for the last
# one put in place. Readers see the old or the new file, whole. A list that is not usable is left out; that is no failure,
# for one ends the watch.
set -eu
key=$1 list=$2
exec 9> "$list.lock"
flock 9
etcdctl get --print-value-only "$key" > "$list.new"
if ketama check "$list.new"; then
  chmod 644 "$list.new"
  mv "$list.new" "$list"
fi
