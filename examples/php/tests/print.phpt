--TEST--
ketama_print_continuum() prints every point, as the 2007 library did, to PHP's output
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
ob_start();
ketama_print_continuum(ketama_roll(list_file()));
$text = ob_get_clean();
echo implode("\n", array_slice(explode("\n", $text), 0, 3)), "\n";
// The digest is that of the points recorded from the C library.
var_dump(md5($text));
?>
--EXPECT--
Numpoints in continuum: 1264
10.0.1.5:11211 (762113)
10.0.1.5:11211 (2322555)
string(32) "63a29cbbbd2915888d9ed119fa952c6f"
