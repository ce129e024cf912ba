--TEST--
a change of the same size in the same tick of the clock is noticed
--EXTENSIONS--
ketama
--FILE--
<?php
require 'lists.inc';
$path = list_file();
$wrong = 0;
for ($i = 0; $i < 300; $i++) {
    // Written in place: device, inode and size stay, and often the times too.
    file_put_contents($path, sprintf("10.0.0.%03d:11211\t1000\n", $i % 200));
    $wrong += Ketama\Ring::open($path)->get('any') !== sprintf('10.0.0.%03d:11211', $i % 200);
}
var_dump($wrong);

// Few kernels give two changes one time any more. What must hold on the others: a list with a time that is still going
// on (a whole second: clocks of 2 s are known) is read at each opening, and one with a time that is over is not.
$reads = function (int $time) use ($path) {
    touch($path, $time);
    usleep(60000);
    Ketama\Ring::open($path);
    $before = info('Lists read');
    for ($i = 0; $i < 3; $i++) Ketama\Ring::open($path);
    return info('Lists read') - $before;
};
var_dump($reads(time() + 1), $reads(time() - 100));
?>
--EXPECT--
int(0)
int(3)
int(0)
