--TEST--
shares are those of the keys, and one name is one server
--EXTENSIONS--
ketama
--FILE--
<?php
$ring = new Ketama\Ring(['a:1' => 1, 'b:1' => 2, 'c:1' => 3], 'libketama');
$shares = $ring->shares();
$keys = array_map(fn ($i) => "key:$i", range(1, 60000));
$counts = array_count_values($ring->getMany($keys));
foreach ($shares as $name => $share) if (abs($counts[$name] / 60000 - $share) > 0.01) echo "$name: $share\n";
var_dump(abs(array_sum($shares) - 1) < 1e-9);
$twice = new Ketama\Ring([['name' => 'a:1'], ['name' => 'b:1', 'weight' => 2], ['name' => 'a:1']]);
var_dump(count($twice), array_keys($twice->shares()), abs(array_sum($twice->shares()) - 1) < 1e-9);
var_dump((new Ketama\Ring([['name' => '10', 'weight' => 2.5]], 'varnish'))->servers()[0], (new Ketama\Ring(['10']))->shares());
?>
--EXPECT--
bool(true)
int(3)
array(2) {
  [0]=>
  string(3) "a:1"
  [1]=>
  string(3) "b:1"
}
bool(true)
array(3) {
  ["name"]=>
  string(2) "10"
  ["weight"]=>
  float(2.5)
  ["down"]=>
  bool(false)
}
array(1) {
  [10]=>
  float(1)
}
