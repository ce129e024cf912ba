//! The command as its user sees it: arguments and input in, output and exit code out.

use crate::cli::{Streams, run};
use std::io::{self, Write};
use std::path::PathBuf;

/// Exit code, standard output and standard error of a run.
pub(super) fn ketama(arguments: &[&str], stdin: &[u8]) -> (u8, String, String) {
    let (mut stdin, mut stdout, mut stderr) = (stdin, Vec::new(), Vec::new());
    let arguments = std::iter::once(&"ketama").chain(arguments).map(Into::into);
    let mut streams = Streams { stdin: &mut stdin, stdout: &mut stdout, stderr: &mut stderr };
    let code = run(arguments, &mut streams);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(stdout), text(stderr))
}

/// A folder for one test, gone when the test is over.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ketama-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        self.bytes(name, text.as_bytes())
    }

    pub fn bytes(&self, name: &str, text: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

// The list and the answers of the 2007 library to it.
pub(super) const LIST: &str = "10.0.1.1:11211\t600\n10.0.1.2:11211\t300\n10.0.1.3:11211\t200\n10.0.1.4:11211\t350\n\
    10.0.1.5:11211\t1000\n10.0.1.6:11211\t800\n10.0.1.7:11211\t950\n10.0.1.8:11211\t100\n";
pub(super) const ANSWERS: &str =
    "1\t10.0.1.5:11211\n41\t10.0.1.3:11211\n81\t10.0.1.7:11211\nuser:688742:profile\t10.0.1.7:11211\n";

/// An observation file with the given answer for `41`; the right one is `10.0.1.3:11211`.
fn observation(answer: &str) -> String {
    let servers: Vec<String> = LIST
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(name, weight)| format!(r#"{{"name": "{name}", "weight": {weight}}}"#))
        .collect();
    let keys = format!(r#"[["1", "10.0.1.5:11211"], ["41", {answer}], ["81", "10.0.1.7:11211"]]"#);
    format!(r#"{{"dialect": "libketama", "servers": [{}], "keys": {keys}}}"#, servers.join(", "))
}

#[test]
fn lookup_prints_the_server_of_each_key() {
    let folder = Folder::new("lookup");
    let list = folder.file("a.servers", LIST);
    let keys = ["1", "41", "81", "user:688742:profile"];
    let arguments = [&["lookup", &list][..], &keys].concat();
    assert_eq!(ketama(&arguments, b""), (0, ANSWERS.to_owned(), String::new()));
    assert_eq!(
        ketama(&["lookup", &list], b"1\n41\n81\nuser:688742:profile"),
        (0, ANSWERS.to_owned(), String::new())
    );
    let arguments = [&["lookup", "-"][..], &keys].concat();
    assert_eq!(ketama(&arguments, LIST.as_bytes()), (0, ANSWERS.to_owned(), String::new()));
}

#[test]
fn lookup_takes_lines_byte_for_byte() {
    let folder = Folder::new("bytes");
    let list = folder.file("one.servers", "only 10\n");
    let (mut stdin, mut stdout, mut stderr) = (&b"\n\xff\r\n"[..], Vec::new(), Vec::new());
    let mut streams = Streams { stdin: &mut stdin, stdout: &mut stdout, stderr: &mut stderr };
    assert_eq!(run(["ketama".into(), "lookup".into(), list.into()], &mut streams), 0);
    assert_eq!(stdout, b"\tonly\n\xff\r\tonly\n");
}

#[test]
fn lookup_prints_as_many_servers_as_are_wanted() {
    let folder = Folder::new("replicas");
    let list =
        folder.file("a.toml", "dialect = 'libketama'\nreplicas = 3\nservers = [{name = 'a'}, {name = 'b'}]");
    let (code, three, _) = ketama(&["lookup", &list, "k"], b"");
    assert_eq!(code, 0);
    assert_eq!(three.split('\t').count(), 3, "the key and both servers: {three}");
    let (_, one, _) = ketama(&["lookup", "--replicas", "1", &list, "k"], b"");
    assert!(three.starts_with(one.trim_end()) && one.split('\t').count() == 2, "{one} {three}");
}

#[test]
fn lookup_prints_a_dash_where_there_is_no_server() {
    let folder = Folder::new("none");
    let list = folder.file("a.toml", "dialect = 'libketama'\nservers = []");
    assert_eq!(ketama(&["lookup", &list, "k"], b""), (0, "k\t-\n".into(), String::new()));
    assert_eq!(ketama(&["lookup", "-n", "2", &list, "k"], b""), (0, "k\t-\n".into(), String::new()));
}

#[test]
fn options_of_the_arguments_take_the_place_of_those_of_the_list() {
    let folder = Folder::new("options");
    let list =
        folder.file("a.toml", "dialect = 'libketama'\nservers = [{name = 'a'}]\n[options]\nmax-points = 5");
    let few = format!(
        "ketama: the ring would have more than 5 points; the option `max-points` raises the limit (in {list})\n"
    );
    let (code, _, error) = ketama(&["lookup", &list, "k"], b"");
    assert_eq!((code, error), (2, few));
    assert_eq!(ketama(&["lookup", "--option", "MAX_POINTS=500", &list, "k"], b"").0, 0);
    assert_eq!(ketama(&["lookup", "--dialect", "LIBKETAMA", &list, "k"], b"").0, 2);
}

#[test]
fn bad_arguments_and_lists_give_2_and_say_why() {
    let folder = Folder::new("bad");
    let list = folder.file("a.toml", "dialect = 'libketama'\nservers = [{name = 'a'}]\nnodes = 1");
    let good = folder.file("good.servers", LIST);
    let gone = folder.file("gone", "") + "-away";
    let unknown =
        "unknown field of a server list `nodes`; known: dialect, options, servers, replicas, note, segment";
    let shown = "    3 | nodes = 1\n      | ^";
    let cases: [(&[&str], String); 6] = [
        (&["lookup", &list, "k"], format!("{unknown} (line 3, column 1 in {list})\n{shown}")),
        (&["lookup", &gone, "k"], format!("cannot read: No such file or directory (os error 2) (in {gone})")),
        (&["lookup", "-"], "the list and the keys cannot both come from standard input".into()),
        (&["lookup", "--option", "x", &good, "k"], "--option takes NAME=VALUE, not `x`".into()),
        (&["lookup", "--option", "x=1", &good, "k"], "unknown option `x`; known: max-points".into()),
        (&["verify", &gone], format!("cannot read: No such file or directory (os error 2) (in {gone})")),
    ];
    for (arguments, message) in cases {
        let (code, _, error) = ketama(arguments, b"");
        assert_eq!((code, error), (2, format!("ketama: {message}\n")), "{arguments:?}");
    }
    let (code, output, error) = ketama(&["lookpu"], b"");
    assert_eq!((code, output), (2, String::new()));
    assert!(error.contains("lookpu") && error.contains("Usage: ketama"), "{error}");
    let (code, output, error) = ketama(&["--help"], b"");
    assert_eq!((code, error), (0, String::new()));
    assert!(output.contains("lookup") && output.contains("verify"), "{output}");
}

#[test]
fn verify_counts_the_answers_that_match() {
    let folder = Folder::new("verify");
    let right = folder.file("right.json", &observation("\"10.0.1.3:11211\""));
    let output =
        format!("{right}: 3 of 3 answers match\ntotal: 3 of 3 answers match (files: 1, unusable: 0)\n");
    assert_eq!(ketama(&["verify", folder.path()], b""), (0, output, String::new()));
}

#[test]
fn verify_gives_1_and_shows_what_differs() {
    let folder = Folder::new("differs");
    let right = folder.file("deep/right.json", &observation("\"10.0.1.3:11211\""));
    let wrong = folder.file("wrong.json", &observation("null"));
    folder.file("ignored.txt", "");
    let output = format!(
        "{right}: 3 of 3 answers match\n{wrong}: 2 of 3 answers match\n  \
         key \"41\": ours 10.0.1.3:11211, theirs -\ntotal: 5 of 6 answers match (files: 2, unusable: 0)\n"
    );
    assert_eq!(ketama(&["verify", folder.path()], b""), (1, output, String::new()));
    let (code, output, _) = ketama(&["verify", "--show", "0", &wrong], b"");
    assert_eq!((code, output.lines().count()), (1, 2));
}

#[test]
fn verify_gives_2_for_a_file_that_cannot_be_used_and_goes_on() {
    let folder = Folder::new("unusable");
    let bad = folder.file("a-bad.json", &observation("\"10.9.9.9:11211\""));
    let wrong = folder.file("b-wrong.json", &observation("\"10.0.1.1:11211\""));
    let (code, output, error) = ketama(&["verify", folder.path()], b"");
    assert_eq!(
        error,
        format!("ketama: keys[1][1]: the answer `10.9.9.9:11211` is no server of this list (in {bad})\n")
    );
    assert!(output.starts_with(&format!("{wrong}: 2 of 3 answers match\n")), "{output}");
    assert!(output.ends_with("total: 2 of 3 answers match (files: 1, unusable: 1)\n"), "{output}");
    assert_eq!(code, 2);
    let empty = Folder::new("empty");
    let (code, _, error) = ketama(&["verify", empty.path()], b"");
    let message = format!("ketama: no *.json file in this directory (in {})\n", empty.path());
    assert_eq!((code, error), (2, message));
}

/// A reader that went away.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_output_is_no_error_but_a_full_one_is() {
    let outputs: [(&mut dyn Write, u8); 2] = [(&mut Closed, 0), (&mut Full, 2)];
    for (stdout, code) in outputs {
        let (mut stdin, mut stderr) = (LIST.as_bytes(), Vec::new());
        let mut streams = Streams { stdin: &mut stdin, stdout, stderr: &mut stderr };
        assert_eq!(run(["ketama", "lookup", "-", "k"].map(Into::into), &mut streams), code);
        assert_eq!(stderr.is_empty(), code == 0);
    }
}
