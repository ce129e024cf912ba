# What cannot work is refused by `nginx -t`, with the reason, the file and the line.

printf '127.0.0.1:1 1\n127.0.0.1:2 much\n' > "$run/broken.servers"
printf '# nobody\n' > "$run/empty.servers"
printf 'dialect = "jump"\nservers = []\n' > "$run/nobody.toml"
printf 'dialect = "twemproxy"\n[[servers]]\nname = "127.0.0.1:1"\n' > "$run/pool.toml"
printf 'no.such.host.invalid:1 1\n' > "$run/unknown.servers"
one="server 127.0.0.1:1;"

refused() { # what, text in the error, contents of the upstream; the directive stands in line 4
  printf 'load_module %s/objects/ngx_http_upstream_ketama_module.so;\npid %s/t.pid; error_log %s/t.log; events {}\nhttp { upstream cache {\n%s\n} }\n' \
    "$build" "$run" "$run" "$3" > "$run/t.conf"
  if nginx -t -p "$run" -e "$run/t.log" -c "$run/t.conf" 2> "$run/t.out"; then
    fail "$1 is not refused"
  elif grep -qF -- "$2" "$run/t.out" && grep -q "$run/t.conf:4\$" "$run/t.out"; then
    pass "$1 is refused"
  else
    fail "$1: $(head -1 "$run/t.out")"
  fi
}

refused "an unknown dialect" "ketama: unknown dialect" "ketama \$arg_key dialect=libketana; $one"
refused "an unknown option" "colour" "ketama \$arg_key dialect=twemproxy colour=red; $one"
refused "a wrong value of an option" "sha9" "ketama \$arg_key dialect=twemproxy hash=sha9; $one"
refused "a missing option" "omode" "ketama \$arg_key dialect=memcached-proxy dist=ring-hash; $one"
refused "a parameter without =" 'invalid parameter "consistent"' "ketama \$arg_key consistent; $one"
refused "a parameter that stands twice" 'duplicate parameter "hash=b"' "ketama \$arg_key dialect=twemproxy hash=a hash=b; $one"
refused "a parameter for lists without one" '"file" is missing' "ketama \$arg_key max_fails=2; $one"
refused "a wrong port" 'invalid parameter "port=0"' "ketama \$arg_key file=pool.toml port=0;"
refused "a wrong time" 'invalid parameter "fail_timeout=soon"' "ketama \$arg_key file=pool.toml fail_timeout=soon;"
refused "an empty file name" 'invalid parameter "file="' "ketama \$arg_key file=;"
refused "a second directive" '"ketama" directive is duplicate' "ketama \$arg_key; ketama \$arg_key; $one"
refused "a directive without a key" 'invalid number of arguments in "ketama"' "ketama; $one"
refused "no server but backups" "no servers that are not backup" "ketama \$arg_key; server 127.0.0.1:1 backup;"
refused "a server that stands twice in twemproxy" "127.0.0.1:1" "ketama \$arg_key dialect=twemproxy; $one $one"
refused "backups that the dialect refuses" "127.0.0.1:2" \
  "ketama \$arg_key dialect=twemproxy; $one server 127.0.0.1:2 backup; server 127.0.0.1:2 backup;"
refused "too many points" "max-points" "ketama \$arg_key dialect=nginx consistent=true; server 127.0.0.1:1 weight=1000000; server 127.0.0.1:2;"
refused "a list that is not there" "none.servers" "ketama \$arg_key file=none.servers;"
refused "a list with a bad line" "(line 2 in $run/broken.servers)" "ketama \$arg_key file=broken.servers;"
refused "a list without servers" "empty.servers" "ketama \$arg_key file=empty.servers;"
refused "a TOML list without servers" "nobody.toml: no servers" "ketama \$arg_key file=nobody.toml;"
refused "a dialect for a list that names its own" "pool.toml names its dialect itself: twemproxy" \
  "ketama \$arg_key file=pool.toml dialect=nginx;"
refused "a list with a server that has no address" "unknown.servers: server no.such.host.invalid:1: host not found" \
  "ketama \$arg_key file=unknown.servers;"
