# memcached_pass reads what was stored by the placement that `ketama lookup` computes, in memcached itself.

if ! have memcached memcached; then
  skip "nginx, memcached_pass" "memcached is not installed"
else
  weights=(1 3 1 2)
  for i in 11 12 13 14; do start_memcached $i; printf '%s\t%s\n' "$(at $i)" "${weights[i - 11]}"; done > "$run/pool.servers"
  {
    for dialect in libketama "twemproxy hash=fnv1a-64" "libmemcached distribution=ketama weighted=true hash=md5"; do
      name=${dialect%% *}
      echo "upstream $name { ketama \$arg_key dialect=$dialect;"
      while read -r server weight; do echo "server $server weight=$weight;"; done < "$run/pool.servers"
      echo "}"
    done
    echo "server { listen 127.0.0.1:$front; default_type text/plain;"
    for name in libketama twemproxy libmemcached; do
      echo "location /$name { set \$memcached_key $name:\$arg_key; memcached_pass $name; }"
    done
    echo "}"
  } | front_conf 1
  start_front

  # Stores for each key the line that `ketama lookup` prints, in the server of that line.
  store() { # prefix; arguments for `ketama lookup`
    local server prefix=$1
    "$ketama" lookup "$run/pool.servers" "${@:2}" < "$run/keys" > "$run/expected"
    for server in $(cut -f2 "$run/expected" | sort -u); do
      exec 3<> "/dev/tcp/${server/:/\/}"
      awk -F '\t' -v server="$server" -v prefix="$prefix" '$2 == server {
          printf "set %s:%s 0 0 %d noreply\r\n%s\n\r\n", prefix, $1, length($0) + 1, $0
        } END { printf "quit\r\n" }' "$run/expected" >&3
      cat <&3
      exec 3<&-
    done
  }
  stored() { # what, location, arguments for `ketama lookup`
    store "$2" "${@:3}"
    ask "$2" < "$run/keys" > "$run/got"
    equal "memcached_pass, $1: $(wc -l < "$run/keys") keys" "$run/expected" "$run/got"
  }
  stored libketama libketama
  stored twemproxy twemproxy --dialect twemproxy
  stored libmemcached libmemcached --dialect libmemcached --option distribution=ketama --option weighted=true --option hash=md5

  # One daemon dies: its keys are asked of the next one and not found; all others are.
  pid=$(cat "$run/memcached12.pid")
  kill "$pid"
  await is_gone "$pid"
  rm -f "$run/memcached12.pid"
  awk -F '\t' -v dead="$(at 12)" '{ print $1 "\t" ($2 == dead ? 404 : 200) }' <("$ketama" lookup "$run/pool.servers" < "$run/keys") > "$run/expected"
  sed "s|.*|url = \"http://127.0.0.1:$front/libketama?key=&\"\noutput = \"$run/body\"|" "$run/keys" \
    | curl -sS --config - -w '%{url}\t%{http_code}\n' | sed 's/.*key=//' > "$run/got"
  equal "memcached_pass, one daemon dead: its keys are not found, all others are" "$run/expected" "$run/got"
  stop_front
fi
