# nginx under valgrind, with a master and a worker, and as a single process: lists change, servers fail, nginx reloads and
# ends. Nothing that the module has allocated may be lost, and no byte may be read or written that is not the module's.

if ! have valgrind valgrind; then
  skip "nginx, leaks" "valgrind is not installed"
else
  for i in 1 2 3; do start_backend $i; done
  # arc-swap, which the library uses, keeps a node for each thread that ever was, for the next one: lost only at unloading.
  cat > "$run/suppressions" << 'END'
{
   nodes of threads
   Memcheck:Leak
   ...
   fun:*arc_swap*debt*list*Node*get*
   ...
}
{
   of the system's resolver
   Memcheck:Leak
   ...
   fun:getaddrinfo
   ...
}
END
  watched() { # on or off: the master process
    printf '%s 1\n' "$(at 1)" "$(at 2)" "$(at 3)" > "$run/followed.servers"
    {
      echo "upstream lines { zone lines 64k; ketama \$arg_key; server $(at 1); server $(at 2) weight=2; server $(at 4);
        server $(at 3) backup; keepalive 4; }"
      echo "upstream local { ketama \$arg_key dialect=twemproxy; server $(at 1); server $(at 4); }"
      echo "upstream followed { zone followed 64k; ketama \$arg_key file=followed.servers; }"
      echo "upstream redressed { ketama \$arg_key file=followed.servers dialect=twemproxy hash=md5; server $(at 3); }"
      passing lines local followed redressed
    } | front_conf 1 "master_process $1;"
    rm -f "$run"/valgrind.*
    start_front valgrind --quiet --keep-debuginfo=yes --leak-check=full --show-leak-kinds=definite,indirect --suppressions="$run/suppressions" \
      --log-file="$run/valgrind.%p"
    head -50 "$run/keys" > "$run/some"
    exercise
    if [ "$1" = on ]; then
      kill -HUP "$(cat "$run/front.pid")"
      await is_logged "worker process [0-9]* exited with code 0"
      exercise
    fi
    stop_front
  }
  exercise() {
    local upstream n
    for n in 2 3 1; do
      head -$n "$run/whole.list" > "$run/next"
      mv "$run/next" "$run/followed.servers"
      for upstream in lines local followed redressed; do ask $upstream < "$run/some" > "$run/got"; done
      holds() { [ "$(header "followed?key=x" x-ring)" = "$(fingerprint "$run/followed.servers")" ]; }
      await holds || fail "the list is not followed under valgrind"
    done
    echo "$(at 1) much" > "$run/followed.servers"
    await is_logged "Invalid memory value.*\"redressed\""
    echo "no.such.host.invalid:1 1" > "$run/followed.servers"
    await is_logged "host not found.*\"redressed\""
    for upstream in lines local followed redressed; do ask $upstream < "$run/some" > "$run/got"; done
    cp "$run/whole.list" "$run/followed.servers"
  }
  printf '%s 1\n' "$(at 2)" "$(at 3)" "$(at 1)" > "$run/whole.list"
  for master in on off; do
    watched $master
    # A record of valgrind is a block of lines; those of nginx itself are not ours to judge.
    awk -v RS='==[0-9]+== \n' '/ketama/' "$run"/valgrind.* > "$run/found"
    logs=$(ls "$run"/valgrind.* | wc -l)
    [ ! -s "$run/found" ] && pass "valgrind has nothing to say of $logs processes, master_process $master" \
      || { head -40 "$run/found"; fail "valgrind, master_process $master"; }
  done
fi
