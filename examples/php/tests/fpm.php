<?php
// What one php-fpm worker says of the list that the request names: read by fpm.sh.
require __DIR__ . '/lists.inc';
header('Content-Type: text/plain');
$ring = Ketama\Ring::open($_SERVER['KETAMA_LIST']);
$servers = $ring->getMany(range(1, 50));
echo getmypid(), ' ', $ring->fingerprint(), ' ', md5(implode(',', $servers)), ' ', info('Lists read'), ' ',
    $ring->problem() === null ? 'well' : 'problem', "\n";
