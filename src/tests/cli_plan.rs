//! `ketama plan`: the edit that is not written yet moves what the written one moves.

use super::cli::{Folder, LIST, ketama};
use serde_json::Value;

fn plan(arguments: &[&str]) -> (u8, Value) {
    let (code, output, error) = ketama(&[&["plan", "-", "--json"], arguments].concat(), LIST.as_bytes());
    (code, serde_json::from_str(&output).unwrap_or_else(|_| panic!("{error}")))
}

#[test]
fn an_edit_moves_what_the_written_list_moves() {
    let folder = Folder::new("plan");
    let old = folder.file("old", LIST);
    let edited = LIST.replace("10.0.1.2:11211\t300\n", "").replace("1.3:11211\t200", "1.3:11211\t400");
    let new = folder.file("new", &format!("{edited}10.0.1.9:11211\t500\n"));
    for more in [&[][..], &["--dialect", "twemproxy"], &["--sample", "5000"]] {
        let (_, diff, _) = ketama(&[&["diff", &old, &new, "--json"], more].concat(), b"");
        let diff: Value = serde_json::from_str(&diff).unwrap();
        let edit =
            ["--add", "10.0.1.9:11211=500", "--remove", "10.0.1.2:11211", "--weight", "10.0.1.3:11211=400"];
        let (code, plan) = plan(&[&edit, more].concat());
        assert_eq!(code, 0);
        for field in ["old", "new", "exact", "counted"] {
            assert_eq!(plan["plans"][0][field], diff[field], "{field}");
        }
    }
}

#[test]
fn a_server_without_a_weight_gets_that_of_all_others() {
    let (code, output, _) = ketama(&["plan", "-", "--add", "c:1"], b"a:1\t70\nb:1\t70\n");
    assert_eq!(code, 0);
    assert!(output.contains("new  libketama  3 servers  480 points"), "{output}");
    let (code, _, error) = ketama(&["plan", "-", "--add", "c:1"], LIST.as_bytes());
    assert_eq!(code, 2);
    assert_eq!(
        error,
        "ketama: server `c:1`: the servers of the list have different weights: write NAME=WEIGHT\n"
    );
}

#[test]
fn several_dialects_stand_side_by_side() {
    let dialects = ["--dialect", "libketama", "--dialect", "twemproxy", "--dialect", "jump"];
    let (code, report) = plan(&[&["--add", "n:1=500"], &dialects[..]].concat());
    assert_eq!(code, 0);
    let plans = report["plans"].as_array().unwrap();
    let names: Vec<&str> = plans.iter().map(|plan| plan["dialect"].as_str().unwrap()).collect();
    assert_eq!(names, ["libketama", "twemproxy", "jump"]);
    let moved = plans[2]["exact"]["moved"].as_f64().unwrap();
    assert!((moved - 1.0 / 9.0).abs() < 1e-12, "{moved}");
    let arguments = [&["plan", "-", "--add", "n:1=500"], &dialects[..], &["--max-moved", "12%"]].concat();
    let (code, output, _) = ketama(&arguments, LIST.as_bytes());
    assert_eq!((code, output.lines().count()), (0, 4), "{output}");
    assert!(output.lines().all(|line| line.ends_with("exact") || line.starts_with("dialect")), "{output}");
}

#[test]
fn a_dialect_that_cannot_be_had_is_told_and_the_others_go_on() {
    let arguments =
        ["plan", "-", "--add", "n:1=500", "--dialect", "jump", "--dialect", "cassandra", "--dialect", "x"];
    let (code, output, error) = ketama(&arguments, LIST.as_bytes());
    assert_eq!((code, output.lines().count()), (2, 4), "{output}");
    assert!(error.contains("cassandra: server") && error.contains("x: unknown dialect `x`"), "{error}");
}

#[test]
fn steps_end_where_the_edit_does_and_move_least() {
    let edit =
        ["--add", "10.0.1.9:11211=500", "--remove", "10.0.1.5:11211", "--weight", "10.0.1.8:11211=900"];
    let (code, report) = plan(&[&edit[..], &["--steps"]].concat());
    assert_eq!(code, 0);
    let steps = report["plans"][0]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    let sum: f64 = steps.iter().map(|step| step["moved"].as_f64().unwrap()).sum();
    assert!(sum >= report["plans"][0]["exact"]["moved"].as_f64().unwrap() - 1e-9);
    let (_, output, _) = ketama(&[&["plan", "-", "--steps"], &edit[..]].concat(), LIST.as_bytes());
    assert!(output.contains("Step by step, in the order that moves least (exactly):\n1.  "), "{output}");
    let counted =
        [&["plan", "-", "--steps", "--sample", "100", "--dialect", "go-redis"], &edit[..4]].concat();
    let (code, output, _) = ketama(&counted, LIST.as_bytes());
    assert_eq!(code, 0);
    assert!(output.contains("(counted with few keys)"), "rendezvous hashing: {output}");
}

#[test]
fn plan_fails_if_more_moves_than_is_allowed() {
    let (code, _, error) = ketama(&["plan", "-", "--add", "n:1=5000", "--max-moved", "5%"], LIST.as_bytes());
    assert_eq!(code, 1);
    assert!(error.contains("more than the 5.00% of --max-moved"), "{error}");
}

#[test]
fn plan_refuses_what_it_cannot_do() {
    let cases: [(&[&str], &str); 8] = [
        (&["plan", "-"], "nothing to plan: give --add, --remove or --weight"),
        (&["plan", "-", "--remove", "x"], "server `x`: no such server in the list"),
        (&["plan", "-", "--weight", "x=5"], "server `x`: no such server in the list"),
        (&["plan", "-", "--weight", "10.0.1.8:11211"], "--weight takes NAME=WEIGHT, not `10.0.1.8:11211`"),
        (&["plan", "-", "--add", "x=heavy"], "a weight is a finite number, not `heavy`"),
        (&["plan", "-", "--add", "x=inf"], "a weight is a finite number, not `inf`"),
        (&["plan", "-", "--add", "x=0"], "server `x`: weight 0 cannot be used"),
        (&["plan", "-", "--add", "x=1", "--keys", "-"], "cannot both come from standard input"),
    ];
    for (arguments, message) in cases {
        let (code, output, error) = ketama(arguments, LIST.as_bytes());
        assert_eq!((code, &output[..]), (2, ""), "{arguments:?}");
        assert!(error.contains(message), "{arguments:?}: {error}");
    }
}
