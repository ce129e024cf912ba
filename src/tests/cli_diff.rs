//! `ketama diff`: against keys counted one by one, its exit codes, and what it refuses.

use super::cli::{Folder, LIST, ketama};
use crate::dialect::DIALECTS;
use crate::{Ring, Server, ServerList};
use serde_json::Value;
use std::collections::HashMap;

/// Dialects that are asked for a million keys: rings of every kind, tables, jump and scores. All others for fewer.
const MILLION: [&str; 10] = [
    "libketama",
    "libmemcached",
    "twemproxy",
    "nginx",
    "haproxy",
    "varnish",
    "spymemcached",
    "go-redis",
    "jump",
    "steady",
];

fn keys_of(dialect: &str) -> usize {
    if MILLION.contains(&dialect) { 1_000_000 } else { 20_000 }
}

fn json(arguments: &[&str]) -> (u8, Value) {
    let (code, output, error) = ketama(arguments, b"");
    (code, serde_json::from_str(&output).unwrap_or_else(|_| panic!("{arguments:?}: {error}")))
}

fn names(count: usize) -> String {
    (1..=count).map(|number| format!("10.0.7.{number}:11211\t10\n")).collect()
}

/// How many keys go from one server to another, key by key, in the form of `flows`.
fn brute_force(dialect: &'static crate::Dialect, keys: &str) -> Option<HashMap<(String, String), f64>> {
    let ring = |count: usize| {
        let servers = (1..=count).map(|number| Server::new(format!("10.0.7.{number}:11211"), 10)).collect();
        Ring::build(ServerList::new(dialect, servers)).ok()
    };
    let (old, new) = (ring(9)?, ring(10)?);
    let mut flows = HashMap::new();
    for key in keys.lines() {
        let answer = |ring: &Ring| {
            ring.lookup(key.as_bytes())
                .map(|server| ring.servers()[server as usize].name_lossy().into_owned())
        };
        let (from, to) = (answer(&old).unwrap_or_default(), answer(&new).unwrap_or_default());
        if from != to {
            *flows.entry((from, to)).or_default() += 1.0 / keys_of(dialect.name) as f64;
        }
    }
    Some(flows)
}

#[test]
fn diff_agrees_with_brute_force_for_at_least_ten_dialects() {
    let folder = Folder::new("brute-force");
    let (old, new) = (folder.file("old", &names(9)), folder.file("new", &names(10)));
    let text: String = (0..1_000_000).map(|number| format!("user:{number}:profile\n")).collect();
    let few: String = text.split_inclusive('\n').take(20_000).collect();
    let files = [folder.file("keys", &text), folder.file("few", &few)];
    let (mut dialects, mut exact_ones) = (0, 0);
    for dialect in DIALECTS {
        let count = keys_of(dialect.name);
        let (text, keys) = if count > 20_000 { (&text, &files[0]) } else { (&few, &files[1]) };
        let Some(flows) = brute_force(dialect, text) else { continue };
        dialects += usize::from(count == 1_000_000);
        let (code, report) = json(&["diff", &old, &new, "--dialect", dialect.name, "--keys", keys, "--json"]);
        assert_eq!(code, 0);
        let counted = &report["counted"];
        assert_eq!(counted["keys"], count);
        let reported = counted["flows"].as_array().unwrap();
        assert_eq!(reported.len(), flows.len(), "{dialect}");
        for flow in reported {
            let name = |field: &str| flow[field].as_str().unwrap_or_default().to_owned();
            let share = flows[&(name("from"), name("to"))];
            assert!((flow["share"].as_f64().unwrap() - share).abs() < 1e-9, "{dialect} {flow}");
        }
        let moved: f64 = flows.values().sum();
        assert!((counted["moved"].as_f64().unwrap() - moved).abs() < 1e-9, "{dialect}");
        let Some(exact) = report["exact"]["moved"].as_f64() else { continue };
        exact_ones += 1;
        // Six standard errors; 15-bit hashes and short keys are less even than chance.
        let error = 6.0 * (moved * (1.0 - moved) / count as f64).sqrt() + 0.005;
        assert!((exact - moved).abs() < error, "{dialect}: exact {exact}, counted {moved}");
    }
    assert!(dialects == MILLION.len() && exact_ones >= 10, "{dialects} dialects, {exact_ones} of them exact");
}

