#!/bin/bash
# Builds the modules against Debian's nginx: target/nginx/build/objects/*.so, with warnings as errors. Debian's package
# nginx-dev has the headers of its nginx and how that was configured. Sources of nginx are not needed.
#
# Ends with 1 if that fails, and with 2 if what it needs cannot be installed; the reason is printed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../prefix.sh"
PATH=$PATH:/usr/sbin # where nginx lies
build=$out/build
source=/usr/share/nginx/src

have nginx nginx || { echo "nginx is not installed (Debian package nginx)"; exit 2; }
[ -e $source/conf_flags ] || install nginx-dev || { echo "nginx's headers are not installed (Debian package nginx-dev)"; exit 2; }
library
rm -rf "$build"
mkdir -p "$build"
cp -r $source "$build/nginx"
cd "$build/nginx" && . ./conf_flags
export KETAMA_PREFIX=$prefix KETAMA_LIBDIR=$libdir
quietly ./configure "${NGX_CONF_FLAGS[@]}" --with-stream --with-cc-opt="-O2 -g -Wall -Wextra -Werror -Wno-unused-parameter" \
  --builddir="$build/objects" --add-dynamic-module="$here" && quietly make -f "$build/objects/Makefile" modules
