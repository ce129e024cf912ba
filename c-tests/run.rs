//! Compiles the C programs of this folder, runs them against the library that cargo has just built, and checks the file
//! itself: its exported names, its name for the linker, the headers. README.md beside this file says what is tested where.
//!
//! `VALGRIND=1` runs every program under memcheck, `ASAN=1` compiles every program with the address and
//! undefined-behaviour sanitizers, `SOAK=1` makes the long tests long. What cannot be run prints SKIPPED and why. For
//! another processor (`cross.sh`), `CC`, `CXX` and `NM` name its tools and `KETAMA_TEST_RUNNER` what runs its programs.

use md5::{Digest, Md5};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

const WARNINGS: [&str; 4] = ["-pedantic", "-Wall", "-Wextra", "-Werror"];
const C_STANDARDS: [&str; 7] = ["gnu89", "c99", "gnu99", "c11", "gnu11", "c17", "gnu17"];
const CXX_STANDARDS: [&str; 5] = ["c++11", "c++14", "c++17", "c++20", "gnu++17"];

/// What a Rust static library needs beside itself, as `rustc --print native-static-libs` lists it.
const NATIVE_LIBRARIES: [&str; 6] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];

/// The wrong answer of a broken program must not keep the others waiting for ever.
const SECONDS: &str = "900";

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c-tests")
}

/// The folder in which cargo has put the libraries that belong to this test; the copy one folder up may be older.
fn built() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_owned()
}

fn is_set(switch: &str) -> bool {
    std::env::var_os(switch).is_some_and(|value| !value.is_empty() && value != "0")
}

/// Under valgrind or a sanitizer, where everything takes far longer.
fn is_checked() -> bool {
    is_set("VALGRIND") || is_set("ASAN")
}

/// The emulator and its arguments; empty where the machine itself runs the programs.
fn runner() -> String {
    std::env::var("KETAMA_TEST_RUNNER").unwrap_or_default()
}

fn has(command: &str) -> bool {
    let found = Command::new(command).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// Past the capture of the test harness: whoever reads the log of a run that passed must see it.
fn skipped(what: &str, why: &str) {
    let mut past_capture = std::io::stderr();
    writeln!(past_capture, "SKIPPED {what}: {why}").unwrap();
}

/// An empty folder for one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("c-{}", std::process::id())).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder with the library under the two names that a linker and a loader look for.
fn library() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = folder("lib");
        for name in ["libketama.so", "libketama.so.1"] {
            std::os::unix::fs::symlink(built().join("libketama.so"), folder.join(name)).unwrap();
        }
        folder
    })
}

/// Runs a command to its end; what it printed, if it succeeded.
fn finish(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    output
}

/// The start of a compiler's command line.
fn compiler(default: &str, standard: &str) -> Command {
    let variable = if default == "c++" { "CXX" } else { "CC" };
    let name = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    let mut command = Command::new(if default == "musl-gcc" { default.to_owned() } else { name });
    command.arg(format!("-std={standard}")).args(WARNINGS).args(["-g", "-O2"]);
    command.arg("-I").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"));
    if is_set("ASAN") && default != "musl-gcc" {
        command.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    }
    command
}

/// A compiled program, and the folder that is its own.
struct Program {
    path: PathBuf,
    folder: PathBuf,
}

impl Program {
    /// Compiles a C program against the shared library.
    fn new(source: &str, test: &str) -> Self {
        Self::with(compiler("cc", "c99"), source, test, |command| {
            command.arg("-L").arg(library()).arg("-lketama").args(["-lpthread", "-ldl", "-lm"]);
        })
    }

    fn with(mut command: Command, source: &str, test: &str, link: impl FnOnce(&mut Command)) -> Self {
        let folder = folder(test);
        let path = folder.join("program");
        command.arg(sources().join(source)).arg("-o").arg(&path);
        link(&mut command);
        finish(&mut command);
        Self { path, folder }
    }

    /// The command that runs it, under valgrind if that is wanted.
    fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new("timeout");
        command.arg(SECONDS);
        if is_set("VALGRIND") {
            command.args(["valgrind", "-q", "--leak-check=full", "--show-leak-kinds=all"]);
            command.args(["--errors-for-leak-kinds=all", "--error-exitcode=99"]);
            command.arg(format!("--suppressions={}", sources().join("valgrind.supp").display()));
        }
        command.args(runner().split_whitespace());
        command.arg(&self.path).args(arguments).env("LD_LIBRARY_PATH", library()).current_dir(&self.folder);
        command
    }

    /// Runs it; it must succeed. What it printed.
    fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> String {
        let output = String::from_utf8_lossy(&finish(&mut self.command(arguments)).stdout).into_owned();
        print!("{output}");
        output
    }
}

