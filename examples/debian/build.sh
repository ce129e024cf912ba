#!/bin/bash
# Builds the Debian packages: a source tree of this repository and the files of this folder, then dpkg-buildpackage.
#
#   build.sh FOLDER     where they are put; DEBFULLNAME and DEBEMAIL say who is their maintainer
#
# An environment variable DIST names libraries and a command that `make dist` has made already; they are taken if they are
# not older than their sources.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "$1")
version=$(sed -n '/^version = /{s/[^"]*"\([^"]*\)".*/\1/p;q}' Cargo.toml)
maintainer="${DEBFULLNAME:-the ketama maintainers} <${DEBEMAIL:-maintainers@localhost}>"
tree=$folder/libketama-$version

rm -rf "$folder"
mkdir -p "$tree"
cp -a Cargo.toml Cargo.lock build.rs Makefile README.md CHANGELOG.md LICENSE ketama.servers src include benches c-tests examples "$tree"
mv "$tree/examples/debian" "$tree/debian"
rm -f "$tree"/debian/{README.md,build.sh,test.sh}
sed -i "s/@MAINTAINER@/$maintainer/" "$tree/debian/control"
# The changes are in CHANGELOG.md, whose date is that of the packages.
cat >"$tree/debian/changelog" <<END
libketama ($version-1) unstable; urgency=medium

  * Version $version; /usr/share/doc/libketama1/changelog.gz has its changes.

 -- $maintainer  $(date -R -u -r CHANGELOG.md)
END
cd "$tree"
dpkg-buildpackage -b -us -uc
