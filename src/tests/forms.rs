//! The two forms of a server list, TOML and JSON: the same fleet gives the same ring, and each kind of bad input its text.

use super::vectors;
use crate::dialect::DIALECTS;
use crate::dialect::option::Value;
use crate::error::ErrorKind::{self, Server, Syntax, UnknownDialect};
use crate::observation::Observation;
use crate::ring::Ring;
use crate::server_list::ServerList;
use std::fmt::Write;

fn toml(text: &str) -> (ErrorKind, String) {
    let error = ServerList::parse(text.as_bytes(), "F").unwrap_err();
    (error.kind(), error.to_string())
}

/// An observation over `a` and `b` whose JSON members after the dialect are `rest`.
fn json(rest: &str) -> (ErrorKind, String) {
    let text = format!(r#"{{"dialect": "libketama", {rest}}}"#);
    let error = Observation::parse(text.as_bytes(), "F").unwrap_err();
    (error.kind(), error.to_string())
}

/// The names of all dialects, as an error lists them.
fn dialects() -> String {
    DIALECTS.iter().map(|dialect| dialect.name).collect::<Vec<_>>().join(", ")
}

#[test]
fn what_is_wrong_in_toml_is_told_with_line_column_and_the_known_words() {
    let cases = [
        (
            "dialect = 'libketama\n",
            Syntax,
            "not TOML: invalid literal string, expected `'` (line 1, column 21 in F)",
        ),
        ("dialect = 'x'\ndialect = 'x'", Syntax, "not TOML: duplicate key (line 2, column 1 in F)"),
        ("note = 'n'\nservers = []", Syntax, "`dialect` is missing (line 1, column 1 in F)"),
        ("dialect = 'libketama'", Syntax, "`servers` is missing (line 1, column 1 in F)"),
        ("dialect = 1\nservers = []", Syntax, "`dialect` takes a text, not `1` (line 1, column 11 in F)"),
        (
            "dialect = 'libketama'\nserver = []",
            Syntax,
            "unknown field of a server list `server`; known: dialect, options, servers, replicas, note, segment (line 2, column 1 in F)",
        ),
        (
            "dialect = 'libketama'\nDIALECT = 'libketama'",
            Syntax,
            "field of a server list `dialect` is written twice (line 2, column 1 in F)",
        ),
        (
            "dialect = 'libketama'\nservers = 3",
            Syntax,
            "`servers` takes an array, not `3` (line 2, column 11 in F)",
        ),
        (
            "dialect = 'libketama'\nservers = [3]",
            Server,
            "a table is wanted here, not `3` (line 2, column 12 in F)",
        ),
        (
            "dialect = 'libketama'\nreplicas = 0\nservers = []",
            Syntax,
            "`replicas` takes an integer from 1 to 4294967295, not `0` (line 2, column 12 in F)",
        ),
        (
            "dialect = 'libketama'\nnote = 2026-01-01\nservers = []",
            Syntax,
            "`note` takes a text, not a date or time (line 2, column 8 in F)",
        ),
        (
            "dialect = 'libketama'\nsegment = true\nservers = []",
            Syntax,
            "`segment` takes a text, not `true` (line 2, column 11 in F)",
        ),
        (
            "dialect = 'libketama'\noptions = 'x'\nservers = []",
            Syntax,
            "`options` takes a table, not the text `x` (line 2, column 11 in F)",
        ),
        (
            "dialect = 'libketama'\nservers = []\n[options]\nhash = 'md5'",
            ErrorKind::Option,
            "unknown option `hash`; known: max-points (line 4, column 1 in F)",
        ),
        (
            "dialect = 'libketama'\nservers = []\n[options]\nmax-points = 0",
            ErrorKind::Option,
            "option `max-points` takes an integer from 1 to 4294967295, not `0` (line 4, column 1 in F)",
        ),
        (
            "dialect = 'libketama'\nservers = []\n[options]\nmax-points = 1.5",
            ErrorKind::Option,
            "option `max-points` takes true or false, an integer or a text, not `1.5` (line 4, column 14 in F)",
        ),
        (
            "dialect = 'libketama'\nservers = []\n[options]\nmax-points = 5\nmax_points = 6",
            ErrorKind::Option,
            "option `max-points` is set twice (line 5, column 1 in F)",
        ),
    ];
    for (text, kind, message) in cases {
        assert_eq!(toml(text), (kind, message.to_owned()), "{text}");
    }
    let message = format!("unknown dialect `ketama`; known: {} (line 1, column 11 in F)", dialects());
    assert_eq!(toml("dialect = 'ketama'\nservers = []"), (UnknownDialect, message));
}

#[test]
fn text_that_is_not_utf8_is_told_with_its_place() {
    let error = ServerList::parse(b"dialect = 'libketama'\nnote = 'caf\xe9'", "F").unwrap_err();
    assert_eq!(error.to_string(), "the text is not UTF-8 (line 2, column 12 in F)");
    let error = Observation::parse(b"{\"note\": \"caf\xe9\"}", "F").unwrap_err();
    assert_eq!(error.kind(), Syntax);
    assert!(error.message().starts_with("not JSON: invalid unicode code point"), "{error}");
}

#[test]
fn what_is_wrong_in_a_server_is_told_with_its_place() {
    let cases = [
        ("weight = 2", "`name` is missing (line 2, column 1 in F)"),
        ("name = ''", "`name` takes a text that is not empty, not the text `` (line 3, column 8 in F)"),
        ("name = 5", "`name` takes a text, not `5` (line 3, column 8 in F)"),
        ("name = 'a'\nweight = true", "`weight` takes a finite number, not `true` (line 4, column 10 in F)"),
        ("name = 'a'\nweight = nan", "`weight` takes a finite number, not `NaN` (line 4, column 10 in F)"),
        ("name = 'a'\nweight = -inf", "`weight` takes a finite number, not `-inf` (line 4, column 10 in F)"),
        (
            "name = 'a'\nweight = 9223372036854775808",
            "`weight` takes an integer of 64 bits or a finite fraction, not `9223372036854775808` (line 4, column 10 in F)",
        ),
        (
            "name = 'a'\nweight = 1.5",
            "server `a`: weight 1.5 cannot be used: libketama takes integers (line 3 in F)",
        ),
        ("name = 'a'\ndown = 1", "`down` takes true or false, not `1` (line 4, column 8 in F)"),
        ("name = 'a'\nzone = ['b']", "`zone` takes a text, not an array (line 4, column 8 in F)"),
        (
            "name = 'a'\nlabel = 'b'",
            "unknown server field of libketama `label`; known: name, weight, down, zone (line 4, column 1 in F)",
        ),
        (
            "name = 'a'\nName = 'b'",
            "server field of libketama `name` is written twice (line 4, column 1 in F)",
        ),
    ];
    for (fields, message) in cases {
        let text = format!("dialect = 'libketama'\n[[servers]]\n{fields}\n");
        assert_eq!(toml(&text), (Server, message.to_owned()), "{text}");
    }
}

#[test]
fn what_is_wrong_in_an_observation_is_told_with_its_path() {
    let servers = r#""servers": [{"name": "a"}, {"name": "b"}]"#;
    let cases = [
        (r#""keys": []"#, Syntax, "`servers` is missing (in F)"),
        (r#""servers": []"#, Syntax, "`keys` is missing (in F)"),
        (r#""keys": [], "servers": [{"name": "a"}, {}]"#, Server, "servers[1]: `name` is missing (in F)"),
        (
            r#""keys": [], "servers": [{"name": "a", "weight": null}]"#,
            Server,
            "servers[0].weight: `weight` takes a finite number, not `null` (in F)",
        ),
        (
            r#""keys": [], "servers": [{"name": "a", "wieght": 1}]"#,
            Server,
            "servers[0].wieght: unknown server field of libketama `wieght`; known: name, weight, down, zone (in F)",
        ),
        (
            r#""keys": [], "servers": [{"name": "a", "name": "a"}]"#,
            Server,
            "servers[0].name: server field of libketama `name` is written twice (in F)",
        ),
        (
            r#""keys": [], "segment": "s""#,
            Syntax,
            "segment: unknown field of an observation file `segment`; known: dialect, options, servers, replicas, note, software, version, keys, integer-keys (in F)",
        ),
        (
            r#""keys": [], "dialect": "libketama""#,
            Syntax,
            "dialect: field of an observation file `dialect` is written twice (in F)",
        ),
        (
            r#""keys": [], "servers": [], "options": {"max-points": [1]}"#,
            ErrorKind::Option,
            "options.max-points: option `max-points` takes true or false, an integer or a text, not an array (in F)",
        ),
        (
            r#""keys": [], "servers": [], "options": {"max-points": 1, "MAX-POINTS": 1}"#,
            ErrorKind::Option,
            "options.MAX-POINTS: option `max-points` is set twice (in F)",
        ),
        (r#""keys": {}, SERVERS"#, Syntax, "keys: `keys` takes an array, not a table (in F)"),
        (r#""keys": ["k"], SERVERS"#, Syntax, "keys[0]: `keys` takes an array, not the text `k` (in F)"),
        (
            r#""keys": [["k", "a"], ["k"]], SERVERS"#,
            Syntax,
            "keys[1]: `keys` takes pairs of a key and an answer (in F)",
        ),
        (r#""keys": [[1, "a"]], SERVERS"#, Syntax, "keys[0][0]: `keys` takes a text, not `1` (in F)"),
        (
            r#""keys": [["k", 1]], SERVERS"#,
            Syntax,
            "keys[0][1]: an answer is the name of a server or null, not `1` (in F)",
        ),
        (
            r#""keys": [["k", "c"]], SERVERS"#,
            Syntax,
            "keys[0][1]: the answer `c` is no server of this list (in F)",
        ),
        (
            r#""keys": [["k", ["a"]]], SERVERS"#,
            Syntax,
            "keys[0][1]: an answer is the name of a server or null, not an array (in F)",
        ),
        (
            r#""keys": [["k", "a"]], "replicas": 2, SERVERS"#,
            Syntax,
            "keys[0][1]: with `replicas` an answer is an array of names, not the text `a` (in F)",
        ),
        (
            r#""keys": [["k", ["a", null]]], "replicas": 2, SERVERS"#,
            Syntax,
            "keys[0][1][1]: the name of a server is wanted here, not `null` (in F)",
        ),
        (
            r#""keys": [["k", ["a", "b"]]], "replicas": 1, SERVERS"#,
            Syntax,
            "keys[0][1]: the answer has 2 servers, but `replicas` is 1 (in F)",
        ),
        (
            r#""keys": [], "replicas": 1, "integer-keys": [], SERVERS"#,
            Syntax,
            "integer-keys: `integer-keys` cannot stand beside `replicas` (in F)",
        ),
        (
            r#""keys": [], "integer-keys": [[-1, "a"]], SERVERS"#,
            Syntax,
            "integer-keys[0][0]: `integer-keys` takes an integer from 0 to 18446744073709551615, not `-1` (in F)",
        ),
        (r#""keys": [], SERVERS} true"#, Syntax, "not JSON: trailing characters (line 1, column 81 in F)"),
        (r#""keys": [,]"#, Syntax, "not JSON: expected value (line 1, column 35 in F)"),
    ];
    for (rest, kind, message) in cases {
        let rest = rest.replace("SERVERS", servers);
        assert_eq!(json(&rest), (kind, message.to_owned()), "{rest}");
    }
    let error = Observation::parse(b"[]", "F").unwrap_err();
    assert_eq!(error.to_string(), "a table is wanted here, not an array (in F)");
}

#[test]
fn integer_keys_are_refused_where_the_software_takes_none() {
    let text =
        r#"{"dialect": "libketama", "servers": [{"name": "a"}], "keys": [], "integer-keys": [[5, "a"]]}"#;
    let error = Observation::parse(text.as_bytes(), "F").unwrap().verify().unwrap_err();
    assert_eq!(error.to_string(), "libketama takes no integers in place of key hashes");
}

#[test]
fn integer_keys_beyond_the_places_of_the_circle_are_refused() {
    let text = r#"{"dialect": "varnish", "servers": [{"name": "a"}, {"name": "b"}], "keys": [],
        "integer-keys": [[4294967296, "a"]]}"#;
    let error = Observation::parse(text.as_bytes(), "F").unwrap().verify().unwrap_err();
    assert_eq!(error.to_string(), "varnish takes integers of 32 bits, not `4294967296`");
}

#[test]
fn recorded_lists_are_refused_where_the_rule_has_no_order() {
    let verify = |options: &str| {
        let servers = r#"[{"name": "a"}, {"name": "b"}]"#;
        let text = format!(
            r#"{{"dialect": "libmemcached", "servers": {servers}, "replicas": 2, "keys": [], {options}}}"#
        );
        Observation::parse(text.as_bytes(), "F").unwrap().verify().map_err(|error| error.to_string())
    };
    let message = "`replicas`: libmemcached with these options has no order of servers";
    assert_eq!(verify(r#""options": {}"#).unwrap_err(), message);
    assert!(verify(r#""options": {"distribution": "ketama"}"#).is_ok());
}

#[test]
fn a_recorded_list_that_is_too_short_is_noticed() {
    let servers = r#"[{"name": "a"}, {"name": "b"}, {"name": "c", "down": true}]"#;
    let ours = |theirs: &str| {
        let text = format!(
            r#"{{"dialect": "libketama", "servers": {servers}, "replicas": 3, "keys": [["k", {theirs}]]}}"#
        );
        let report = Observation::parse(text.as_bytes(), "F").unwrap().verify().unwrap();
        report.differences.first().map(|difference| difference.ours.to_string())
    };
    let first = ours("[]").unwrap();
    assert_eq!(first.len(), 1);
    let both = ours(&format!("[\"{first}\"]")).unwrap();
    assert_eq!(ours(&format!("[\"{}\"]", both.replace(' ', "\", \""))), None);
}

/// A text as TOML writes it, and JSON too.
fn quoted(text: &[u8]) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", str::from_utf8(text).unwrap().chars().map(escape).collect::<String>())
}

/// A list as TOML, with every field of every server.
fn in_toml(list: &ServerList) -> String {
    let mut text = format!("dialect = \"{}\"\n", list.dialect);
    if let Some(replicas) = list.replicas {
        writeln!(text, "replicas = {replicas}").unwrap();
    }
    text += "[options]\n";
    for (name, value) in list.options.set_values() {
        let value = match value {
            Value::Text(value) => quoted(value.as_bytes()),
            value => value.to_string(),
        };
        writeln!(text, "{name} = {value}").unwrap();
    }
    for server in &list.servers {
        let mut field = |name, value: Option<String>| {
            value.map_or(Ok(()), |value| writeln!(text, "{name} = {value}")).unwrap();
        };
        field("[[servers]]\nname", Some(quoted(&server.name)));
        field("weight", Some(server.weight.to_string()));
        field("down", server.down.then(|| "true".to_owned()));
        field("label", server.fields.label.as_deref().map(quoted));
        field("id", server.fields.id.map(|id| id.to_string()));
        field("guid", server.fields.guid.as_deref().map(quoted));
        field("host", server.fields.host.as_deref().map(quoted));
        field("port", server.fields.port.map(|port| port.to_string()));
        field("backup", server.backup.then(|| "true".to_owned()));
        field("vnodes", server.fields.vnodes.map(|vnodes| vnodes.to_string()));
        field("tokens", server.fields.tokens.as_ref().map(|tokens| format!("{tokens:?}")));
    }
    text
}

#[test]
fn the_same_fleet_in_toml_and_in_json_gives_the_same_ring() {
    let mut count = 0;
    for path in vectors::all_files() {
        let observation = vectors::read(&path);
        let text = in_toml(&observation.list);
        let list = ServerList::parse(text.as_bytes(), "F").unwrap_or_else(|error| panic!("{error}\n{text}"));
        let placeless = |list: &ServerList| -> Vec<crate::Server> {
            list.servers.iter().map(|server| crate::Server { line: 0, ..server.clone() }).collect()
        };
        assert_eq!(placeless(&list), placeless(&observation.list), "{}", path.display());
        assert!(list.options.set_values().eq(observation.list.options.set_values()), "{}", path.display());
        assert_eq!(list.replicas, observation.list.replicas);
        let (listed, observed) = (Ring::build(list).unwrap(), Ring::build(observation.list).unwrap());
        for (key, _) in observation.keys.iter().take(20) {
            assert_eq!(listed.lookup(key), observed.lookup(key), "{}", path.display());
        }
        count += 1;
    }
    assert!(count > 0);
}
