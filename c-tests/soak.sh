#!/bin/sh
# The long form of the segment's soak test: 64 readers, 10,000 lists, 1,000 publishers killed at random moments.
# About ten minutes on two processors. `KETAMA_SOAK=READERS,PUBLICATIONS,KILLS` sets other numbers.
set -e
cd "$(dirname "$0")/.."
KETAMA_SOAK="${KETAMA_SOAK:-64,10000,1000}" exec cargo test --release --lib soak_ -- --nocapture
