--TEST--
every recorded answer of the software behind every dialect is the ring's
--EXTENSIONS--
ketama
--SKIPIF--
<?php if (!glob((getenv('KETAMA_VECTORS_DIR') ?: dirname(__DIR__, 3) . '/src/dialect/vectors') . '/*/*.json')) die('skip there are no recorded answers'); ?>
--FILE--
<?php
$folder = getenv('KETAMA_VECTORS_DIR') ?: dirname(__DIR__, 3) . '/src/dialect/vectors';
$files = $keys = $integers = $wrong = 0;
foreach (glob("$folder/*/*.json") as $file) {
    $seen = json_decode(file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
    $ring = new Ketama\Ring($seen['servers'], $seen['dialect'], $seen['options'] ?? []);
    $many = $ring->getMany(array_column($seen['keys'], 0));
    $files++;
    foreach ($seen['keys'] as $i => [$key, $answer]) {
        $ours = isset($seen['replicas']) ? $ring->getN($key, $seen['replicas']) : $ring->get($key);
        $first = is_array($answer) ? ($answer[0] ?? null) : $answer;
        $keys++;
        if ($ours === $answer && $many[$i] === $first) continue;
        if ($wrong++ < 5) echo basename($file), ": $key: ", json_encode([$ours, $many[$i], $answer]), "\n";
    }
    foreach ($seen['integer-keys'] ?? [] as [$number, $answer]) {
        $integers++;
        $wrong += $ring->getInteger($number) !== $answer;
    }
}
echo $files > 300 && $keys > 50000 && $integers > 100 ? 'many' : "only $keys keys and $integers integers in $files files", "; wrong: $wrong\n";
?>
--EXPECT--
many; wrong: 0
