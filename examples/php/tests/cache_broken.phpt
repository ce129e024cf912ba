--TEST--
a list that has become bad keeps its ring, is told once and then by problem()
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
$path = list_file();
$good = Ring::open($path)->fingerprint();
$open = function () use ($path, $good) {
    $ring = Ring::open($path);
    echo $ring->fingerprint() === $good ? 'the good ring' : 'another ring', '; ', $ring->problem() ?? 'no problem', "\n";
};
replace_list($path, "10.0.0.1:11211\n");
$open();
$open();
$reads = info('Lists read');
$open();
var_dump(info('Lists read') - $reads);
$held = Ring::open($path);
unlink($path);
$open();
$open();
replace_list($path, FLEET);
$open();
replace_list($path, "a:1\t10\n");
$open();
replace_list($path, "\n");
set_error_handler(fn (int $level, string $text) => throw new ErrorException($text));
echo thrown($open), "\n";
$open();
var_dump(substr($held->problem(), 0, 23), (clone $held)->problem() === $held->problem());
?>
--EXPECTF--
Warning: Ketama\Ring::open(): Unable to find delimiter (line 1 in %s); the ring of the last good list stays in %s on line %d
the good ring; Unable to find delimiter (line 1 in %s)
the good ring; Unable to find delimiter (line 1 in %s)
the good ring; Unable to find delimiter (line 1 in %s)
int(0)

Warning: Ketama\Ring::open(): cannot read %s: No such file or directory; the ring of the last good list stays in %s on line %d
the good ring; cannot read %s: No such file or directory
the good ring; cannot read %s: No such file or directory
the good ring; no problem
another ring; no problem
ErrorException: Ketama\Ring::open(): No valid server definitions in file %s; the ring of the last good list stays
another ring; No valid server definitions in file %s
string(23) "Unable to find delimite"
bool(true)