/// The MD5 of what a program prints, in hex.
fn md5_of_output(command: &mut Command) -> String {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let (mut hash, mut buffer) = (Md5::new(), vec![0; 1 << 16]);
    loop {
        match output.read(&mut buffer).unwrap() {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    assert!(child.wait().unwrap().success(), "{command:?}");
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Name of a list and the MD5 of the 1,000,000-key output recorded for it, where that is defined.
fn recorded_outputs() -> Vec<(String, String)> {
    let manifest = std::fs::read_to_string(sources().join("vectors/manifest.tsv")).unwrap();
    let rows = manifest.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| row[4] != "-").map(|row| (row[0].to_owned(), row[4].to_owned())).collect()
}

#[test]
fn sizes_offsets_prototypes_and_macros_are_those_of_2007_in_every_standard() {
    for (language, standards) in [("cc", &C_STANDARDS[..]), ("c++", &CXX_STANDARDS[..])] {
        for standard in standards {
            let mut command = compiler(language, standard);
            if language == "c++" {
                command.args(["-x", "c++"]);
            }
            let program = Program::with(command, "layout.c", &format!("layout-{standard}"), |command| {
                command.args(["-x", "none", "-L"]).arg(library()).arg("-lketama");
            });
            assert_eq!(program.run::<&str>(&[]), "layout as in 2007\n");
        }
    }
}

#[test]
fn both_headers_compile_alone_in_every_standard() {
    let check = |language: &str, standard: &str, kind: &str| {
        for header in ["ketama.h", "ketama_ring.h"] {
            let mut command = compiler(language, standard);
            command.args(["-fsyntax-only", "-include", header, "-x", kind, "/dev/null"]);
            finish(&mut command);
        }
    };
    C_STANDARDS.iter().for_each(|standard| check("cc", standard, "c"));
    CXX_STANDARDS.iter().for_each(|standard| check("c++", standard, "c++"));
    if !has("musl-gcc") {
        return skipped("headers with musl", "no musl-gcc (package musl-tools)");
    }
    C_STANDARDS.iter().for_each(|standard| check("musl-gcc", standard, "c"));
    let mut command = compiler("musl-gcc", "c99");
    finish(command.arg("-fsyntax-only").arg(sources().join("layout.c")));
}

#[test]
fn exported_names_are_those_of_symbols_txt() {
    let mut nm = Command::new(std::env::var("NM").unwrap_or_else(|_| "nm".to_owned()));
    let output =
        finish(nm.args(["-D", "--defined-only", "--format=posix"]).arg(built().join("libketama.so")));
    let mut names: Vec<_> = std::str::from_utf8(&output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    names.sort_unstable();
    let listed = std::fs::read_to_string(sources().join("symbols.txt")).unwrap();
    let listed: Vec<_> = listed.lines().collect();
    assert_eq!(names, listed, "the exported names, and those of c-tests/symbols.txt");
}

#[test]
fn the_library_bears_the_name_that_programs_of_2007_ask_for() {
    let mut readelf = Command::new("readelf");
    let output = finish(readelf.arg("-d").arg(built().join("libketama.so")).env("LC_ALL", "C"));
    let output = String::from_utf8_lossy(&output.stdout);
    assert!(output.contains("Library soname: [libketama.so.1]"), "{output}");
}

#[test]
fn a_million_keys_go_where_the_reference_sent_them() {
    let program = Program::new("golden.c", "golden");
    if is_checked() {
        return skipped(
            "a million keys under a checker",
            "takes half an hour; compare.c asks 1000 keys a list",
        );
    }
    for (name, expected) in recorded_outputs() {
        let list = sources().join(format!("vectors/{name}.servers"));
        assert_eq!(md5_of_output(&mut program.command(&[list])), expected, "{name}");
    }
}

#[test]
fn the_sample_list_of_this_repository_is_the_recorded_one() {
    if is_checked() {
        return skipped("the sample list under a checker", "it is one of the million-key lists");
    }
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("ketama.servers");
    let program = Program::new("golden.c", "sample");
    assert_eq!(md5_of_output(&mut program.command(&[list])), "5672b131391f5aa2b280936aec1eea74");
}

#[test]
fn the_static_library_gives_the_same_answers() {
    if is_checked() {
        return skipped("the static library under a checker", "its million keys take half an hour");
    }
    let program = Program::with(compiler("cc", "c99"), "golden.c", "static", |command| {
        command.arg(built().join("libketama.a")).args(NATIVE_LIBRARIES);
    });
    let list = sources().join("vectors/canonical.servers");
    assert_eq!(md5_of_output(&mut program.command(&[list])), "5672b131391f5aa2b280936aec1eea74");
}

/// `compare` opens libraries and is linked with none.
fn comparison(test: &str) -> Program {
    Program::with(compiler("cc", "c99"), "compare.c", test, |command| {
        command.args(["-ldl", "-lm"]);
    })
}

/// `compare` with the vectors of a folder.
fn compare(program: &Program, vectors: &Path) -> Command {
    let mut command = Command::new("timeout");
    command
        .arg(SECONDS)
        .args(runner().split_whitespace())
        .arg(&program.path)
        .arg("-v")
        .arg(vectors)
        .arg(built().join("libketama.so"));
    command
}

#[test]
fn recorded_rings_keys_and_errors_are_met() {
    let program = comparison("compare");
    let output = String::from_utf8_lossy(&finish(&mut compare(&program, &sources().join("vectors"))).stdout)
        .into_owned();
    assert!(output.starts_with("no difference: 31 rings, 31000 keys, 42 refused lists"), "{output}");
}

#[test]
fn the_comparison_sees_a_swapped_tie_and_a_changed_digit() {
    let program = comparison("compare-changed");
    let vectors = program.folder.join("vectors");
    let (first, second) = ("1931991\t10.0.7.93:11211\n", "1931991\t10.0.21.24:11211\n");
    let changes = [
        ("tie-ab.ring", format!("{first}{second}"), format!("{second}{first}")),
        ("n2.keys", "0\t2216742351".into(), "0\t2216742350".into()),
        ("errors.tsv", "(line 6 in".into(), "(line 5 in".into()),
    ];
    for (file, from, to) in changes {
        std::fs::create_dir_all(&vectors).unwrap();
        for entry in std::fs::read_dir(sources().join("vectors")).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), vectors.join(entry.file_name())).unwrap();
        }
        let text = std::fs::read_to_string(vectors.join(file)).unwrap();
        assert!(text.contains(&from), "{file}");
        std::fs::write(vectors.join(file), text.replacen(&from, &to, 1)).unwrap();
        let output = compare(&program, &vectors).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.code() == Some(1) && shown.contains("DIFFERENCE"), "{file}: {shown}");
    }
}

