--TEST--
ketama_roll() ends the script when the list cannot be read, and says why
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
register_shutdown_function(fn () => print("at the end: " . ketama_error()));
ketama_roll(list_file("# nobody\n"));
echo "not reached\n";
?>
--EXPECTF--
Fatal error: ketama_roll(): unable to create Ketama continuum: No valid server definitions in file %s in %s on line %d
at the end: No valid server definitions in file %s
