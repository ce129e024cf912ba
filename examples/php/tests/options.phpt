--TEST--
options are checked, and change the ring
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
use Ketama\Ring;
$servers = ['10.0.0.1:11211', '10.0.0.2:11211', '10.0.0.3:11211'];
$tagged = new Ring($servers, 'twemproxy', ['hash-tag' => '{}']);
$plain = new Ring($servers, 'Twemproxy', ['HASH_TAG' => '']);
$moved = 0;
for ($i = 0; $i < 100; $i++) {
    $key = md5((string) $i) . '{user}';
    if ($tagged->get($key) !== $tagged->get('user')) echo "the tag of key $i is not what is hashed\n";
    $moved += $plain->get($key) !== $plain->get('user');
}
var_dump($moved > 30, $plain->dialect());
$consistent = new Ring($servers, 'nginx', ['consistent' => true]);
var_dump($consistent->fingerprint() === (new Ring($servers, 'nginx', ['consistent' => 'true']))->fingerprint());
var_dump($consistent->fingerprint() === (new Ring($servers, 'nginx', ['consistent' => false]))->fingerprint());
foreach ([['nginx', ['consistant' => true]], ['nginx', ['consistent' => 'maybe']], ['nginx', ['consistent' => []]],
    ['nginx', ['consistent' => null]], ['nginx', ['consistent']], ['nginx', ["consistent\0" => true]],
    ['varnish', ['replicas' => "9\0"]], ['no-such', []], ["nginx\0", []],
    ['libketama', ['max-points' => 10]]] as [$dialect, $options]) {
    echo thrown(fn () => new Ring($servers, $dialect, $options)), "\n";
}
?>
--EXPECTF--
bool(true)
string(9) "twemproxy"
bool(true)
bool(false)
OPTION: %sconsistant%s
OPTION: %smaybe%s
OPTION: options are name => text, number or boolean
OPTION: options are name => text, number or boolean
OPTION: options are name => text, number or boolean
OPTION: options are name => text, number or boolean
OPTION: options are name => text, number or boolean
DIALECT: %sno-such%s
ValueError: Ketama\Ring::__construct(): Argument #2 ($dialect) must not contain any null bytes
LIMIT: %s
