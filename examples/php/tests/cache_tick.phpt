--TEST--
a change of the same size in the same tick of the clock is noticed
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
$path = list_file();
$wrong = 0;
for ($i = 0; $i < 300; $i++) {
    // Written in place: device, inode and size stay, and often the times too.
    file_put_contents($path, sprintf("10.0.0.%03d:11211\t1000\n", $i % 200));
    $wrong += Ketama\Ring::open($path)->get('any') !== sprintf('10.0.0.%03d:11211', $i % 200);
}
var_dump($wrong);
?>
--EXPECT--
int(0)
