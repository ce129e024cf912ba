--TEST--
a ring can be cloned and counted, but not serialised, extended, changed or constructed twice
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
$ring = new Ring(['a:1', 'b:1'], 'twemproxy');
$clone = clone $ring;
$print = $ring->fingerprint();
$server = $ring->get('x');
unset($ring);
var_dump($clone->fingerprint() === $print, $clone instanceof Countable, count($clone), $clone->get('x') === $server);
foreach ([fn () => serialize($clone), fn () => unserialize('O:11:"Ketama\Ring":0:{}'), fn () => $clone->colour = 1,
    fn () => $clone->__construct(['c:1']),
    fn () => (new ReflectionClass(Ring::class))->newInstanceWithoutConstructor()] as $call) echo thrown($call), "\n";
var_dump((new ReflectionClass(Ring::class))->isFinal(), $clone->fingerprint() === $print);
$error = new Ketama\Exception('text', Ketama\Exception::LIMIT);
var_dump($error instanceof RuntimeException, $error->getCode());
?>
--EXPECT--
bool(true)
bool(true)
int(2)
bool(true)
Exception: Serialization of 'Ketama\Ring' is not allowed
Exception: Unserialization of 'Ketama\Ring' is not allowed
Error: Cannot create dynamic property Ketama\Ring::$colour
Error: A Ketama\Ring never changes: it cannot be constructed again
ReflectionException: Class Ketama\Ring is an internal class marked as final that cannot be instantiated without invoking its constructor
bool(true)
bool(true)
bool(true)
int(7)
