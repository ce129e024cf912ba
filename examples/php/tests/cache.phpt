--TEST--
a list is read once, and again when it changes
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
$path = list_file();
$first = Ring::open($path);
for ($i = 0; $i < 100; $i++) Ring::open($path);
var_dump(info('Lists opened'), info('Lists read'), info('Cached rings'));
Ring::open($path, 'twemproxy');
Ring::open($path, 'twemproxy', ['hash-tag' => '{}']);
Ring::open($path, 'twemproxy', ['hash-tag' => '{}']);
var_dump(info('Lists read'), info('Cached rings'));
replace_list($path, FLEET . "10.0.1.9:11211\t500\n");
$second = Ring::open($path);
var_dump(count($first), count($second), count(Ring::open($path)), info('Lists read'), info('Cached rings'));
replace_list($path, FLEET);
var_dump(Ring::open($path)->fingerprint() === $first->fingerprint(), count($second));
?>
--EXPECT--
int(101)
int(1)
int(1)
int(3)
int(3)
int(8)
int(9)
int(9)
int(4)
int(3)
bool(true)
int(9)
