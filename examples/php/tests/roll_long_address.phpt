--TEST--
an address of 23 bytes comes back whole
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
$continuum = ketama_roll(list_file("cache-of-23-bytes:11211\t10\n"));
echo ketama_get_server('any', $continuum)['ip'], "\n";
?>
--EXPECT--
cache-of-23-bytes:11211
