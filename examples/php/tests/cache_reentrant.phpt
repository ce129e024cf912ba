--TEST--
an error handler may open lists and push the entry out that it is told of
--EXTENSIONS--
ketama
--INI--
ketama.cache_entries=1
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
$path = list_file();
$other = list_file("a:1\t10\n");
$good = Ring::open($path);
replace_list($path, "bad\n");
set_error_handler(function (int $level, string $text) use ($other) {
    echo Ring::open($other)->get('x'), "\n";
    return true;
});
$ring = Ring::open($path);
var_dump($ring->fingerprint() === $good->fingerprint(), $ring->problem() !== null, info('Cached rings'));
echo thrown(fn () => Ring::open($path)), "\n";
?>
--EXPECTF--
a:1
bool(true)
bool(true)
int(1)
SYNTAX: %s
