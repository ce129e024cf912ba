--TEST--
on a ring that walks on, only the keys of the dead server move, to the next of getN()
--EXTENSIONS--
ketama
--FILE--
<?php
$ring = new Ketama\Ring(['a:1' => 1, 'b:1' => 2, 'c:1' => 3], 'nginx', ['consistent' => true]);
$dead = $ring->down('b:1');
$moved = $wrong = 0;
for ($i = 0; $i < 5000; $i++) {
    [$first, $second, $third] = $ring->getN("key$i", 3);
    $left = $first === 'b:1' ? $second : $first;
    $moved += $first === 'b:1';
    $wrong += $dead->get("key$i") !== $left || in_array('b:1', $dead->getN("key$i", 3), true);
}
var_dump($moved > 1000, $wrong, $dead->servers()[1]['down'], $ring->servers()[1]['down'], $dead->shares()['b:1'], count($dead));
var_dump($dead->down('a:1')->down('c:1')->get('key'));
?>
--EXPECT--
bool(true)
int(0)
bool(true)
bool(false)
float(0)
int(3)
NULL
