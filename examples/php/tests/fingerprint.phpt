--TEST--
rings have one fingerprint exactly when they give every key the same server
--EXTENSIONS--
ketama
--FILE--
<?php
use Ketama\Ring;
$ring = new Ring(['a:1' => 1, 'b:1' => 2], 'nginx', ['consistent' => true]);
$turned = new Ring(['b:1' => 2, 'a:1' => 1], 'nginx', ['consistent' => true]);
$heavier = new Ring(['a:1' => 2, 'b:1' => 2], 'nginx', ['consistent' => true]);
var_dump(preg_match('/^[0-9a-f]{16}$/', $ring->fingerprint()), $ring->fingerprint() === $turned->fingerprint());
var_dump($ring->fingerprint() === $heavier->fingerprint());
?>
--EXPECT--
int(1)
bool(true)
bool(false)
