# stream: the same directive, variables and lists. The key is the client's port, for clients of stream send none.

stream_module=/usr/lib/nginx/modules/ngx_stream_module.so
if ! installed $stream_module libnginx-mod-stream; then
  skip "nginx, stream" "nginx has no stream module (Debian package libnginx-mod-stream)"
else
  for i in 1 2 3 4 5; do start_backend $i; done
  for i in 1 2 3 4; do printf '%s %d\n' "$(at $i)" "$i"; done > "$run/stream.servers"
  for i in 2 3 4 5; do printf '%s %d\n' "$(at $i)" "$i"; done > "$run/other.servers"
  cp "$run/stream.servers" "$run/followed.servers"
  other=$((front + 50)) listed=$((front + 51))
  echo "server { listen 127.0.0.1:$front; return 200; }" | front_conf 1 "
    load_module $stream_module; load_module $build/objects/ngx_stream_upstream_ketama_module.so;
    stream {
      log_format chosen '\$remote_port\t\$ketama_server'; access_log $run/chosen.log chosen;
      upstream lines { ketama \$remote_port dialect=twemproxy;
        $(while read -r server weight; do echo "server $server weight=$weight;"; done < "$run/stream.servers") }
      upstream listed { zone listed 64k; ketama \$remote_port file=followed.servers; }
      server { listen 127.0.0.1:$other; proxy_pass lines; }
      server { listen 127.0.0.1:$listed; proxy_pass listed; }
    }"
  start_front

  # 200 connections to a port; prints the client's port and the server that answered.
  connect() {
    for i in $(seq 200); do printf 'url = "http://127.0.0.1:%d"\n' "$1"; done \
      | curl -sS --config - -w '%{local_port}\n' | awk -F '\t' 'NF == 2 { server = $2; next } { print $1 "\t" server }'
  }
  connected() { # what, port, server that is dead, arguments for `ketama lookup`
    connect "$2" > "$run/got"
    cut -f1 "$run/got" | "$ketama" lookup -n 4 "${@:4}" | survivor "$3" > "$run/expected"
    [ "$(wc -l < "$run/got")" = 200 ] && equal "stream, $1: 200 connections" "$run/expected" "$run/got" || fail "stream, $1"
  }
  : > "$run/chosen.log"
  connected "twemproxy" "$other" "" "$run/stream.servers" --dialect twemproxy
  complete() { [ "$(wc -l < "$run/chosen.log")" = 200 ]; }
  await complete
  equal "stream, \$ketama_server" <(sort "$run/expected") <(sort "$run/chosen.log")
  connected "a list" "$listed" "" "$run/stream.servers"
  mv "$run/other.servers" "$run/followed.servers"
  await is_logged "upstream \"listed\" follows $run/followed.servers"
  connected "the list has changed" "$listed" "" "$run/followed.servers"
  stop_backend 5
  connected "one server dead" "$listed" "$(at 5)" "$run/followed.servers"
  stop_front
fi
