--TEST--
ketama_get_server() answers as the 2007 library did
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
// Key, point and address as they were recorded from the C library for this list.
$recorded = [
    ['', 3652924816, '10.0.1.4:11211'],
    ['89', 1808593732, '10.0.1.8:11211'],
    ['46227654', 1705384276, '10.0.1.2:11211'],
    ['user:4133590:profile', 2092495019, '10.0.1.5:11211'],
    ['user:317273:profile', 3116914120, '10.0.1.7:11211'],
    ['session_d1942694700afef5dcd3318ab6433df8', 207415760, '10.0.1.5:11211'],
    ['i', 187529415, '10.0.1.6:11211'],
    ["cache:\xd8\xaa\xc5\xa1\xd1\x85\xc4\x8d:0", 1896982297, '10.0.1.3:11211'],
    ['e00224879891', 4044064727, '10.0.1.5:11211'],
    ['k01718590547', 762113, '10.0.1.5:11211'],
    ['k02012165218', 762113, '10.0.1.5:11211'],
    ['k11476776389', 762113, '10.0.1.5:11211'],
];
$path = list_file();
$continuum = ketama_roll($path);
var_dump(get_resource_type($continuum));
$ring = Ketama\Ring::open($path);
foreach ($recorded as [$key, $point, $address]) {
    if (ketama_get_server($key, $continuum) !== ['point' => $point, 'ip' => $address]) echo "wrong: $key\n";
    if ($ring->get($key) !== $address) echo "wrong in the ring: $key\n";
}
var_dump(ketama_get_server('89', $continuum), ketama_error(), ketama_destroy($continuum));
?>
--EXPECT--
string(16) "ketama continuum"
array(2) {
  ["point"]=>
  int(1808593732)
  ["ip"]=>
  string(14) "10.0.1.8:11211"
}
string(0) ""
NULL
