//! `ketama lookup` and `ketama points`: options, batches, bytes, JSON.

use super::cli::{ANSWERS, Folder, LIST, ketama};
use crate::cli::{Streams, run};
use crate::{Ring, ServerList};
use std::io::{BufRead, BufReader, Read};

/// Standard output of a run, as bytes, for an input of any kind.
fn bytes(arguments: &[&str], stdin: &mut dyn BufRead) -> Vec<u8> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let arguments = std::iter::once(&"ketama").chain(arguments).map(Into::into);
    let code = run(arguments, &mut Streams { stdin, stdout: &mut stdout, stderr: &mut stderr });
    assert_eq!((code, &stderr[..]), (0, &b""[..]));
    stdout
}

#[test]
fn keys_are_the_same_however_the_input_is_cut() {
    let folder = Folder::new("cut");
    let list = folder.file("list", LIST);
    let keys = b"1\n41\n81\nuser:688742:profile";
    for capacity in 1..=keys.len() + 1 {
        let mut input = BufReader::with_capacity(capacity, &keys[..]);
        assert_eq!(bytes(&["lookup", &list], &mut input), ANSWERS.as_bytes(), "{capacity}");
        let mut input = BufReader::with_capacity(capacity, keys.chain(&b"\n"[..]));
        assert_eq!(bytes(&["lookup", &list], &mut input), ANSWERS.as_bytes(), "{capacity}");
    }
}

#[test]
fn many_keys_stream_through_with_the_answers_of_single_look_ups() {
    let folder = Folder::new("stream");
    let list = folder.file("list", LIST);
    let keys: String = (0..30_000).map(|number| format!("user:{number}:profile\n")).collect();
    let ring = Ring::build(ServerList::parse(LIST.as_bytes(), "").unwrap()).unwrap();
    let answer = |key: &str| {
        let server = ring.lookup(key.as_bytes()).unwrap();
        format!("{key}\t{}\n", ring.servers()[server as usize].name_lossy())
    };
    let expected: String = keys.lines().map(answer).collect();
    assert!(bytes(&["lookup", &list], &mut BufReader::new(keys.as_bytes())) == expected.as_bytes());
}

#[test]
fn servers_that_are_down_are_passed_over() {
    let folder = Folder::new("down");
    let list = folder
        .file("a.toml", "dialect = 'nginx'\nservers = [{name = 'a:1'}, {name = 'b:1'}, {name = 'c:1'}]");
    let consistent = ["--option", "consistent=true"];
    let run = |more: &[&str]| ketama(&[&["lookup", &list, "k"], &consistent[..], more].concat(), b"");
    let (_, first, _) = run(&[]);
    let name = first.trim_end().split_once('\t').unwrap().1.to_owned();
    let (code, second, _) = run(&["--down", &name]);
    assert_eq!(code, 0);
    assert!(second != first, "{first} {second}");
    let others = ["a:1", "b:1", "c:1"].into_iter().filter(|other| *other != name);
    let down: Vec<&str> = others.flat_map(|other| ["--down", other]).collect();
    assert_eq!(run(&down).1, first, "the only one that is up");
    let (code, _, error) = run(&["--down", "d:1"]);
    assert_eq!((code, &error[..]), (2, "ketama: server `d:1`: no such server in the list\n"));
}

#[test]
fn the_place_of_a_key_is_its_hash_in_the_dialect() {
    let folder = Folder::new("place");
    let list = folder.file("list", LIST);
    let ring = Ring::build(ServerList::parse(LIST.as_bytes(), "").unwrap()).unwrap();
    let place = ring.place(b"41").unwrap();
    let (_, output, _) = ketama(&["lookup", "--hash", &list, "41"], b"");
    assert_eq!(output, format!("41\t{place}\t10.0.1.3:11211\n"));
    let one = folder.file("one.toml", "dialect = 'nginx'\nservers = [{name = 'a:1'}]");
    assert_eq!(ketama(&["lookup", "--hash", &one, "41"], b"").1, "41\t-\ta:1\n", "no choice, no hash");
}

#[test]
fn json_has_a_line_for_each_key() {
    let folder = Folder::new("json");
    let list = folder.file("list", LIST);
    let output = bytes(&["lookup", "--json", &list], &mut &b"41\n\xff"[..]);
    let mut lines = output.split(|&byte| byte == b'\n');
    assert_eq!(lines.next().unwrap(), br#"{"key":"41","server":"10.0.1.3:11211"}"#);
    let second: serde_json::Value = serde_json::from_slice(lines.next().unwrap()).unwrap();
    assert_eq!(second["key"]["hex"], "ff");
    let output = ketama(&["lookup", "--json", "--hash", "-n", "2", &list, "41"], b"").1;
    let value: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(value["servers"].as_array().unwrap().len(), 2);
    assert!(value["place"].is_string() && value.get("server").is_none(), "{output}");
    let empty = folder.file("empty.toml", "dialect = 'libketama'\nservers = []");
    assert_eq!(
        ketama(&["lookup", "--json", "--hash", &empty, "k"], b"").1,
        "{\"key\":\"k\",\"place\":null,\"server\":null}\n"
    );
}

#[test]
fn points_are_those_of_the_ring_in_its_order() {
    let folder = Folder::new("points");
    let list = folder.file("list", LIST);
    let (code, output, error) = ketama(&["points", &list], b"");
    assert_eq!((code, &error[..]), (0, ""));
    let ring = Ring::build(ServerList::parse(LIST.as_bytes(), "").unwrap()).unwrap();
    assert_eq!(output.lines().count(), ring.point_count());
    for (line, index) in output.lines().zip(0..) {
        let (place, server) = ring.point(index).unwrap();
        assert_eq!(line, format!("{place}\t{}", ring.servers()[server as usize].name_lossy()));
    }
    let json: serde_json::Value = serde_json::from_str(&ketama(&["points", "--json", &list], b"").1).unwrap();
    assert_eq!(json["dialect"], "libketama");
    assert_eq!(json["points"].as_array().unwrap().len(), ring.point_count());
    assert_eq!(json["points"][0]["place"], output.split('\t').next().unwrap());
}

#[test]
fn points_of_a_rule_without_points_are_none_and_it_says_so() {
    let folder = Folder::new("no-points");
    let list = folder.file("a.toml", "dialect = 'jump'\nservers = [{name = 'a'}, {name = 'b'}]");
    let told = "ketama: jump with these options and servers has no points\n";
    assert_eq!(ketama(&["points", &list], b""), (0, String::new(), told.to_owned()));
}

/// An input that breaks.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::ConnectionReset.into())
    }
}

#[test]
fn an_input_that_breaks_is_an_error() {
    let folder = Folder::new("broken");
    let list = folder.file("list", LIST);
    let (mut stdin, mut stdout, mut stderr) = (BufReader::new(Broken), Vec::new(), Vec::new());
    let mut streams = Streams { stdin: &mut stdin, stdout: &mut stdout, stderr: &mut stderr };
    assert_eq!(run(["ketama".into(), "lookup".into(), list.into()], &mut streams), 2);
    assert!(stderr.starts_with(b"ketama: cannot read: "));
}
