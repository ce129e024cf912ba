# Every answer of nginx is that of `ketama lookup`, in several dialects, with weights and with `down`.

weights=(1 3 1 2)
for i in 1 2 3 4; do start_backend $i; done
for i in 1 2 3 4; do printf '%s\t%s\n' "$(at $i)" "${weights[i - 1]}"; done > "$run/four.servers"
server_lines() { # number of the one that is down
  for i in 1 2 3 4; do echo "server $(at $i) weight=${weights[i - 1]}$([ "${1:-}" = $i ] && echo " down");"; done
}

# name; dialect and its options, as the directive has them
dialects=(
  "libketama"
  "twemproxy hash=md5"
  "libmemcached distribution=ketama weighted=true hash=md5"
  "nginx consistent=true"
  "haproxy hash_type=consistent"
  "hash-ring"
  "uhashring mode=ketama"
  "cache-memcached-fast ketama-points=160"
  "envoy policy=maglev"
  "spymemcached weighted=true"
  "dalli"
  "jump"
  "steady"
)
names=()
for i in "${!dialects[@]}"; do names+=("d$i"); done
{
  for i in "${!dialects[@]}"; do
    echo "upstream d$i { ketama \$arg_key dialect=${dialects[i]}; $(server_lines) }"
  done
  for dialect in libketama twemproxy nginx dalli; do
    echo "upstream down-$dialect { ketama \$arg_key dialect=$dialect; $(server_lines 2) }"
  done
  echo "upstream default { ketama \$arg_key; $(server_lines) keepalive 4; }"
  echo "upstream prefixed { ketama prefix-\$arg_key; $(server_lines) zone prefixed 64k; }"
  passing "${names[@]}" down-{libketama,twemproxy,nginx,dalli} default prefixed
} | front_conf 1
start_front

for i in "${!dialects[@]}"; do
  read -r dialect options <<< "${dialects[i]}"
  arguments=(--dialect "$dialect")
  for option in $options; do arguments+=(--option "$option"); done
  same "${dialects[i]}" "d$i" "$run/four.servers" "${arguments[@]}"
done
same "no dialect is libketama, with keepalive" default "$run/four.servers"
sed 's/^/prefix-/' "$run/keys" | "$ketama" lookup "$run/four.servers" | sed 's/^prefix-//' > "$run/expected"
ask prefixed < "$run/keys" > "$run/got"
equal "a key of text and variable, with zone" "$run/expected" "$run/got"

# A server that is down: what the dialect does; where it does nothing, the next one on the ring.
for dialect in twemproxy nginx dalli; do
  same "down in $dialect" down-$dialect "$run/four.servers" --dialect $dialect --down "$(at 2)"
done
"$ketama" lookup "$run/four.servers" -n 2 < "$run/keys" | survivor "$(at 2)" > "$run/expected"
ask down-libketama < "$run/keys" > "$run/got"
equal "down in libketama" "$run/expected" "$run/got"

# The variables.
[ "$(header 'default?key=user:42' x-server)" = "$("$ketama" lookup "$run/four.servers" user:42 | cut -f2)" ] \
  && pass "\$ketama_server is the server" || fail "\$ketama_server is $(header 'default?key=user:42' x-server)"
[ "$(header 'default?key=user:42' x-ring)" = "$(fingerprint "$run/four.servers")" ] \
  && pass "\$ketama_fingerprint is that of the command" || fail "\$ketama_fingerprint is not that of the command"

# The C library of 2007, as its programs use it.
if have cc gcc && cc -I"$prefix/include" -o "$run/lookup" "$root/examples/c/lookup.c" -L"$libdir" -lketama -Wl,-rpath,"$libdir"; then
  xargs "$run/lookup" "$run/four.servers" < "$run/keys" | awk '$3 == "point" { print $1 "\t" $2 }' > "$run/expected"
  ask default < "$run/keys" > "$run/got"
  equal "a C program with ketama_roll finds the same servers" "$run/expected" "$run/got"
else
  skip "nginx, a C program" "there is no C compiler (Debian package gcc)"
fi

# The nginx dialect has no place for the empty key: servers take turns, as in nginx.
for i in 1 2 3 4; do ask d3 <<< ""; done | sort -u > "$run/got"
[ "$(wc -l < "$run/got")" = 4 ] && pass "servers take turns for an empty key in nginx" || fail "turns: $(cat "$run/got")"
stop_front
