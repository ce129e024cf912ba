--TEST--
getMany() keeps the indices of its array and takes integers
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
$ring = new Ketama\Ring(['a:1', 'b:1', 'c:1', 'd:1'], 'twemproxy');
$text = '42';
$keys = ['x' => '42', 7 => 42, 'ref' => &$text, -3 => 'other'];
$found = $ring->getMany($keys);
var_dump(array_keys($found) === array_keys($keys));
var_dump($found['x'] === $ring->get('42'), $found[7] === $found['x'], $found['ref'] === $found['x']);
var_dump($found[-3] === $ring->get('other'), $keys['ref'], $ring->getMany([]));
unset($keys['x']);
var_dump(array_keys($ring->getMany($keys)) === [7, 'ref', -3]);
foreach ([['a', 1.5], [['a']], [null], [new stdClass]] as $wrong) echo thrown(fn () => $ring->getMany($wrong)), "\n";
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
string(2) "42"
array(0) {
}
bool(true)
TypeError: Ketama\Ring::getMany(): Argument #1 ($keys) must contain only strings and integers
TypeError: Ketama\Ring::getMany(): Argument #1 ($keys) must contain only strings and integers
TypeError: Ketama\Ring::getMany(): Argument #1 ($keys) must contain only strings and integers
TypeError: Ketama\Ring::getMany(): Argument #1 ($keys) must contain only strings and integers
