# A server that fails: its keys go to the next one on the ring, max_fails and fail_timeout count, and backups come last.

for i in 1 2 3 4 5 6; do start_backend $i; done
for i in 1 2 3 4; do printf '%s 1\n' "$(at $i)"; done > "$run/equal.servers"
for i in 5 6; do printf '%s 1\n' "$(at $i)"; done > "$run/backup.servers"
lines() { # further words of each line
  for i in 1 2 3 4; do echo "server $(at $i) $*;"; done
}
backups="server $(at 5) backup; server $(at 6) backup;"
{
  echo "upstream plain { ketama \$arg_key; $(lines max_fails=0) }"
  echo "upstream twemproxy { ketama \$arg_key dialect=twemproxy; $(lines) }"
  echo "upstream nginx { ketama \$arg_key dialect=nginx consistent=true; $(lines) }"
  echo "upstream spy { ketama \$arg_key dialect=spymemcached; $(lines) }"
  echo "upstream zoned { zone shared 256k; ketama \$arg_key; $(lines fail_timeout=1h) }"
  echo "upstream neighbour { zone shared; ketama \$arg_key; $(lines fail_timeout=1h) }"
  echo "upstream brief { zone brief 64k; ketama \$arg_key; $(lines fail_timeout=1s) }"
  echo "upstream backed { ketama \$arg_key; $(lines) $backups }"
  echo "upstream down { ketama \$arg_key; $(lines down) $backups }"
  echo "upstream nobody { ketama \$arg_key; $(lines down) }"
  echo "upstream single { ketama \$arg_key; server $(at 1); }"
  echo "upstream full { zone full 64k; ketama \$arg_key; $(lines max_conns=1) }"
  echo "upstream names { ketama \$arg_key; server localhost:$((first_port + 1)); server localhost:$((first_port + 2)); }"
  passing plain twemproxy nginx spy zoned neighbour brief backed down nobody single full names
} | front_conf 2
start_front

belongs_to() { # server: a key that belongs to it
  "$ketama" lookup "$run/equal.servers" < "$run/keys" | awk -v server="$1" '$2 == server { print $1; exit }'
}
backups_answer() { # what, location
  ask "$2" < "$run/keys" > "$run/got"
  "$ketama" lookup "$run/backup.servers" < "$run/keys" > "$run/expected"
  equal "$1" "$run/expected" "$run/got"
}
next_answers() { # what, location, servers that fail, arguments for `ketama lookup`
  "$ketama" lookup "$run/equal.servers" -n 16 "${@:4}" < "$run/keys" | survivor "$3" > "$run/expected"
  ask "$2" < "$run/keys" > "$run/got"
  equal "$1" "$run/expected" "$run/got"
}
status_of() { curl -s -o "$run/body" -w '%{http_code}' "http://127.0.0.1:$front/$1"; }
both_work() { [ "$(workers | wc -l)" = 2 ]; }
await both_work
workers_before=$(workers)
key=$(belongs_to "$(at 2)")

same "while all is well, backups have no keys" backed "$run/equal.servers"
backups_answer "all servers down: backups have a ring of their own" down
[ "$(status_of "nobody?key=$key")" = 502 ] && pass "all servers down and no backup: 502" || fail "all servers down: $(status_of "nobody?key=$key")"

"$ketama" lookup <(printf 'localhost:%d 1\n' $((first_port + 1)) $((first_port + 2))) < "$run/keys" | sed 's/localhost/127.0.0.1/' > "$run/expected"
ask names < "$run/keys" > "$run/got"
equal "names are hashed as written, and resolved" "$run/expected" "$run/got"

# With max_conns=1 who is busy is passed over.
curl -sN "http://127.0.0.1:$front/full/hold?key=$key" > "$run/held" &
held=$!
await test -s "$run/held" || fail "no answer from the server that is to be busy"
[ "$(ask full <<< "$key" | cut -f2)" = "$("$ketama" lookup -n 2 "$run/equal.servers" "$key" | cut -f3)" ] \
  && pass "max_conns: a busy server is passed over" || fail "max_conns: $(ask full <<< "$key")"
kill $held
is_idle() { [ "$(ask full <<< "$key" | cut -f2)" = "$(at 2)" ]; }
await is_idle && pass "max_conns: it is asked again when it is not busy" || fail "max_conns: it stays busy"

stop_backend 2
next_answers "one server dead in libketama, max_fails=0" plain "$(at 2)"
next_answers "one server dead in twemproxy" twemproxy "$(at 2)" --dialect twemproxy
next_answers "one server dead in spymemcached" spy "$(at 2)" --dialect spymemcached
next_answers "one server dead in nginx" nginx "$(at 2)" --dialect nginx --option consistent=true
same "one server dead in nginx, as if it were down" nginx "$run/equal.servers" --dialect nginx --option consistent=true --down "$(at 2)"
next_answers "one server dead, with backups" backed "$(at 2)"

# With a zone one failure is known to all workers.
declare -A seen=()
for i in $(seq 200); do
  seen[$(header "zoned?key=$key" x-pid)]=1
  [ ${#seen[@]} -lt 2 ] || break
done
failures=$(logged "connect() failed.*$(at 2)/zoned")
if [ ${#seen[@]} = 2 ] && [ "$failures" = 1 ]; then
  pass "zone: both workers know of one failure"
else
  fail "zone: ${#seen[@]} workers answered, and $failures requests failed"
fi
next_answers "one server dead, with zone" zoned "$(at 2)"
next_answers "one server dead, another upstream of the same zone" neighbour "$(at 2)"
next_answers "one server dead, fail_timeout=1s" brief "$(at 2)"

start_backend 2
is_back() { [ "$(ask brief <<< "$key" | cut -f2)" = "$(at 2)" ]; }
await is_back && pass "after fail_timeout the server has its keys again" || fail "the server does not come back"
same "after fail_timeout all is as before" brief "$run/equal.servers"
[ "$(ask zoned <<< "$key" | cut -f2)" != "$(at 2)" ] && pass "before fail_timeout it has none" || fail "fail_timeout does not count"

for i in 1 2 3 4; do stop_backend $i; done
backups_answer "all servers dead: backups answer" backed
for upstream in plain nginx single zoned; do
  [ "$(status_of "$upstream?key=$key")$(status_of "$upstream?key=$key")" = 502502 ] \
    && pass "all servers dead, $upstream: 502" || fail "all servers dead, $upstream: $(status_of "$upstream?key=$key")"
done
for i in 1 2 3 4; do start_backend $i; done
[ "$(status_of "single?key=$key")" = 200 ] && pass "an only server is never given up" || fail "an only server was given up"
[ "$(workers)" = "$workers_before" ] && pass "no worker has died" || fail "workers have died"
stop_front
