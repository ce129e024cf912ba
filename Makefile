# What a newcomer runs. Cargo builds the library; this file only knows what to do with it.
#
#   make demo                              the library, a C program, and where some keys of ketama.servers go
#   make test                              installs what the tests need, runs every test, lists what was skipped
#   make compare REFERENCE=libketama.so.1  this library against another one, the first difference in full
#   make abi REFERENCE=libketama.so.1      the same for the binary interface; the other one needs debug information
#   make bench REFERENCE=libketama.so.1    measures this library against others; REFERENCE may be left out
#   make neon                              the tests of hashes, points and batches as AArch64 code under an emulator
#   make soak                              64 processes look keys up while 1,000 publishers are killed
#   make clean

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: demo test compare abi bench bench-compiles neon soak library tools clean

TARGET := $(or $(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release
LOG := $(TARGET)/test.log
CC := cc
CFLAGS := -std=c99 -pedantic -Wall -Wextra -Werror -O2 -Iinclude
LISTS := 2000
KEYS := 0 1 42 user:42 user:688742:profile session-7

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
	$(MAKE) --no-print-directory bench-compiles 2>&1 | tee -a $(LOG)
	if command -v valgrind >/dev/null; then VALGRIND=1 cargo test --all-features --test c 2>&1 | tee -a $(LOG); \
	else echo "SKIPPED the C tests under valgrind: no valgrind" | tee -a $(LOG); fi
	ASAN=1 cargo test --all-features --test c 2>&1 | tee -a $(LOG)
	c-tests/threads.sh $(TARGET) 2>&1 | tee -a $(LOG)
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

bench: tools
	@REFERENCE="$(REFERENCE)" CC="$(CC)" benches/run.sh

# Measuring is not testing: of the benchmarks a test only wants that they are not broken.
bench-compiles:
	CARGO_TARGET_DIR=benches/target cargo check --quiet --manifest-path benches/Cargo.toml
	$(CC) -std=c11 -Wall -Wextra -Werror -Iinclude -fsyntax-only c-tests/bench.c

neon: tools
	c-tests/neon.sh

soak: tools
	c-tests/soak.sh

clean:
	cargo clean
