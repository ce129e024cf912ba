--TEST--
servers are given as names, weights or fields
--EXTENSIONS--
ketama
--FILE--
<?php
use Ketama\Ring;
$forms = [
    ['a:1', ['name' => 'b:1', 'weight' => 2], 'c:1'],
    ['a:1' => 1, 'b:1' => 2, 'c:1' => 1.0],
    ['a:1' => '1', 'b:1' => ['weight' => '2'], 2 => ['name' => 'c:1', 'label' => null]],
    new ArrayIterator(['not' => 'an array']),
];
$weight = 2;
$forms[1]['b:1'] = &$weight;
$prints = [];
foreach ($forms as $form) {
    try {
        $ring = new Ring($form, 'twemproxy');
        $prints[] = $ring->fingerprint();
        echo json_encode($ring->servers()), "\n";
    } catch (TypeError $error) {
        echo $error->getMessage(), "\n";
    }
}
var_dump(count(array_unique($prints)), count($ring));
$labelled = new Ring(['x:1' => ['label' => 'a:1'], 'y:1' => ['weight' => 2, 'label' => 'b:1'], 'c:1' => 1], 'twemproxy');
var_dump($labelled->get('k') === strtr($ring->get('k'), ['a' => 'x', 'b' => 'y']));
$down = new Ring(['a:1' => ['down' => true], 'b:1' => ['weight' => 2], 'c:1' => 1], 'twemproxy');
var_dump($down->fingerprint() === $ring->down('a:1')->fingerprint(), $down->servers()[0]);
$halves = new Ring([['name' => 'n1', 'tokens' => ['-9223372036854775808']], ['name' => 'n2', 'tokens' => [0]]], 'cassandra');
echo json_encode($halves->shares()), "\n";
?>
--EXPECT--
[{"name":"a:1","weight":1,"down":false},{"name":"b:1","weight":2,"down":false},{"name":"c:1","weight":1,"down":false}]
[{"name":"a:1","weight":1,"down":false},{"name":"b:1","weight":2,"down":false},{"name":"c:1","weight":1,"down":false}]
[{"name":"a:1","weight":1,"down":false},{"name":"b:1","weight":2,"down":false},{"name":"c:1","weight":1,"down":false}]
Ketama\Ring::__construct(): Argument #1 ($servers) must be of type array, ArrayIterator given
int(1)
int(3)
bool(true)
bool(true)
array(3) {
  ["name"]=>
  string(3) "a:1"
  ["weight"]=>
  int(1)
  ["down"]=>
  bool(true)
}
{"n1":0.5,"n2":0.5}
