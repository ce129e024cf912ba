<?php
// PHP's own memcached extension, set to be libketama compatible, against Ketama\Ring: on every key they choose the same
// server, and what one stores is found where the other looks. Arguments: ADDRESS=WEIGHT of memcached servers that run.
//
//   php -d extension=ketama memcached.php 127.0.0.1:11301=1 127.0.0.1:11302=3

const KEYS = 20000;
const STORED = 2000;

/** The client under test, and the ring that is to agree with it. */
function pair(array $fleet, array $client_options, array $ring_options): array
{
    $client = new Memcached();
    $client->setOptions($client_options + [Memcached::OPT_BINARY_PROTOCOL => false, Memcached::OPT_COMPRESSION => false]);
    foreach ($fleet as $address => $weight) {
        [$host, $port] = explode(':', $address);
        $client->addServer($host, (int) $port, $weight);
    }
    return [$client, new Ketama\Ring($fleet, 'php-memcached', $ring_options)];
}

/** Keys as applications write them: numbers, paths, sessions, words, short and long, UTF-8. */
function keys(): array
{
    $keys = [];
    for ($i = 0; $i < KEYS; $i++) {
        $hex = md5("key $i");
        $keys[] = match ($i % 5) {
            0 => (string) $i,
            1 => "user:$i:profile",
            2 => "session-$hex",
            3 => '/' . str_repeat(substr($hex, 0, 1 + $i % 9) . '/', 1 + $i % 12),
            4 => "größe:$hex:$i",
        };
    }
    return array_values(array_unique($keys));
}

/** How many keys the client sends elsewhere. */
function differences(Memcached $client, Ketama\Ring $ring, array $keys): int
{
    $servers = $ring->getMany($keys);
    $wrong = 0;
    foreach ($keys as $i => $key) {
        $theirs = $client->getServerByKey($key);
        $wrong += $servers[$i] !== "{$theirs['host']}:{$theirs['port']}";
    }
    return $wrong;
}

/** The value of a key on one server, asked in memcached's own protocol; null if it is not there. */
function value_on(string $address, string $key): ?string
{
    static $connections = [];
    $connection = $connections[$address] ??= stream_socket_client("tcp://$address", timeout: 5);
    fwrite($connection, "get $key\r\n");
    $head = fgets($connection);
    if ($head === false || !str_starts_with($head, 'VALUE ')) return null;
    $value = rtrim(fgets($connection), "\r\n");
    fgets($connection);
    return $value;
}

/** Stores with the client, looks on the server that the ring names; how many values are not there. */
function missing(Memcached $client, Ketama\Ring $ring, array $keys): int
{
    $missing = 0;
    foreach ($keys as $key) {
        if (!$client->set($key, "value of $key", 60)) {
            echo "cannot store $key: {$client->getResultMessage()}\n";
            exit(1);
        }
        $missing += value_on($ring->get($key), $key) !== "value of $key";
    }
    return $missing;
}

$fleet = [];
foreach (array_slice($argv, 1) as $argument) {
    [$address, $weight] = explode('=', $argument);
    $fleet[$address] = (int) $weight;
}
$compatible = [Memcached::OPT_LIBKETAMA_COMPATIBLE => true];
$weighted = ['distribution' => 'ketama', 'weighted' => true, 'hash' => 'md5'];
$settings = [
    'libketama compatible' => [$compatible, $weighted],
    'consistent, CRC' => [
        [Memcached::OPT_DISTRIBUTION => Memcached::DISTRIBUTION_CONSISTENT, Memcached::OPT_HASH => Memcached::HASH_CRC],
        // The client turns its weighted flag on by itself when a server with a weight above 1 joins such a ring.
        ['distribution' => 'ketama', 'hash' => 'crc', 'weighted' => max($fleet) > 1],
    ],
    'as it comes' => [[], []],
];
$keys = keys();
$wrong = 0;
foreach ($settings as $name => [$client_options, $ring_options]) {
    [$client, $ring] = pair($fleet, $client_options, $ring_options);
    $different = differences($client, $ring, $keys);
    printf("%s: %d keys, %d on another server\n", $name, count($keys), $different);
    $wrong += $different;
}
[$client, $ring] = pair($fleet, $compatible, $weighted);
// The client stores under keys of printable ASCII only.
$stored = array_slice(preg_grep('/^[!-~]{1,250}$/', $keys), 0, STORED);
$missing = missing($client, $ring, $stored);
printf("stored: %d, not where the ring looks: %d\n", count($stored), $missing);
foreach (array_count_values($ring->getMany($stored)) as $server => $count) echo "  $server has $count\n";
exit($wrong + $missing > 0 ? 1 : 0);