#[test]
fn the_life_cycle_is_the_old_one_without_its_defects() {
    Program::new("legacy.c", "legacy").run::<&str>(&[]);
}

#[test]
fn failures_are_reported_as_callers_know_them() {
    Program::new("errors.c", "errors").run::<&str>(&[]);
}

#[test]
fn a_publisher_may_be_killed_at_any_system_call() {
    if is_checked() {
        return skipped(
            "killed publishers under a checker",
            "the checker's own system calls would be counted",
        );
    }
    Program::new("killed.c", "killed").run::<&str>(&[]);
}

#[test]
fn what_is_scarce_is_told_and_nothing_aborts() {
    let program = Program::new("scarce.c", "scarce");
    if is_checked() {
        skipped("little address space under a checker", "the checker itself needs more");
    } else if !runner().is_empty() {
        skipped("little address space under an emulator", "it keeps the limit from the program");
    } else {
        program.run::<&str>(&[]);
        return;
    }
    program.run(&["crowded"]);
}

#[test]
fn large_requests_for_memory_may_fail_one_by_one() {
    if is_checked() {
        return skipped("memory that lacks, under a checker", "the checker has the allocator itself");
    }
    if !runner().is_empty() {
        return skipped(
            "memory that lacks, under an emulator",
            "its thousand processes would take half an hour",
        );
    }
    Program::new("allocations.c", "allocations").run::<&str>(&[]);
}

#[test]
fn clocks_may_be_set() {
    Program::new("clock.c", "clock").run::<&str>(&[]);
}

