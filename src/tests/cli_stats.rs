//! `ketama stats`: shares, counts, bars, JSON.

use super::cli::{Folder, LIST, ketama};
use crate::{Ring, ServerList};
use serde_json::Value;

fn json(arguments: &[&str], stdin: &[u8]) -> Value {
    let (code, output, error) = ketama(arguments, stdin);
    assert_eq!(code, 0, "{error}");
    serde_json::from_str(&output).unwrap()
}

#[test]
fn given_shares_are_those_of_the_arcs_and_asked_ones_those_of_the_weights() {
    let report = json(&["stats", "--json", "-"], LIST.as_bytes());
    let ring = Ring::build(ServerList::parse(LIST.as_bytes(), "").unwrap()).unwrap();
    assert_eq!(report["points"], ring.point_count());
    assert_eq!(report["fingerprint"], format!("{:016x}", ring.fingerprint()));
    assert_eq!(report["counted"], Value::Null);
    let total: f64 = ring.total_weight();
    for (index, share) in ring.shares().iter().enumerate() {
        let server = &report["servers"][index];
        assert!((server["given"].as_f64().unwrap() - share).abs() < 1e-12);
        let asked = ring.servers()[index].weight.as_f64() / total;
        assert!((server["asked"].as_f64().unwrap() - asked).abs() < 1e-12);
    }
}

#[test]
fn counted_keys_are_those_of_the_file_by_server() {
    let folder = Folder::new("stats");
    let list = folder.file("list", LIST);
    // Answers of the 2007 library: 81 and the last one share a server.
    let keys = folder.file("keys", "1\n41\n81\nuser:688742:profile\n");
    for arguments in
        [&["stats", "--json", &list, "--keys", &keys][..], &["stats", "--json", &list, "--keys", "-"]]
    {
        let report = json(arguments, b"1\n41\n81\nuser:688742:profile");
        assert_eq!((&report["counted"]["keys"], &report["counted"]["nowhere"]), (&4.into(), &0.into()));
        let counted: Vec<u64> = report["servers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|server| server["counted"].as_u64().unwrap())
            .collect();
        assert_eq!(counted, [0, 0, 1, 0, 1, 0, 2, 0]);
    }
}

#[test]
fn made_up_keys_are_as_many_as_asked_for_and_spread_evenly() {
    let report = json(&["stats", "--json", "-", "--sample", "10000"], LIST.as_bytes());
    assert_eq!(report["counted"]["keys"], 10_000);
    for server in report["servers"].as_array().unwrap() {
        let (given, counted) = (server["given"].as_f64().unwrap(), server["counted"].as_f64().unwrap());
        let error = 6.0 * (given * (1.0 - given) / 10_000.0).sqrt();
        assert!((counted / 10_000.0 - given).abs() < error, "{server}");
    }
}

#[test]
fn keys_without_a_server_are_counted_apart() {
    let list = b"dialect = 'libketama'\nservers = []";
    let report = json(&["stats", "--json", "-", "--sample", "10"], list);
    assert_eq!((&report["counted"]["keys"], &report["counted"]["nowhere"]), (&10.into(), &10.into()));
    let (code, output, _) = ketama(&["stats", "-", "--sample", "10"], list);
    assert_eq!(code, 0);
    assert!(output.ends_with("10 keys, 10 without a server\n"), "{output}");
}

#[test]
fn bars_end_where_the_share_does_and_mark_what_is_asked() {
    let (_, output, _) = ketama(&["stats", "-"], b"a\t10\nb\t30\n");
    let bars: Vec<&str> =
        output.lines().skip(1).take(2).filter_map(|line| line.split_whitespace().nth(5)).collect();
    assert_eq!(bars.len(), 2, "{output}");
    assert_eq!(bars[1].len(), 32, "the greatest fills the width: {output}");
    assert!(bars.iter().all(|bar| bar.contains('|') && bar.contains('#')), "{output}");
}

#[test]
fn stats_refuses_what_it_cannot_read() {
    let cases: [(&[&str], &str); 4] = [
        (&["stats", "-", "--keys", "-"], "the list and the keys cannot both come from standard input"),
        (&["stats", "-", "--keys", "/nonexistent/keys"], "cannot read: No such file"),
        (&["stats", "-", "--keys", "x", "--sample", "5"], "cannot be used with"),
        (&["stats", "-", "--sample", "0"], "0 is not in"),
    ];
    for (arguments, message) in cases {
        let (code, output, error) = ketama(arguments, LIST.as_bytes());
        assert_eq!((code, &output[..]), (2, ""), "{arguments:?}");
        assert!(error.contains(message), "{arguments:?}: {error}");
    }
}
