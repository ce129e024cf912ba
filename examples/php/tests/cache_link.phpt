--TEST--
a symbolic link that is turned to another list is followed at once
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
[$a, $b] = [list_file("a:1\t10\n"), list_file("b:1\t10\n")];
$link = "$a.link";
symlink($a, $link);
echo Ring::open($link)->get('x'), "\n";
// By another process: PHP's own functions would empty its cache of real paths.
exec("ln -s $b $link.new && mv -T $link.new $link");
echo Ring::open($link)->get('x'), "\n";
unlink($link);
?>
--EXPECT--
a:1
b:1
