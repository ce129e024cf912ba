# What a newcomer runs. Cargo builds the library; this file only knows what to do with it.
#
#   make demo                              the library, a C program, and where some keys of ketama.servers go
#   make test                              installs what the tests need, runs every test, lists what was skipped
#   make compare REFERENCE=libketama.so.1  this library against another one, the first difference in full
#   make abi REFERENCE=libketama.so.1      the same for the binary interface; the other one needs debug information
#   make detect                            ketama detect on every recorded file, among all candidates; make test does it too
#   make bench REFERENCE=libketama.so.1    measures this library against others; REFERENCE may be left out
#   make profile                           instructions and cache misses of look-ups, counted by valgrind
#   make cross PROCESSORS=...              the tests as code of aarch64, s390x (big-endian) and i686 (32 bits)
#   make miri                              the unsafe code, and what stands on it, in an interpreter; takes minutes
#   make fuzz SECONDS=60                   every fuzz target in turn, so many seconds each; see fuzz/README.md
#   make coverage                          lines that the tests run, by area, and those that they do not
#   make mutants SAMPLE=0/24 AREAS=core    the library broken in one place after the other: do the tests see it?
#   make soak                              64 processes look keys up while 1,000 publishers are killed
#   make audit                             crates that the library is made of: licences, sources, known advisories
#   make reproducible                      builds what is committed twice, elsewhere, and compares the libraries
#   make dist                              what is installed: the libraries with link-time optimisation, the command
#   make install PREFIX= LIBDIR= DESTDIR=  puts it there, builds it if need be; make uninstall takes it away again
#   make deb                               Debian packages of it, of the PHP extension and of the nginx modules
#   make clean

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: demo test compare abi detect bench bench-compiles profile cross miri fuzz coverage mutants soak audit reproducible library tools dist install uninstall deb clean

