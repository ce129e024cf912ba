#!/bin/bash
# php-fpm with four workers and a list that changes under them; cgi-fcgi stands in for the web server.
# Argument: the built extension. Prints one line for each check; ends with 1 if one failed.
set -u
extension=$(realpath "$1")
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/../prefix.sh"
fpm=php-fpm$(php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
folder=$(mktemp -d)
list=$folder/list
failed=0
trap 'stop; rm -rf "$folder"' EXIT
chmod 755 "$folder"

# Fingerprint and answers of a list, from a ring that never was in a cache.
ring() {
  php -n -d extension="$extension" -r '
    $ring = Ketama\Ring::parse(file_get_contents($argv[1]));
    echo $ring->fingerprint(), " ", md5(implode(",", $ring->getMany(range(1, 50))));' "$1"
}

publish() { cp "$1" "$list.new" && mv "$list.new" "$list"; }

start() {
  local user=
  [ "$(id -u)" = 0 ] && user=$'user = nobody\ngroup = nogroup'
  cat > "$folder/fpm.conf" <<CONF
[global]
error_log = $folder/fpm.log
daemonize = no
[www]
$user
listen = $folder/socket
pm = static
pm.max_children = 4
catch_workers_output = yes
php_admin_value[error_log] = $folder/php.log
php_admin_flag[log_errors] = on
CONF
  : > "$folder/php.log"; chmod 666 "$folder/php.log"
  # As leader of a process group it cannot leave the session, outside of which it could starve on a busy machine.
  set -m
  "$fpm" -n -d extension="$extension" -y "$folder/fpm.conf" > "$folder/out" 2>&1 & servers+=($!)
  set +m
  await test -S "$folder/socket" || { cat "$folder/out" "$folder/fpm.log" >&2; return 1; }
}

# N requests, eight at a time: one line for each that was answered. Each holds its worker for a moment.
requests() {
  seq "$1" | KETAMA_LIST=$list SCRIPT_FILENAME=$here/tests/fpm.php REQUEST_METHOD=GET \
    xargs -P 8 -I{} timeout 20 cgi-fcgi -bind -connect "$folder/socket" | grep -a '^[0-9]\+ '
}

check() { # name, condition as a command
  local name=$1; shift
  if "$@"; then echo "ok: $name"; else echo "FAILED: $name"; failed=1; fi
}

# All of N answers are the given ring and state.
all() {
  local answers; answers=$(requests "$1")
  [ "$(grep -c " $2 [0-9]* $3\$" <<< "$answers")" = "$1" ] || { head -3 <<< "$answers"; return 1; }
}

printf '10.0.0.%d:11211\t%d\n' 1 100 2 200 3 300 > "$folder/a"
printf '10.0.0.%d:11211\t%d\n' 1 100 2 200 3 300 4 400 > "$folder/b"
echo 'no weight' > "$folder/bad"
a=$(ring "$folder/a"); b=$(ring "$folder/b")
publish "$folder/a"
start || { echo "FAILED: php-fpm did not start"; exit 1; }
sleep 0.1 # a list younger than a tick of the file system's clock is read at each opening

answers=$(requests 60)
workers=$(cut -d' ' -f1 <<< "$answers" | sort -u | wc -l)
check "60 requests by $workers workers agree with a ring from text" test "$(grep -c " $a 1 well$" <<< "$answers")" = 60
check "at least two workers took part" test "$workers" -ge 2
publish "$folder/b"; check "a new list is seen by the next 40 requests" all 40 "$b" well
publish "$folder/bad"; check "a bad list leaves the last good ring to 40 requests" all 40 "$b" problem
warnings=$(grep -c 'the ring of the last good list stays' "$folder/php.log")
check "each worker logged it at most once ($warnings lines)" test "$warnings" -ge 1 -a "$warnings" -le 4
rm "$list"; check "so does a list that is gone" all 40 "$b" problem
publish "$folder/a"; check "the list is back for the next 40 requests" all 40 "$a" well

( for _ in $(seq 60); do publish "$folder/b"; sleep 0.02; publish "$folder/a"; sleep 0.02; done ) & flips=$!
answers=$(requests 300); wait "$flips"
seen_a=$(grep -c " $a [0-9]* well$" <<< "$answers"); seen_b=$(grep -c " $b [0-9]* well$" <<< "$answers")
check "300 requests while it changed 120 times: $seen_a old, $seen_b new, none failed or mixed" \
  test $((seen_a + seen_b)) = 300 -a "$seen_a" -gt 0 -a "$seen_b" -gt 0
check "after the last change all are the same" all 40 "$a" well
exit $failed
