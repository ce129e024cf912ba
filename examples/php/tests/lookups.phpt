--TEST--
one by one, in batches and as first replica, a key has the same server
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
$servers = array_map(fn ($i) => "10.0.0.$i:11211", range(1, 9));
$keys = array_map(fn ($i) => md5((string) $i), range(1, 2000));
array_push($keys, '', '0', "a\0b", "a\0c", str_repeat('long', 500), "\xff\xfe");
foreach (['libketama', 'twemproxy', 'libmemcached', 'nginx', 'haproxy', 'jump', 'stathat'] as $dialect) {
    $ring = new Ring($servers, $dialect);
    $many = $ring->getMany($keys);
    $wrong = 0;
    foreach ($keys as $i => $key) {
        $three = $ring->getN($key, 3);
        $one = $ring->get($key);
        $wrong += $many[$i] !== $one || $ring->getServer($key) !== $one || ($three[0] ?? null) !== $one
            || count(array_unique($three)) !== count($three);
    }
    echo "$dialect: $wrong wrong\n";
}
$ring = new Ring($servers);
var_dump(count($ring->getN('x', 9)), count($ring->getN('x', PHP_INT_MAX)), $ring->getN('x', 0));
echo thrown(fn () => $ring->getN('x', -1)), "\n";
echo thrown(fn () => $ring->getInteger(7)), "\n";
var_dump((new Ring($servers, 'jump'))->getInteger(-1) !== null);
$none = new Ring([]);
var_dump($none->get('x'), $none->getN('x', 3), $none->getMany(['x']), $none->shares(), $none->servers(), count($none));
?>
--EXPECTF--
libketama: 0 wrong
twemproxy: 0 wrong
libmemcached: 0 wrong
nginx: 0 wrong
haproxy: 0 wrong
jump: 0 wrong
stathat: 0 wrong
int(9)
int(9)
array(0) {
}
ValueError: Ketama\Ring::getN(): Argument #2 ($n) must be greater than or equal to 0
OPTION: %s
bool(true)
NULL
array(0) {
}
array(1) {
  [0]=>
  NULL
}
array(0) {
}
array(0) {
}
int(0)