TARGET := $(or $(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release
LOG := $(TARGET)/test.log
CC := cc
CFLAGS := -std=c99 -pedantic -Wall -Wextra -Werror -O2 -Iinclude
LISTS := 2000
SECONDS := 60
SAMPLE := 0/1
AREAS := core dialect parser segment shell
PROCESSORS := aarch64 s390x i686
KEYS := 0 1 42 user:42 user:688742:profile session-7

PREFIX := /usr/local
BINDIR := $(PREFIX)/bin
LIBDIR := $(PREFIX)/lib
INCLUDEDIR := $(PREFIX)/include
MANDIR := $(PREFIX)/share/man/man1
BASHDIR := $(PREFIX)/share/bash-completion/completions
ZSHDIR := $(PREFIX)/share/zsh/site-functions
FISHDIR := $(PREFIX)/share/fish/vendor_completions.d
CMAKEDIR := $(LIBDIR)/cmake/ketama
DIST ?= $(TARGET)/dist
SONAME := libketama.so.1
VERSION := $(shell sed -n '/^version = /{s/[^"]*"\([^"]*\)".*/\1/p;q}' Cargo.toml)
LIBRARY := $(basename $(SONAME)).$(VERSION)
HEADERS := $(notdir $(wildcard include/*.h include/*.hpp))
SOURCES := Cargo.toml Cargo.lock build.rs $(shell find src -type f)

# The library under the names that linkers and loaders look for.
library: tools
	cargo build --release
	ln -sf libketama.so $(RELEASE)/libketama.so.1

demo: library
	mkdir -p $(RELEASE)/examples
	$(CC) $(CFLAGS) -o $(RELEASE)/examples/lookup examples/c/lookup.c -L$(RELEASE) -lketama
	LD_LIBRARY_PATH=$(RELEASE) $(RELEASE)/examples/lookup ketama.servers $(KEYS)

tools:
	@c-tests/tools.sh

test: tools
	@mkdir -p $(TARGET)
	@: >$(LOG)
	cargo test --all-features 2>&1 | tee -a $(LOG)
	cargo test --no-default-features --lib 2>&1 | tee -a $(LOG)
	$(MAKE) --no-print-directory detect 2>&1 | tee -a $(LOG)
	$(MAKE) --no-print-directory bench-compiles 2>&1 | tee -a $(LOG)
	if command -v valgrind >/dev/null; then VALGRIND=1 cargo test --all-features --test c 2>&1 | tee -a $(LOG); \
	else echo "SKIPPED the C tests under valgrind: no valgrind" | tee -a $(LOG); fi
	ASAN=1 cargo test --all-features --test c 2>&1 | tee -a $(LOG)
	c-tests/threads.sh $(TARGET) 2>&1 | tee -a $(LOG)
	c-tests/miri.sh short 2>&1 | tee -a $(LOG)
	c-tests/cross.sh short 2>&1 | tee -a $(LOG)
	fuzz/mutants.sh short 2>&1 | tee -a $(LOG)
	.ci/audit 2>&1 | tee -a $(LOG)
	c-tests/install.sh 2>&1 | tee -a $(LOG)
	examples/test.sh 2>&1 | tee -a $(LOG)
	@c-tests/summary.sh $(LOG)

compare: library
	@test -n "$(REFERENCE)" || { echo "usage: make compare REFERENCE=path/to/libketama.so.1"; exit 2; }
	mkdir -p $(RELEASE)/examples
	$(CC) $(CFLAGS) -o $(RELEASE)/examples/compare c-tests/compare.c -ldl -lm
	$(RELEASE)/examples/compare -n $(LISTS) $(RELEASE)/libketama.so $(realpath $(REFERENCE))

# The types are read from the debug information, which release builds leave out.
abi: tools
	@test -n "$(REFERENCE)" || { echo "usage: make abi REFERENCE=path/to/libketama.so.1"; exit 2; }
	@command -v abidiff >/dev/null || apt-get install -y -q abigail-tools >/dev/null
	cargo build --lib
	abidiff --no-added-syms --suppressions c-tests/abi.suppr $(REFERENCE) $(TARGET)/debug/libketama.so

detect: tools
	cargo test --profile detect --lib every_recorded_file_is_recognised_among_all -- --ignored

bench: tools
	@REFERENCE="$(REFERENCE)" CC="$(CC)" benches/run.sh

# Measuring is not testing: of the benchmarks a test only wants that they are not broken.
bench-compiles:
	CARGO_TARGET_DIR=benches/target cargo check --quiet --manifest-path benches/Cargo.toml
	$(CC) -std=c11 -Wall -Wextra -Werror -Iinclude -fsyntax-only c-tests/bench.c c-tests/profile.c

profile: library
	CC="$(CC)" benches/profile.sh

cross: tools
	c-tests/cross.sh $(PROCESSORS)

miri: tools
	c-tests/miri.sh

fuzz:
	fuzz/run.sh $(SECONDS)

coverage: tools
	fuzz/coverage.sh

mutants: tools
	SAMPLE=$(SAMPLE) fuzz/mutants.sh $(AREAS)

soak: tools
	c-tests/soak.sh

audit:
	.ci/audit

reproducible:
	c-tests/reproducible.sh

# Each kind of library is built on its own, for with several kinds at once cargo leaves link-time optimisation out, and
# without what only the command needs. The command comes first: its build leaves all kinds of libraries behind, which the
# ones meant here then replace. Where it is built must not be seen in what is built.
$(DIST)/built: export RUSTFLAGS += --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo
dist: $(DIST)/built
$(DIST)/built: $(SOURCES)
	cargo build --locked --release --bin ketama --target-dir $(DIST)
	for kind in cdylib staticlib; do \
	    cargo rustc --locked --release --lib --crate-type $$kind --no-default-features --features capi --target-dir $(DIST); \
	done
	rm -rf $(DIST)/man $(DIST)/completions
	mkdir -p $(DIST)/man $(DIST)/completions
	$(DIST)/release/ketama man $(DIST)/man
	for shell in bash zsh fish; do $(DIST)/release/ketama completions $$shell >$(DIST)/completions/$$shell; done
	touch $@

# Paths in the description for pkg-config hang on its prefix, those in CMake's on the place of the file itself.
install: $(DIST)/built
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBDIR)/pkgconfig $(INCLUDEDIR) $(MANDIR) $(BASHDIR) $(ZSHDIR) $(FISHDIR) $(CMAKEDIR))
	install -m 755 $(DIST)/release/ketama $(DESTDIR)$(BINDIR)
	install -m 644 $(DIST)/release/libketama.so $(DESTDIR)$(LIBDIR)/$(LIBRARY)
	ln -sf $(LIBRARY) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/$(basename $(SONAME))
	install -m 644 $(DIST)/release/libketama.a $(DESTDIR)$(LIBDIR)
	install -m 644 $(addprefix include/,$(HEADERS)) $(DESTDIR)$(INCLUDEDIR)
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' -e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
	    -e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' include/ketama.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/ketama.pc
	for file in ketama-config ketama-config-version; do \
	    sed -e 's|@VERSION@|$(VERSION)|; s|@LIBRARY@|$(LIBRARY)|; s|@SONAME@|$(SONAME)|' \
	        -e "s|@INCLUDEDIR@|$$(realpath -m --relative-to=$(LIBDIR) $(INCLUDEDIR))|" \
	        include/$$file.cmake.in >$(DESTDIR)$(CMAKEDIR)/$$file.cmake; \
	done
	install -m 644 $(DIST)/man/*.1 $(DESTDIR)$(MANDIR)
	install -m 644 $(DIST)/completions/bash $(DESTDIR)$(BASHDIR)/ketama
	install -m 644 $(DIST)/completions/zsh $(DESTDIR)$(ZSHDIR)/_ketama
	install -m 644 $(DIST)/completions/fish $(DESTDIR)$(FISHDIR)/ketama.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/ketama $(DESTDIR)$(MANDIR)/ketama.1 $(DESTDIR)$(MANDIR)/ketama-*.1
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,$(LIBRARY) $(SONAME) $(basename $(SONAME)) libketama.a pkgconfig/ketama.pc)
	rm -f $(addprefix $(DESTDIR)$(INCLUDEDIR)/,$(HEADERS))
	rm -f $(DESTDIR)$(BASHDIR)/ketama $(DESTDIR)$(ZSHDIR)/_ketama $(DESTDIR)$(FISHDIR)/ketama.fish
	rm -rf $(DESTDIR)$(CMAKEDIR)

deb: $(DIST)/built
	DIST=$(abspath $(DIST)) examples/debian/build.sh $(TARGET)/deb
	@ls $(TARGET)/deb/*.deb

clean:
	cargo clean
