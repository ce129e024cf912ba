#!/bin/bash
# Starts real memcached servers on loopback and runs memcached.php against them. Argument: the built extension.
set -u
extension=$1
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/../prefix.sh"
fleet=()
for weight in 1 2 3 7; do
  serve memcached -u nobody -l 127.0.0.1 -p PORT -U 0 -m 16 || { echo "no memcached could be started" >&2; exit 1; }
  fleet+=("127.0.0.1:$port=$weight")
done
php -d extension="$extension" "$here/memcached.php" "${fleet[@]}"
