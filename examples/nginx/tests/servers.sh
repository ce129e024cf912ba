# Sourced by ../test.sh: servers that can be started and stopped, and how they are asked.
#
# HTTP backends are nginx processes, one for each, that answer with the key and their own name, in the form of
# `ketama lookup`. The nginx under test listens on $front.

at() { echo "127.0.0.1:$((first_port + $1))"; } # name of the server with this number

is_silent() { ! listening "$1"; }

# Finds a hundred ports of which none is in use, below those that the system gives to clients.
find_ports() {
  local slot port
  for slot in $(seq $$ $(($$ + 100))); do
    first_port=$((20000 + slot % 120 * 100)) front=$first_port
    for port in $(seq 0 99); do ! listening $((first_port + port)) || continue 2; done
    return
  done
  fail "no hundred free ports"
  finish
}

start_world() {
  export RES_OPTIONS="timeout:1 attempts:1" # names that nobody knows are asked for
  find_ports
  run=$(mktemp -d)
  chmod 755 "$run"
  trap end_world EXIT
  for i in $(seq 250); do printf 'user:%d\nsession-%d.x\n' "$i" $((i * 7919)); done > "$run/keys"
  : > "$run/mime.types"
}

end_world() {
  local file
  stop
  for file in "$run"/*.pid; do [ -s "$file" ] && kill "$(cat "$file")" 2> /dev/null; done
  [ "$failed" = 0 ] || tail -n 20 "$run/front.log"
  rm -rf "$run"
}

# Whether a file is there, if need be after its package was installed.
installed() { # file, package
  [ -e "$1" ] || { install "$2" && [ -e "$1" ]; }
}

is_gone() { ! kill -0 "$1" 2> /dev/null; }

# What any nginx here needs in its http block.
http_paths="access_log off; client_body_temp_path $$.tmp; proxy_temp_path $$.tmp; fastcgi_temp_path $$.tmp;
  uwsgi_temp_path $$.tmp; scgi_temp_path $$.tmp;"

start_backend() { # number, further lines for its server block, words for its `listen`; nothing if it runs
  local port=$((first_port + $1))
  [ -s "$run/backend$1.pid" ] && return
  cat > "$run/backend$1.conf" << END
pid $run/backend$1.pid; error_log $run/backend$1.log; master_process off;
events { worker_connections 200; }
http { $http_paths
  server { listen 127.0.0.1:$port ${3:-}; keepalive_timeout 0; ${2:-}
    location / { return 200 "\$arg_key\t127.0.0.1:$port\n"; }
    location ~ /hold\$ { limit_rate_after 1k; limit_rate 1; return 200 "$(printf '%4000s' held)"; } } }
END
  nginx -p "$run" -e "$run/backend$1.log" -c "$run/backend$1.conf"
  await listening "$port"
}

stop_backend() { # number
  kill -KILL "$(cat "$run/backend$1.pid")"
  rm "$run/backend$1.pid"
  await is_silent $((first_port + $1))
}

start_memcached() { # number
  local user=()
  [ "$(id -u)" = 0 ] && user=(-u nobody)
  memcached -l 127.0.0.1 -p $((first_port + $1)) -m 8 "${user[@]}" 2> "$run/memcached$1.log" &
  echo $! > "$run/memcached$1.pid"
  await listening $((first_port + $1))
}

# Writes the configuration of the nginx under test; on standard input are the contents of the http block.
front_conf() { # workers, further lines at the top
  cat > "$run/front.conf" << END
load_module $build/objects/ngx_http_upstream_ketama_module.so;
${2:-}
env RES_OPTIONS; pid $run/front.pid; error_log $run/front.log notice; worker_processes $1; thread_pool default threads=2;
events { worker_connections 400; }
http { $http_paths
  add_header X-Server \$ketama_server always; add_header X-Ring \$ketama_fingerprint always; add_header X-Pid \$pid always;
$(cat)
}
END
}

start_front() { # a command that starts the rest of its arguments
  : > "$run/front.log"
  "$@" nginx -p "$run" -e "$run/front.log" -c "$run/front.conf" || { fail "nginx does not start"; finish; }
  await listening "$front" && await test -s "$run/front.pid" || fail "nginx does not listen"
}

# Processes of the workers, one a line.
workers() { pgrep -P "$(cat "$run/front.pid")" | sort; }

stop_front() {
  local pid
  pid=$(cat "$run/front.pid")
  kill -QUIT "$pid"
  await is_gone "$pid"
  rm -f "$run/front.pid"
}

# A server block that passes /NAME to each of the upstreams.
passing() { # upstreams
  local name
  echo "server { listen 127.0.0.1:$front reuseport; proxy_next_upstream_tries 0;"
  for name in "$@"; do echo "location /$name { proxy_pass http://$name; proxy_buffering off; }"; done
  echo "}"
}

# Asks for each key on standard input, all over one connection; prints what comes back.
ask() { # location, further arguments of curl
  sed "s|.*|url = \"http://127.0.0.1:$front/$1?key=&\"|" | curl -sS --config - "${@:2}"
}

header() { curl -s -o "$run/body" -w "%header{$2}" "http://127.0.0.1:$front/$1"; } # location?key=KEY, header

# Compares the answers for all keys with those of the command; the arguments behind are for `ketama lookup`.
same() { # what, location, list, arguments
  "$ketama" lookup "${@:3}" < "$run/keys" > "$run/expected"
  ask "$2" < "$run/keys" > "$run/got"
  equal "$1: $(wc -l < "$run/keys") keys" "$run/expected" "$run/got"
}

equal() { # what, file, file
  if cmp -s "$2" "$3"; then pass "$1"; else diff "$2" "$3" | head -5; fail "$1"; fi
}

# Writes the first server of each answer of `ketama lookup -n` that is not one of those given, in the form of one answer.
survivor() { # servers
  awk -F '\t' -v dead=" $* " '{ for (i = 2; i <= NF; i++) if (!index(dead, " " $i " ")) { print $1 "\t" $i; next } }'
}

# Whether 40 connections in a row find the ring with this fingerprint, in both workers.
has_ring() { # location, fingerprint
  for i in $(seq 40); do echo "url = \"http://127.0.0.1:$front/$1?key=$i\"
output = \"$run/body\""; done \
    | curl -sS --config - -H 'Connection: close' -w '%header{x-ring} %header{x-pid}\n' | sort -u > "$run/rings"
  [ "$(cut -d' ' -f1 "$run/rings" | sort -u)" = "$2" ] && [ "$(wc -l < "$run/rings")" = 2 ]
}

fingerprint() { "$ketama" stats "$@" | grep -o 'fingerprint [0-9a-f]*' | cut -d' ' -f2; }

# Whether, and how often, a text stands in the log of the nginx under test.
is_logged() { grep -q -- "$1" "$run/front.log"; }
logged() { grep -c -- "$1" "$run/front.log"; }
