<?php
// What asker.c answers, by a php-fpm worker that reads the list: the extension reads it again when it has changed.
$key = $_GET['key'];
$ring = Ketama\Ring::open($_SERVER['KETAMA_LIST']);
$server = $ring->get($key);
$memcached = stream_socket_client("tcp://$server", timeout: 5, flags: STREAM_CLIENT_CONNECT | STREAM_CLIENT_PERSISTENT);
fwrite($memcached, "get $key\r\n");
$found = str_starts_with(fgets($memcached), 'VALUE ');
$value = $found ? rtrim(fgets($memcached)) : '-';
if ($found) fgets($memcached);
echo getmypid(), " {$ring->fingerprint()} $server $value\n";
