--TEST--
every dialect has a name under which it can be built
--EXTENSIONS--
ketama
--FILE--
<?php
use Ketama\Ring;
$needs = ['set-consistenthash' => ['hash' => 'crc32']];
$names = Ring::dialects();
foreach ($names as $name) {
    $server = $name === 'cassandra' ? ['name' => '10.0.0.1:11211', 'tokens' => [1]] : '10.0.0.1:11211';
    $ring = new Ring([$server], $name, $needs[$name] ?? []);
    if ($ring->dialect() !== $name) echo "$name is {$ring->dialect()}\n";
}
var_dump(count($names) === count(array_unique($names)), $names[0], in_array('nginx', $names, true));
?>
--EXPECT--
bool(true)
string(9) "libketama"
bool(true)
