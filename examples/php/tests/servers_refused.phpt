--TEST--
a server that cannot be used is refused by name
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
$all = [
    [[1, 2]], [['weight' => 1]], [null], ['a' => 'heavy'], ['a' => null], ["a\0b"], [['name' => 'a', 'weight' => 'heavy']],
    [['name' => 'a', 'colour' => 'red']], [['name' => 'a', 'label' => "x\0y"]], [['name' => 'a', 'label' => 7]],
    [['name' => 'a', 'port' => 65536]], [['name' => 'a', 'id' => -1]], [['name' => 'a', 'vnodes' => 1.5]],
    [['name' => 'a', 'tokens' => 'x']], [['name' => 'a', 'tokens' => [1, 'x']]], [['name' => 'a', 5 => 5]], ['a' => NAN], [''],
];
foreach ($all as $servers) echo thrown(fn () => new Ketama\Ring($servers, 'twemproxy')), "\n";
?>
--EXPECTF--
SERVER: a server is a name, name => weight, name => fields, or fields with a name
SERVER: a server is a name, name => weight, name => fields, or fields with a name
SERVER: a server is a name, name => weight, name => fields, or fields with a name
SERVER: server a: weight must be a number
SERVER: server a: weight must be a number
SERVER: server a: name must be a text without NUL
SERVER: server a: weight must be a number
SERVER: server a: there is no field colour
SERVER: server a: label must be a text without NUL
SERVER: server a: label must be a text without NUL
SERVER: server a: port must be an integer in range
SERVER: server a: id must be an integer in range
SERVER: server a: vnodes must be an integer in range
SERVER: server a: tokens must be a list of integers
SERVER: server a: tokens must be a list of integers
SERVER: server a: there is no field without a name
SERVER: %s
SERVER: %s
