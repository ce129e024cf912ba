# Servers behind TLS: sessions are kept for each address and used again.

if ! have openssl openssl; then
  skip "nginx, tls" "openssl is not installed"
else
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=cache -keyout "$run/key.pem" -out "$run/cert.pem" 2> "$run/openssl.log"
  tls="ssl_certificate $run/cert.pem; ssl_certificate_key $run/key.pem; ssl_session_cache shared:sessions:1m;
    location /reused { return 200 \"\$arg_key\t127.0.0.1:\$server_port\t\$ssl_session_reused\n\"; }"
  for i in 21 22 23; do start_backend $i "$tls" ssl; done
  for i in 21 22 23; do printf '%s 1\n' "$(at $i)"; done > "$run/tls.servers"
  front_conf 1 << END
upstream tls { ketama \$arg_key file=tls.servers; }
server { listen 127.0.0.1:$front; proxy_ssl_session_reuse on; location / { proxy_pass https://tls; } }
END
  start_front
  same "over TLS" tls "$run/tls.servers"
  "$ketama" lookup "$run/tls.servers" < "$run/keys" | sed 's/$/\tr/' > "$run/expected"
  ask reused < "$run/keys" > "$run/got"
  equal "every session is one that was there before" "$run/expected" "$run/got"
  head -2 "$run/tls.servers" > "$run/next"
  mv "$run/next" "$run/tls.servers"
  await is_logged "upstream \"tls\" follows $run/tls.servers: 2 servers"
  same "over TLS, when the list has changed" tls "$run/tls.servers"
  ask reused < "$run/keys" | cut -f3 | sort | uniq -c | sort -n | awk '{ print $2 }' | tail -1 > "$run/got"
  equal "sessions are used again after the list has changed" <(echo r) "$run/got"
  stop_front
  for i in 21 22 23; do stop_backend $i; done
fi
