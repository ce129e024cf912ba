--TEST--
without the cache each opening reads, and a bad list is an exception
--EXTENSIONS--
ketama
--INI--
ketama.cache=0
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
$path = list_file();
for ($i = 0; $i < 5; $i++) Ring::open($path);
var_dump(info('Lists read'), info('Cached rings'));
replace_list($path, "bad\n");
echo thrown(fn () => Ring::open($path)), "\n";
replace_list($path, FLEET);
ini_set('ketama.cache', '1');
for ($i = 0; $i < 5; $i++) Ring::open($path);
var_dump(info('Lists read'), info('Cached rings'));
?>
--EXPECTF--
int(5)
int(0)
SYNTAX: %s
int(7)
int(1)
