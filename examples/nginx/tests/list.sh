# A list is followed while nginx runs, and nothing that happens to it harms a request.

for i in 1 2 3 4 5; do start_backend $i; done
list() { # WEIGHTxNUMBER...: writes a list
  local server
  for server; do printf '%s\t%s\n' "$(at "${server#*x}")" "${server%x*}"; done
}
list 600x1 300x2 200x3 > "$run/old.servers"
list 600x1 300x2 350x4 900x5 > "$run/new.servers"
cp "$run/old.servers" "$run/followed.servers"
{
  printf 'dialect = "twemproxy"\noptions = { hash-tag = "{}" }\n'
  for i in 1 2 3; do printf '[[servers]]\nname = "%s"\nweight = %d\n' "$(at $i)" $i; done
} > "$run/pool.toml"
mkdir "$run/one" "$run/two"
cp "$run/old.servers" "$run/one/list"
cp "$run/new.servers" "$run/two/list"
ln -s one "$run/data"
for i in 1 2 3; do printf 'localhost:%d %d\n' $((first_port + i)) $i; done > "$run/names.servers"
printf '127.0.0.1 1\n' > "$run/noport.servers"
start_backend 7 "listen unix:$run/socket;"
printf 'dialect = "jump"\n[[servers]]\nname = "%s"\n' "$run/socket" > "$run/socket.toml"
{ list 1000000x1; for i in $(seq 300); do echo "127.0.0.1:$i 1"; done; } > "$run/many.servers"
for i in $(seq 60); do echo "127.0.0.1:$i 1"; done > "$run/passing.servers"
{
  echo "upstream followed { zone followed 64k; ketama \$arg_key file=followed.servers; keepalive 8; }"
  echo "upstream redressed { ketama \$arg_key file=followed.servers dialect=twemproxy hash=md5; }"
  echo "upstream described { ketama \$arg_key file=followed.servers; server $(at 2) down; server $(at 5) weight=77 backup; }"
  echo "upstream toml { ketama \$arg_key file=pool.toml; }"
  echo "upstream linked { ketama \$arg_key file=data/list; }"
  echo "upstream names { ketama \$arg_key file=names.servers; }"
  echo "upstream noport { ketama \$arg_key file=noport.servers port=$((first_port + 1)); }"
  echo "upstream socket { ketama \$arg_key file=socket.toml; }"
  echo "upstream many { zone many 32k; ketama \$arg_key file=many.servers; }"
  echo "upstream passing { zone passing 64k; ketama \$arg_key file=passing.servers; }"
  passing followed redressed described toml linked names noport socket many passing
} | front_conf 2
start_front

answers() { # what: compares followed, redressed and described with followed.servers
  same "$1" followed "${2:-$run/followed.servers}"
  same "$1, under another dialect" redressed "${2:-$run/followed.servers}" --dialect twemproxy --option hash=md5
  "$ketama" lookup "${2:-$run/followed.servers}" -n 4 < "$run/keys" | survivor "$(at 2)" > "$run/expected"
  ask described < "$run/keys" > "$run/got"
  equal "$1, a line says that one server is down" "$run/expected" "$run/got"
}
take() { # what, location, list: waits until both workers have the ring of the list
  await has_ring "$2" "$(fingerprint "$3")" && pass "$1 is taken by both workers" || fail "$1 is not taken: $(cat "$run/rings")"
}

answers "as nginx started"
same "a TOML list" toml "$run/pool.toml"
ask noport <<< x | cut -f2 > "$run/got"
equal "the port of servers that name none" <(at 1) "$run/got"
ask socket <<< x | cut -f2 > "$run/got"
equal "a socket" <(at 7) "$run/got"

# While the list changes to and fro, no request fails, and each answer is one of the old list or of the new one.
{ "$ketama" lookup "$run/old.servers" < "$run/keys"; "$ketama" lookup "$run/new.servers" < "$run/keys"; } | sort -u > "$run/either"
touch "$run/busy"
while [ -e "$run/busy" ]; do ask followed < "$run/keys"; done > "$run/answered" 2>&1 &
asking=$!
for round in 1 2; do
  cp "$run/new.servers" "$run/next" && mv "$run/next" "$run/followed.servers"
  take "a list that was renamed into place ($round)" followed "$run/new.servers"
  cat "$run/old.servers" > "$run/followed.servers"
  take "a list that was written in place ($round)" followed "$run/old.servers"
done
rm "$run/busy"
wait $asking
asked=$(wc -l < "$run/answered")
sort -u "$run/answered" | comm -23 - "$run/either" > "$run/wrong"
if [ ! -s "$run/wrong" ] && [ "$asked" -ge 500 ]; then
  pass "none of $asked requests meanwhile failed or went astray"
else
  head -3 "$run/wrong"
  fail "of $asked requests meanwhile some failed or went astray"
fi
mv "$run/new.servers" "$run/followed.servers"
take "the new list" followed "$run/followed.servers"
redressed=$(fingerprint "$run/followed.servers" --dialect twemproxy --option hash=md5)
await has_ring redressed "$redressed" && await has_ring described "$(fingerprint "$run/followed.servers")" || fail "not all upstreams follow"
answers "the new list"

ln -s two "$run/data.new"
mv -T "$run/data.new" "$run/data"
take "a list behind a symbolic link that is turned" linked "$run/two/list"
same "behind the turned link" linked "$run/two/list"

# A bad list: the old servers stay, and each worker says once why.
put() { cat > "$run/next" && mv "$run/next" "$run/followed.servers"; }
spoil() { # what, upstream, text in the log; command that changes the list
  local before
  before=$(wc -l < "$run/front.log")
  is_told() { [ "$(tail -n +$((before + 1)) "$run/front.log" | grep -c -- "$3.*upstream \"$2\" keeps the servers")" = 2 ]; }
  "${@:4}"
  await is_told "$@" && pass "$1: each worker says why" || fail "$1 is not told, or too often"
}
cp "$run/followed.servers" "$run/good"
append() { echo "$(at 3) much" >> "$run/followed.servers"; }
spoil "a bad line" followed "(line 5 in $run/followed.servers)" append
answers "after a bad line" "$run/good"
for i in 1 2 3; do touch "$run/unrelated$i"; done
spoil "a list that is gone" followed "Invalid filename specified: $run/followed.servers" rm "$run/followed.servers"
spoil "an empty list" followed "No valid server definitions in file $run/followed.servers" put < /dev/null
spoil "a TOML list without servers" followed "followed.servers: no servers" put <<< 'dialect = "dalli"
servers = []'
spoil "a list that names its dialect, where the directive does" redressed "names its dialect itself: jump" put <<< "dialect = 'jump'
servers = [{ name = '$(at 1)' }]"
take "a list in another dialect" followed "$run/followed.servers"
[ "$(logged "(line 5 in .*upstream \"followed\"")" = 2 ] && pass "other changes in the folder tell nothing again" || fail "it was told again"
spoil "a list with a server that has no address" followed "server no.such.host.invalid:1: host not found" put <<< "no.such.host.invalid:1 1"
[ "$(ask followed <<< x | cut -f2)" = "$(at 1)" ] && pass "requests go on meanwhile" || fail "requests fail meanwhile"
put < "$run/old.servers"
take "a good list again" followed "$run/old.servers"
await has_ring redressed "$(fingerprint "$run/old.servers" --dialect twemproxy --option hash=md5)"
await has_ring described "$(fingerprint "$run/old.servers")"
answers "a good list again"

# The records of servers that have gone leave the zone; what does not fit is counted by each worker.
[ "$(logged 'the zone of upstream "many" is full')" -gt 0 ] && pass "a zone that is too small is told" || fail "a full zone is not told"
[ "$(ask many <<< "user:1" | cut -f2)" = "$(at 1)" ] && pass "and does no harm" || fail "a full zone harms: $(ask many <<< "user:1")"
for round in 1 2 3 4 5 6; do
  for i in $(seq 60); do echo "127.0.0.$((round + 1)):$i 1"; done > "$run/next"
  mv "$run/next" "$run/passing.servers"
  is_followed() { [ "$(logged "\"passing\" follows.* $(fingerprint "$run/passing.servers")")" = 2 ]; }
  await is_followed || fail "the list of round $round is not followed"
done
[ "$(logged 'the zone of upstream "passing" is full')" = 0 ] && pass "a zone does not fill up while servers come and go" || fail "the zone has filled up"

# Reload, under requests.
workers > "$run/before"
touch "$run/busy"
while [ -e "$run/busy" ]; do ask followed --retry 0 < "$run/keys"; done > "$run/answered" 2>&1 &
asking=$!
kill -HUP "$(cat "$run/front.pid")"
are_new() { [ "$(workers | wc -l)" = 2 ] && [ -z "$(workers | comm -12 - "$run/before")" ]; }
await are_new && pass "reloaded" || fail "not reloaded"
list 1x1 2x2 3x3 4x4 > "$run/next"
mv "$run/next" "$run/followed.servers"
take "a list that changes after a reload" followed "$run/followed.servers"
rm "$run/busy"
wait $asking
{ cat "$run/either"; "$ketama" lookup "$run/followed.servers" < "$run/keys"; } | sort -u > "$run/any"
sort -u "$run/answered" | comm -23 - "$run/any" > "$run/wrong"
[ ! -s "$run/wrong" ] && pass "none of $(wc -l < "$run/answered") requests failed over a reload" || { head -3 "$run/wrong"; fail "requests failed over a reload"; }
same "after a reload" followed "$run/followed.servers"
[ "$(logged '\[alert\]\|\[emerg\]\|exited on signal')" = 0 ] && pass "no alerts" || { grep 'alert\|emerg\|signal' "$run/front.log"; fail "alerts in the log"; }
for i in 1 2 3 4; do stop_backend $i; done
"$ketama" lookup <(list 1x5) < "$run/keys" > "$run/expected"
ask described < "$run/keys" > "$run/got"
equal "all servers of a list dead: backup lines answer" "$run/expected" "$run/got"
stop_front
