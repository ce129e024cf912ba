--TEST--
open_basedir holds for ketama_roll() and Ring::open(), in the cache too
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
$path = __DIR__ . '/basedir.list';
file_put_contents($path, FLEET);
ketama_roll($path);
Ketama\Ring::open($path);
ini_set('open_basedir', __DIR__ . '/elsewhere');
var_dump(ketama_roll($path));
echo thrown(fn () => Ketama\Ring::open($path)), "\n";
echo thrown(fn () => Ketama\Ring::open($path, 'twemproxy')), "\n";
?>
--CLEAN--
<?php unlink(__DIR__ . '/basedir.list'); ?>
--EXPECTF--
Warning: ketama_roll(): open_basedir restriction in effect. File(%sbasedir.list) is not within the allowed path(s): (%selsewhere) in %s on line %d
bool(false)
IO: open_basedir does not allow %sbasedir.list
IO: open_basedir does not allow %sbasedir.list
