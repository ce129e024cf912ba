//! Gives the shared library the name under which the 2007 library was linked, and `ketama bench` that of the compiler.
//!
//! The library stays in a process that has closed it: a thread that used it may end later, and what Rust's library does
//! then for the thread must still be there. Opened again, it is the same copy.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if linux {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libketama.so.1");
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    let compiler =
        std::env::var_os("RUSTC").and_then(|rustc| Command::new(rustc).arg("--version").output().ok());
    let version = compiler.map_or_else(Vec::new, |output| output.stdout);
    println!("cargo::rustc-env=KETAMA_COMPILER={}", String::from_utf8_lossy(&version).trim());
}
