#!/bin/bash
# Builds the extension outside the source tree: target/php/build/modules/ketama.so, with warnings as errors.
#
# Ends with 1 if that fails, and with 2 if what it needs cannot be installed; the reason is printed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"
build=$out/build

have phpize php-dev && have php php-cli || { echo "PHP's headers are missing (Debian packages php-dev, php-cli)"; exit 2; }
library
rm -rf "$build"
mkdir -p "$build"
cp -r "$here"/*.c "$here"/*.h "$here"/*.stub.php "$here"/config.m4 "$here"/tests "$build"
cd "$build" && quietly phpize && quietly ./configure --with-ketama="$prefix" \
  && quietly make EXTRA_CFLAGS="-Wall -Wextra -Werror -Wno-unused-parameter"
