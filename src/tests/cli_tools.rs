//! `ketama dialects`, `selftest`, `bench`, `man`, `completions`, and `detect` as its user sees it.

use super::cli::{ANSWERS, Folder, LIST, ketama};
use super::vectors::read;
use crate::cli::selftest::RECORDED;
use crate::dialect::DIALECTS;
use crate::observation::Observation;
use serde_json::Value;
use std::path::Path;

fn json(arguments: &[&str]) -> Value {
    let (code, output, error) = ketama(arguments, b"");
    assert_eq!((code, error.as_str()), (0, ""));
    serde_json::from_str(&output).unwrap()
}

#[test]
fn dialects_are_all_in_the_table_and_each_tells_its_options() {
    let (code, table, _) = ketama(&["dialects"], b"");
    assert_eq!((code, table.lines().count()), (0, DIALECTS.len() + 1));
    let report = json(&["dialects", "--json"]);
    for (dialect, told) in DIALECTS.iter().zip(report.as_array().unwrap()) {
        assert_eq!(
            (told["name"].as_str(), told["verified"].as_str()),
            (Some(dialect.name), Some(dialect.verified))
        );
        assert_eq!(told["options"].as_array().unwrap().len(), dialect.options.len());
        let (_, one, _) = ketama(&["dialects", dialect.name], b"");
        for option in dialect.options {
            assert!(one.contains(&format!("--option {}=", option.name)), "{one}");
        }
    }
    let (code, _, error) = ketama(&["dialects", "x"], b"");
    assert!(code == 2 && error.contains("unknown dialect `x`"), "{error}");
}

#[test]
fn selftest_is_good_here_and_tells_of_every_dialect() {
    assert_eq!(ketama(&["selftest", "--quiet"], b""), (0, "all is well\n".to_owned(), String::new()));
    let report = json(&["selftest", "--json"]);
    let names: Vec<&str> = report["dialects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|checked| checked["name"].as_str().unwrap())
        .collect();
    for dialect in DIALECTS {
        let unchecked = report["unchecked"].as_array().unwrap().iter().any(|name| name == dialect.name);
        assert!(names.contains(&dialect.name) != unchecked, "{dialect}");
    }
    assert!(names.len() >= 29, "{names:?}");
    assert_eq!(report["backends"][0]["name"], "scalar");
}

#[test]
fn the_answers_of_the_selftest_are_recorded_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dialect/vectors");
    for line in RECORDED.lines() {
        let note = serde_json::from_str::<Value>(line).unwrap()["note"].as_str().unwrap().to_owned();
        let cut = Observation::parse(line.as_bytes(), &note).unwrap();
        // The 2007 library's recordings have a form of their own.
        if cut.list.dialect.name == "libketama" {
            continue;
        }
        let whole = read(&folder.join(&note));
        let without_line = |servers: &[crate::Server]| -> Vec<crate::Server> {
            servers.iter().map(|server| crate::Server { line: 0, ..server.clone() }).collect()
        };
        assert_eq!(without_line(&cut.list.servers), without_line(&whole.list.servers), "{note}");
        assert!(cut.keys.iter().all(|key| whole.keys.contains(key)), "{note}");
    }
}

