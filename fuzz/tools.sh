# Sourced by the scripts beside it: a tool of cargo's is installed where it is missing. Where it cannot be, that is said, as
# SKIPPED, and the script ends.

# need TOOL WHAT: `cargo TOOL`, without which there is no WHAT.
need() {
    cargo "$1" --version >/dev/null 2>&1 || cargo install --quiet --locked "cargo-$1" && return
    echo "SKIPPED $2: cargo-$1 cannot be installed"
    exit
}