#[test]
fn links_in_the_place_of_a_segment_lead_nowhere() {
    let program = Program::new("links.c", "links");
    if is_checked() {
        skipped("links between system calls under a checker", "the checker's own would be counted");
        program.run(&["free"]);
    } else {
        program.run::<&str>(&[]);
    }
}

#[test]
fn threads_and_their_children_do_not_disturb_each_other() {
    Program::new("threads.c", "threads").run(&[if is_set("VALGRIND") { "500" } else { "10000" }]);
}

#[test]
fn helgrind_has_nothing_to_report_about_threads() {
    if is_checked() {
        return skipped("threads under helgrind and another checker", "one checker at a time");
    }
    if !has("valgrind") {
        return skipped("threads under helgrind", "no valgrind");
    }
    if std::env::var_os("NM").is_some() {
        return skipped("threads under helgrind", "it knows the programs of this machine only");
    }
    let program = Program::new("threads.c", "helgrind");
    let mut command = Command::new("timeout");
    command.args([SECONDS, "valgrind", "-q", "--tool=helgrind", "--error-exitcode=99"]).arg(&program.path);
    command.arg(if is_set("SOAK") { "10000" } else { "300" });
    finish(command.env("LD_LIBRARY_PATH", library()).current_dir(&program.folder));
}

#[test]
fn rings_of_118_to_10000_servers_are_those_of_the_rules() {
    let program = Program::new("limits.c", "limits");
    program.run(if is_set("VALGRIND") { &["118", "1000"] } else { &["118", "1000", "10000"] });
}

#[test]
fn a_ring_of_99999_servers_is_that_of_the_rules() {
    if is_checked() {
        return skipped("99,999 servers under a checker", "takes minutes; 10,000 are checked");
    }
    Program::new("limits.c", "limits-99999").run(&["99999"]);
}

#[test]
fn rolling_and_smoking_leaves_the_process_as_it_was() {
    if is_checked() {
        return skipped(
            "the footprint under a checker",
            "it would be that of the checker, which looks for leaks itself",
        );
    }
    Program::new("flat.c", "flat").run(&[if is_set("SOAK") { "10000000" } else { "200000" }]);
}

#[test]
fn the_library_can_be_closed_and_opened_again() {
    Program::new("unload.c", "unload").run(&[library().join("libketama.so.1")]);
}

#[test]
fn the_first_program_of_the_readme_prints_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```c\n").unwrap();
    let (source, rest) = rest.split_once("```").unwrap();
    let (_, shown) = rest.split_once("$ ./where\n").unwrap();
    let (expected, _) = shown.split_once("```").unwrap();
    let file = folder("readme-source").join("where.c");
    std::fs::write(&file, source).unwrap();
    let program = Program::new(file.to_str().unwrap(), "readme");
    std::fs::copy(root.join("ketama.servers"), program.folder.join("ketama.servers")).unwrap();
    assert_eq!(program.run::<&str>(&[]), expected);
}

/// The README of the C examples shows what `make demo` prints.
#[test]
fn the_example_prints_what_its_readme_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("examples/c/README.md")).unwrap();
    let command = readme.lines().find_map(|line| line.strip_prefix("$ ./lookup ")).unwrap();
    let (list, keys) = command.split_once(' ').unwrap();
    let mut arguments = vec![root.join(list).to_str().unwrap().to_owned()];
    arguments.extend(keys.split(' ').map(str::to_owned));
    let program = Program::new("../examples/c/lookup.c", "example");
    let printed = program.run(&arguments);
    assert!(readme.contains(&printed), "{printed}");
}

#[test]
fn the_example_of_the_ring_api_agrees_with_the_old_functions() {
    let program = Program::new("../examples/c/ring.c", "ring");
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("ketama.servers");
    let printed = program.run(&[list.to_str().unwrap(), "-", "user:42", "1"]);
    assert!(printed.contains("\nuser:42 -> 10.0.1.7:11211 ") && printed.contains("\n1 -> 10.0.1.5:11211 "));
}

#[test]
fn a_program_in_cxx_works_in_every_standard() {
    for standard in &CXX_STANDARDS[..4] {
        let test = format!("cxx-{standard}");
        let program = Program::with(compiler("c++", standard), "cxx.cc", &test, |command| {
            command.arg("-L").arg(library()).arg("-lketama");
        });
        assert!(program.run::<&str>(&[]).starts_with("10.9.9.1:11211 "));
    }
}
