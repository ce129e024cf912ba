#!/bin/bash
# Builds what is committed twice, in folders of different names and with cargo's own folder under different names, and
# compares the libraries byte by byte.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
home=${CARGO_HOME:-$HOME/.cargo}
for clone in one a/longer/name; do
    git clone --quiet . "$folder/$clone"
    ln -s "$home" "$folder/$clone.home"
    CARGO_HOME=$folder/$clone.home CARGO_TARGET_DIR= make --silent -C "$folder/$clone" dist DIST=target/dist
done
for library in libketama.so libketama.a; do
    cmp "$folder/one/target/dist/release/$library" "$folder/a/longer/name/target/dist/release/$library"
    sha256sum "$folder/one/target/dist/release/$library" | sed "s|  .*|  $library|"
done
echo "two builds in different folders gave the same libraries"
