--TEST--
ketama.cache_entries bounds the cache; the list that was not opened for longest goes
--EXTENSIONS--
ketama
--INI--
ketama.cache_entries=2
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
[$a, $b, $c] = [list_file("a:1\t10\n"), list_file("b:1\t10\n"), list_file("c:1\t10\n")];
$first = Ring::open($a);
Ring::open($b);
Ring::open($a);
Ring::open($c);
$reads = info('Lists read');
var_dump(info('Cached rings'), $reads);
Ring::open($a);
var_dump(info('Lists read') - $reads);
Ring::open($b);
Ring::open($c);
var_dump(info('Lists read') - $reads, info('Cached rings'), $first->get('x'));
var_dump(ini_set('ketama.cache_entries', '5'));
?>
--EXPECT--
int(2)
int(3)
int(0)
int(2)
int(2)
string(3) "a:1"
bool(false)
