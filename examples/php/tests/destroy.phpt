--TEST--
a continuum that was destroyed is refused, and another one stays
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
$path = list_file();
$one = ketama_roll($path);
$two = ketama_roll($path);
ketama_destroy($one);
$file = fopen(__FILE__, 'r');
foreach ([fn () => ketama_get_server('89', $one), fn () => ketama_destroy($one), fn () => ketama_print_continuum($one),
    fn () => ketama_get_server('89', $file), fn () => ketama_get_server('89', 'text')] as $call) echo thrown($call), "\n";
echo ketama_get_server('89', $two)['ip'], "\n";
?>
--EXPECT--
TypeError: ketama_get_server(): supplied resource is not a valid ketama continuum resource
TypeError: ketama_destroy(): supplied resource is not a valid ketama continuum resource
TypeError: ketama_print_continuum(): supplied resource is not a valid ketama continuum resource
TypeError: ketama_get_server(): supplied resource is not a valid ketama continuum resource
TypeError: ketama_get_server(): Argument #2 ($continuum) must be of type resource, string given
10.0.1.8:11211
