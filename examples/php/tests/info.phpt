--TEST--
phpinfo() tells the versions, the dialects and the cache
--EXTENSIONS--
ketama
--FILE--
<?php
$extension = new ReflectionExtension('ketama');
var_dump(phpversion('ketama') === $extension->getVersion());
echo implode("\n", array_keys($extension->getFunctions())), "\n";
echo implode("\n", $extension->getClassNames()), "\n";
$extension->info();
?>
--EXPECTF--
bool(true)
ketama_roll
ketama_destroy
ketama_get_server
ketama_print_continuum
ketama_error
Ketama\Exception
Ketama\Ring

ketama

ketama support => enabled
Extension version => 1.%d.%d
Library version => %d.%d.%d
Dialects => %d
Cached rings => 0
Lists opened => 0
Lists read => 0

Directive => Local Value => Master Value
ketama.cache => On => On
ketama.cache_entries => 32 => 32
