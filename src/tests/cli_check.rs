//! `ketama check`: findings with their places, and exit codes.

use super::cli::{Folder, LIST, ketama};
use serde_json::Value;

type Finding = (Option<u64>, Option<u64>, String);

/// Line, column and reason of each finding in a list.
fn findings(text: &[u8], more: &[&str]) -> (u8, Vec<Finding>) {
    let (code, output, _) = ketama(&[&["check", "--json", "-"], more].concat(), text);
    let report: Value = serde_json::from_str(&output).unwrap();
    let finding = |finding: &Value| {
        let reason = finding["reason"].as_str().unwrap().to_owned();
        (finding["line"].as_u64(), finding["column"].as_u64(), reason)
    };
    (code, report["lists"][0]["findings"].as_array().unwrap().iter().map(finding).collect())
}

#[test]
fn a_good_list_is_good() {
    let (code, output, error) = ketama(&["check", "-", "--strict"], LIST.as_bytes());
    assert_eq!((code, &error[..]), (0, ""));
    let summary = "standard input: libketama, 8 servers, 1264 points in ";
    assert!(output.starts_with(summary) && output.ends_with("greatest load 1.084: good\n"), "{output}");
    assert_eq!(output.lines().count(), 1);
}

#[test]
fn warnings_fail_only_if_they_shall() {
    let list = b"a\t10\nb 250";
    assert_eq!(ketama(&["check", "-"], list).0, 0);
    assert_eq!(ketama(&["check", "-", "--strict"], list).0, 1);
    let (_, output, _) = ketama(&["check", "-"], list);
    let shown = "standard input:2:5: warning: the last digit of the weight is dropped, for no newline follows it: \
        `250` counts as 25\n    2 | b 250\n      |     ^\n";
    assert!(output.starts_with(shown), "{output}");
    assert!(output.ends_with(": 2 warnings\n"), "{output}");
}

#[test]
fn errors_fail_and_show_their_line() {
    let folder = Folder::new("check");
    let good = folder.file("good", LIST);
    let bad = folder.file("bad", "a\t5\nb\ttwo\n");
    let gone = format!("{}/gone", folder.path());
    let (code, output, _) = ketama(&["check", &bad, &good, &gone], b"");
    assert_eq!(code, 2);
    let shown =
        format!("{bad}:2: error: Invalid memory value\n    2 | b two\n      | ^^^^^\n{bad}: not usable\n");
    assert!(output.starts_with(&shown), "{output}");
    assert!(output.contains(": good\n"), "the others are checked all the same: {output}");
    assert!(output.contains(&format!("{gone}: error: cannot read: No such file")), "{output}");
    let (code, _) = findings(b"dialect = 'nope'\nservers = []", &[]);
    assert_eq!(code, 2);
}

#[test]
fn an_error_of_toml_has_a_caret_below_its_column() {
    let (code, output, _) =
        ketama(&["check", "-"], b"dialect = 'libketama'\nservers = [{name = 'a', wait = 1}]\n");
    assert_eq!(code, 2);
    let shown = "    2 | servers = [{name = 'a', wait = 1}]\n      |                         ^\n";
    assert!(output.contains(shown), "{output}");
    assert!(output.starts_with("standard input:2:25: error: unknown server field"), "{output}");
}

#[test]
fn each_surprise_is_found() {
    let reason = |text: &[u8], more: &[&str]| {
        let (code, found) = findings(text, more);
        assert_eq!(code, 0, "{found:?}");
        found
            .into_iter()
            .map(|(line, column, reason)| (line.unwrap_or(0), column.unwrap_or(0), reason))
            .collect::<Vec<_>>()
    };
    let crlf = reason(b"a\t10\r\nb\t10\r\n", &[]);
    assert_eq!((crlf.len(), crlf[0].0), (1, 1));
    assert!(crlf[0].2.contains("CR LF"), "{crlf:?}");
    let newline = reason(b"a\t10\n#x", &[]);
    assert!(newline[0].2.contains("no newline"), "{newline:?}");
    let twice = reason(b"a\t10\nb\t10\na\t10\n", &[]);
    assert_eq!(twice, [(3, 1, "server `a`: stands in the list twice (line 1)".into())]);
    let case = reason(b"a:1\t10\nA:1\t10\n", &[]);
    assert_eq!(
        case,
        [(2, 1, "server `A:1`: differs from `a:1` (line 1) by upper and lower case alone".into())]
    );
    let long = reason(b"a-very-long-name-of-a-server.example:11211\t10\n", &[]);
    assert!(long[0].2.contains("42 bytes") && long[0].2.contains("refused"), "{long:?}");
    let none = reason(b"a\t1\nb\t9000\nc\t9000\nd\t9000\n", &[]);
    assert_eq!((none[0].0, none[0].1), (1, 1));
    assert!(none[0].2.contains("gets no keys: its weight 1 asks for 0.00%"), "{none:?}");
    let ignored = reason(b"a\t1\nb\t2\n", &["--dialect", "jump"]);
    assert_eq!(
        ignored,
        [(2, 1, "server `b`: weights differ, but jump with these options ignores them".into())]
    );
    let down = b"dialect = 'libketama'\n[[servers]]\nname = 'a'\ndown = true\n[[servers]]\nname = 'b'\n";
    let down = reason(down, &[]);
    assert_eq!((down[0].0, down[0].1), (3, 9));
    assert!(down[0].2.contains("is down, but libketama goes on sending it"), "{down:?}");
    let uneven =
        b"dialect = 'cassandra'\nservers = [{name = 'a', tokens = [0]}, {name = 'b', tokens = [9]}]\n";
    let uneven = reason(uneven, &[]);
    assert!(uneven.iter().any(|one| one.2.contains("0.00% of the keys, 0.00 of the 50.00%")), "{uneven:?}");
    let empty = reason(b"dialect = 'libketama'\nservers = []\n", &[]);
    assert_eq!(empty[0].2, "the list has no server: no key has an answer");
}

#[test]
fn columns_count_characters() {
    let (_, found) = findings("\u{e9}t\u{e9}:1 250 x\n".as_bytes(), &[]);
    assert_eq!((found[0].0, found[0].1), (Some(1), Some(9)));
    let (_, output, _) = ketama(&["check", "-"], "\u{e9}t\u{e9}:1 250 x\n".as_bytes());
    assert!(output.contains("    1 | \u{e9}t\u{e9}:1 250 x\n      |         ^\n"), "{output}");
}