#[test]
fn diff_fails_if_more_moves_than_is_allowed() {
    let folder = Folder::new("max-moved");
    let (old, new) = (folder.file("old", LIST), folder.file("new", &format!("{LIST}10.0.1.9:11211\t500\n")));
    assert_eq!(ketama(&["diff", &old, &new, "--max-moved", "11%"], b"").0, 0);
    assert_eq!(ketama(&["diff", &old, &new, "--max-moved", "0.11"], b"").0, 0);
    assert_eq!(ketama(&["diff", &old, &old, "--max-moved", "0%"], b"").0, 0);
    let (code, output, error) = ketama(&["diff", &old, &new, "--max-moved", "10.5 %"], b"");
    assert_eq!((code, error), (1, "ketama: 10.61% would move, more than the 10.50% of --max-moved\n".into()));
    assert!(output.contains("Of the key space, exactly:\nmoved              10.61%"), "{output}");
    for bad in ["15", "-1%", "x", "101%", ""] {
        let (code, _, error) = ketama(&["diff", &old, &new, &format!("--max-moved={bad}")], b"");
        assert_eq!(code, 2, "{bad}");
        assert!(error.contains("a share is wanted") || error.contains("value is required"), "{bad}: {error}");
    }
}

#[test]
fn diff_counts_made_up_keys_where_the_rules_do_not_tell_and_says_so() {
    let folder = Folder::new("counted");
    let old = folder.file("old", LIST);
    let new =
        folder.file("new.toml", "dialect = 'jump'\nservers = [{name = '10.0.1.1:11211'}, {name = 'b'}]");
    let (code, output, _) = ketama(&["diff", &old, &new, "--sample", "1000"], b"");
    assert_eq!(code, 0);
    assert!(output.contains("Of 1000 keys, counted ("), "{output}");
    assert!(output.contains("the two rules alone do not tell"), "{output}");
    assert!(!output.contains("exactly"), "{output}");
    let (_, report) = json(&["diff", &old, &new, "--sample", "1000", "--json"]);
    assert_eq!(report["exact"], Value::Null);
    assert_eq!(report["counted"]["keys"], 1000);
}

#[test]
fn diff_of_a_list_with_itself_moves_nothing() {
    let (code, output, _) = ketama(&["diff", "-", "examples/lists/eight.servers"], LIST.as_bytes());
    assert_eq!(code, 0);
    assert!(output.contains("moved              0.00%"), "{output}");
    assert!(!output.contains("from"), "{output}");
}

#[test]
fn diff_lists_the_greatest_parts_where_a_table_would_be_too_wide() {
    let folder = Folder::new("wide");
    let list = |from: u32| -> String { (from..from + 10).map(|name| format!("s{name}\t10\n")).collect() };
    let (old, new) = (folder.file("old", &list(0)), folder.file("new", &list(10)));
    let (_, output, _) = ketama(&["diff", &old, &new], b"");
    assert!(output.contains("\nfrom  to"), "{output}");
    assert!(output.contains("\nand 80 more with "), "{output}");
}

#[test]
fn names_that_are_no_text_are_kept_apart_and_shown_in_hexadecimal() {
    let folder = Folder::new("names");
    let old = folder.bytes("old", b"\xff:1\t10\n\xfe:1\t10\n");
    let new = folder.bytes("new", b"\xff:1\t10\n");
    let (_, report) = json(&["diff", &old, &new, "--json"]);
    let servers = report["exact"]["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 2);
    assert_eq!(servers[0]["server"]["hex"], "ff3a31");
    assert_eq!(report["exact"]["flows"][0]["from"]["hex"], "fe3a31");
}

#[test]
fn diff_refuses_what_it_cannot_read() {
    let folder = Folder::new("bad-diff");
    let good = folder.file("good", LIST);
    let bad = folder.file("bad", "a\t5\nb\n");
    let (code, output, error) = ketama(&["diff", &good, &bad], b"");
    assert_eq!((code, output), (2, String::new()));
    let shown = format!("ketama: Unable to find delimiter (line 2 in {bad})\n    2 | b\n      | ^\n");
    assert_eq!(error, shown);
    let cases: [(&[&str], &str); 4] = [
        (&["diff", "-", "-"], "the two lists cannot both come from standard input"),
        (&["diff", "-", &good, "--keys", "-"], "the list and the keys cannot both come from standard input"),
        (&["diff", &good, &good, "--keys", "/nonexistent/keys"], "cannot read: No such file"),
        (&["diff", &good], "required"),
    ];
    for (arguments, message) in cases {
        let (code, _, error) = ketama(arguments, LIST.as_bytes());
        assert_eq!(code, 2, "{arguments:?}");
        assert!(error.contains(message), "{arguments:?}: {error}");
    }
}
