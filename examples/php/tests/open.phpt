--TEST--
a list on disk names its dialect, or is given one
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
$toml = "dialect = 'nginx'\n[options]\nconsistent = true\n[[servers]]\nname = 'a:1'\n[[servers]]\nname = 'b:1'\nweight = 2\n[[servers]]\nname = 'c:1'\ndown = true\n";
$built = new Ring(['a:1' => 1, 'b:1' => 2, 'c:1' => ['down' => true]], 'nginx', ['consistent' => true]);
$path = list_file($toml);
$ring = Ring::open($path);
var_dump($ring->dialect(), $ring->fingerprint() === $built->fingerprint(), $ring->servers() === $built->servers());
var_dump($ring->fingerprint() === Ring::parse($toml)->fingerprint());
chdir(dirname($path));
var_dump($ring->fingerprint() === Ring::open(basename($path))->fingerprint(), $ring->problem());

$classic = list_file("a:1\t1\nb:1\t2\n");
$tags = ['hash-tag' => '{}'];
$fleet = ['a:1' => 1, 'b:1' => 2];
var_dump(Ring::open($classic)->fingerprint() === (new Ring($fleet))->fingerprint());
var_dump(Ring::open($classic, 'twemproxy')->fingerprint() === (new Ring($fleet, 'twemproxy'))->fingerprint());
var_dump(Ring::open($classic, 'twemproxy', $tags)->fingerprint() === (new Ring($fleet, 'twemproxy', $tags))->fingerprint());
var_dump(Ring::parse("a:1\t1\nb:1\t2\n", 'twemproxy', $tags)->dialect());
foreach ([fn () => Ring::open($path, 'twemproxy'), fn () => Ring::open($classic, null, $tags),
    fn () => Ring::open($classic, 'twemproxy', ['no' => 1]), fn () => Ring::open('/no/such/list'), fn () => Ring::open(''),
    fn () => Ring::open("a\0b"), fn () => Ring::open(__DIR__), fn () => Ring::parse("x\n"), fn () => Ring::parse(''),
    fn () => Ring::parse("dialect = 'nope'")] as $call) echo thrown($call), "\n";
?>
--EXPECTF--
string(5) "nginx"
bool(true)
bool(true)
bool(true)
bool(true)
NULL
bool(true)
bool(true)
bool(true)
string(9) "twemproxy"
DIALECT: the list names its dialect itself: nginx
OPTION: options need a dialect
OPTION: %sno%s
IO: %s/no/such/list%s
IO: %s
ValueError: Ketama\Ring::open(): Argument #1 ($path) must not contain any null bytes
IO: %s
SYNTAX: %s
SYNTAX: %s
DIALECT: %snope%s
