#!/bin/bash
# Starts real memcached servers on loopback and runs memcached.php against them. Argument: the built extension.
set -u
extension=$1
here=$(cd "$(dirname "$0")" && pwd)
fleet=()
servers=()
stop() { for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null; done; wait; }
trap stop EXIT

# A port that is taken lets its memcached end at once; the next port is tried.
start() {
  local port pid
  for port in $(shuf -i 20000-29999 -n 20); do
    memcached -u nobody -l 127.0.0.1 -p "$port" -U 0 -m 16 & pid=$!
    for _ in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || continue 2
      if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        sleep 0.1; kill -0 "$pid" 2>/dev/null || continue 2 # somebody else's port answered
        servers+=("$pid"); fleet+=("127.0.0.1:$port=$1"); return 0
      fi
      sleep 0.05
    done
    kill "$pid" 2>/dev/null
  done
  echo "no memcached could be started" >&2
  return 1
}

for weight in 1 2 3 7; do start "$weight" || exit 1; done
php -d extension="$extension" "$here/../memcached.php" "${fleet[@]}"
