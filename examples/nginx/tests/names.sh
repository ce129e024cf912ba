# A list with names: they are hashed as they are written, and asked for again until they have addresses.

if ! unshare --mount true 2> /dev/null; then
  skip "nginx, names" "only root may give nginx an /etc/hosts of its own"
else
  for i in 1 2 3; do start_backend $i; done
  echo "127.0.0.1 localhost" > "$run/hosts"
  mkdir "$run/named" # where nothing else changes: a list is looked at whenever something in its folder does
  printf 'localhost:%d 1\n' $((first_port + 1)) $((first_port + 2)) > "$run/named/servers"
  cp "$run/named/servers" "$run/before.servers"
  {
    echo "upstream named { ketama \$arg_key file=named/servers; }"
    passing named
  } | front_conf 2
  start_front unshare --mount sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$run/hosts"
  addressed() { # list: the answers, names replaced by what they stand for
    "$ketama" lookup "$1" < "$run/keys" | sed 's/\t[a-z.]*:/\t127.0.0.1:/' > "$run/expected"
    ask named < "$run/keys" > "$run/got"
  }
  addressed "$run/before.servers"
  equal "names of a list" "$run/expected" "$run/got"
  printf 'a.cache:%d 1\nb.cache:%d 2\nc.cache:%d 1\n' $((first_port + 1)) $((first_port + 2)) $((first_port + 3)) > "$run/next"
  mv "$run/next" "$run/named/servers"
  is_told() { [ "$(logged 'server a.cache:.*host not found')" = 2 ]; }
  await is_told && pass "names that nobody knows are told by each worker" || fail "unknown names are not told"
  addressed "$run/before.servers"
  equal "until they are known the old list stays" "$run/expected" "$run/got"
  echo "127.0.0.1 a.cache b.cache c.cache" >> "$run/hosts"
  await has_ring named "$(fingerprint "$run/named/servers")" && pass "when they are known the list is taken" \
    || fail "the names are not asked for again"
  addressed "$run/named/servers"
  equal "names that were not known before" "$run/expected" "$run/got"
  is_told && pass "told once" || fail "told again"
  stop_front
fi
