--TEST--
what changes servers gives another ring, equal to one that was built so
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
$fleet = ['a:1' => 1, 'b:1' => 2, 'c:1' => 3];
$ring = new Ring($fleet, 'twemproxy');
$before = $ring->fingerprint();
$same = fn (Ring $changed, array $servers) => $changed->fingerprint() === (new Ring($servers, 'twemproxy'))->fingerprint();
var_dump($same($ring->add('d:1', 4), $fleet + ['d:1' => 4]));
var_dump($same($ring->add('d:1', 4, ['label' => 'x']), $fleet + ['d:1' => ['weight' => 4, 'label' => 'x']]));
var_dump($same($ring->add('d:1', fields: ['down' => true]), $fleet + ['d:1' => ['down' => true]]));
var_dump($same($ring->remove('b:1'), ['a:1' => 1, 'c:1' => 3]));
var_dump($same($ring->reweight('a:1', 9), ['a:1' => 9] + $fleet));
var_dump($same($ring->rename('a:1', 'z:1'), ['z:1' => 1, 'b:1' => 2, 'c:1' => 3]));
var_dump($same($ring->down('b:1')->up('b:1'), $fleet), $same($ring->down('b:1'), $fleet));
var_dump($ring->fingerprint() === $before, count($ring));
foreach ([fn () => $ring->remove('x'), fn () => $ring->reweight('x', 1), fn () => $ring->rename('x', 'y'),
    fn () => $ring->down('x'), fn () => $ring->up('x'), fn () => $ring->add('a:1'), fn () => $ring->add('d', 1.5),
    fn () => $ring->add('d', 1, ['colour' => 1]), fn () => $ring->remove("a\0")] as $call) echo thrown($call), "\n";
?>
--EXPECTF--
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(false)
bool(true)
int(3)
SERVER: %sx%s
SERVER: %sx%s
SERVER: %sx%s
SERVER: %sx%s
SERVER: %sx%s
SERVER: %s
SERVER: %s
SERVER: server d: there is no field colour
ValueError: Ketama\Ring::remove(): Argument #1 ($name) must not contain any null bytes