#[test]
fn bench_measures_each_backend_and_each_dialect() {
    let report = json(&["bench", "--json", "--seconds", "0", "--servers", "5", "--dialect", "jump"]);
    let rows: Vec<&str> =
        report["rows"].as_array().unwrap().iter().map(|row| row["what"].as_str().unwrap()).collect();
    assert_eq!(rows[0], "md5 of a key, scalar");
    assert_eq!(
        rows[rows.len() - 3..],
        ["look-up, jump", "look-up in batches, jump", "building the ring, jump"]
    );
    assert!(report["compiler"].as_str().unwrap().starts_with("rustc "), "{report}");
    for row in report["rows"].as_array().unwrap() {
        assert!(row["each_ns"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(ketama(&["bench", "--seconds", "-1"], b"").0, 2);
    assert_eq!(ketama(&["bench", "--dialect", "x", "--seconds", "0"], b"").0, 2);
}

#[test]
fn manual_pages_and_completions_name_every_command() {
    let folder = Folder::new("man");
    assert_eq!(ketama(&["man", folder.path()], b""), (0, String::new(), String::new()));
    let (_, help, _) = ketama(&["--help"], b"");
    let commands = help.split_once("Commands:\n").unwrap().1.split("\n\n").next().unwrap();
    let commands: Vec<&str> = commands.lines().filter_map(|line| line.trim().split(' ').next()).collect();
    assert!(commands.contains(&"detect") && !commands.contains(&"man"), "{commands:?}");
    let (code, script, _) = ketama(&["completions", "bash"], b"");
    assert_eq!(code, 0);
    for command in commands.into_iter().filter(|command| *command != "help") {
        let page = std::fs::read_to_string(format!("{}/ketama-{command}.1", folder.path())).unwrap();
        assert!(page.contains(".TH") && page.contains(".SH OPTIONS"), "{page}");
        assert!(script.contains(command), "{command}");
    }
    let (code, _, error) = ketama(&["man", "/no/such/folder"], b"");
    assert!(code == 2 && error.contains("No such file or directory"), "{error}");
    assert_eq!(ketama(&["completions", "tcsh"], b"").0, 2);
}

#[test]
fn detect_reads_lines_and_shows_the_first_disagreements() {
    let folder = Folder::new("detect");
    let list = folder.file("a.servers", LIST);
    let good = folder.file("good.tsv", ANSWERS);
    let arguments = ["detect", "--observed", &good, &list, "--dialect", "libketama"];
    let (code, output, error) = ketama(&arguments, b"");
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(output.contains("100.00%  libketama\n"), "{output}");
    let bad = folder.file("bad.tsv", &ANSWERS.replace("41\t10.0.1.3", "41\t10.0.1.1"));
    let (code, output, _) = ketama(&["detect", "--observed", &bad, &list, "--dialect", "libketama"], b"");
    assert_eq!(code, 1);
    assert!(output.contains("key \"41\": observed 10.0.1.1:11211, computed 10.0.1.3:11211\n"), "{output}");
    let report = json(&["detect", "--json", "--observed", &good, &list, "--dialect", "libketama"]);
    assert_eq!(report["ranking"][0]["matches"], 4);
}

#[test]
fn detect_refuses_what_it_cannot_use() {
    let folder = Folder::new("detect-bad");
    let list = folder.file("a.servers", LIST);
    let good = folder.file("good.tsv", ANSWERS);
    let unknown = folder.file("unknown.tsv", "k\t10.9.9.9:11211\n");
    let alone = folder.file("alone.tsv", "k\n");
    let empty = folder.file("empty.tsv", "");
    for (arguments, message) in [
        (&[&good[..]][..], "a LIST is wanted: only an observation file (JSON) has its own servers"),
        (&[&unknown, &list], "`10.9.9.9:11211` is no server of this list (line 1 in"),
        (&[&alone, &list], "a line is KEY, a tab and a server (line 1 in"),
        (&[&empty, &list], "there are no answers"),
        (&["-", "-"], "the list and the answers cannot both come from standard input"),
        (&[&good, &list, "--dialect", "x"], "unknown dialect `x`"),
        (&[&good, &list, "--option", "x=1"], "unknown option `x`; known: "),
        (&[&good, &list, "--option", "vnodes=0"], "option `vnodes` takes an integer from 1"),
        (&[&good, &list, "--dialect", "haproxy"], "haproxy takes integers from 0 to 256"),
    ] {
        let (code, output, error) = ketama(&[&["detect", "--observed"], arguments].concat(), b"");
        assert_eq!((code, output.as_str()), (2, ""), "{error}");
        assert!(error.contains(message), "{error}");
    }
}
