//! What might have placed the keys: every dialect with every combination of options that can make a difference.

use crate::dialect::option::{Kind, OptionSpec, Options, Value};
use crate::dialect::{DIALECTS, Dialect};
use crate::error::{Error, ErrorKind, unknown};

/// A dialect and options. What is not set has its default.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub dialect: &'static Dialect,
    pub options: Options,
}

/// An option that makes a difference only where `counts`, of the options before it, holds.
pub(crate) struct Condition {
    pub dialect: &'static str,
    pub option: &'static str,
    pub counts: fn(&Options) -> bool,
}

/// Combinations that need not be tried, for the rings are the same. A test compares these rings.
pub(crate) const CONDITIONS: &[Condition] = &[
    Condition { dialect: "libmemcached", option: "weighted", counts: is_libmemcached_ring },
    Condition {
        dialect: "libmemcached",
        option: "point-hash",
        counts: |options| is_libmemcached_ring(options) && !options.bool("weighted"),
    },
    Condition {
        dialect: "libmemcached",
        option: "hash-with-prefix",
        counts: |options| !options.text("prefix").is_empty(),
    },
    Condition {
        dialect: "haproxy",
        option: "hash-key",
        counts: |options| options.word("hash-type") == "consistent",
    },
    Condition { dialect: "haproxy", option: "hash-balance-factor", counts: |_| false },
    Condition { dialect: "memcached-proxy", option: "omode", counts: is_proxy_ring },
    Condition { dialect: "memcached-proxy", option: "obuckets", counts: is_proxy_ring },
    Condition {
        dialect: "memcached-proxy",
        option: "filter-conf",
        counts: |options| options.word("filter") != "none",
    },
    Condition {
        dialect: "uhashring",
        option: "replicas",
        counts: |options| options.word("mode") == "ketama",
    },
    Condition {
        dialect: "hashring-js",
        option: "replicas",
        counts: |options| options.word("compatibility") == "none",
    },
    Condition { dialect: "goketama", option: "hash", counts: |options| !options.bool("weighted") },
    Condition {
        dialect: "xmemcached",
        option: "mode",
        counts: |options| options.word("locator") == "ketama",
    },
    Condition {
        dialect: "xmemcached",
        option: "hash",
        counts: |options| ["array", "php"].contains(&options.word("locator")),
    },
    Condition {
        dialect: "cache-memcached-fast",
        option: "hash-namespace",
        counts: |options| !options.text("namespace").is_empty(),
    },
    Condition { dialect: "envoy", option: "hash-function", counts: is_envoy_ring },
    Condition { dialect: "envoy", option: "minimum-ring-size", counts: is_envoy_ring },
    Condition { dialect: "envoy", option: "maximum-ring-size", counts: is_envoy_ring },
    Condition { dialect: "envoy", option: "table-size", counts: |options| !is_envoy_ring(options) },
];

fn is_libmemcached_ring(options: &Options) -> bool {
    options.word("distribution").starts_with("ketama")
}

fn is_proxy_ring(options: &Options) -> bool {
    options.word("dist") == "ring-hash"
}

fn is_envoy_ring(options: &Options) -> bool {
    options.word("policy") == "ring-hash"
}

/// Integers and texts that are common, by the name of the option.
fn usual(option: &str) -> (&'static [i64], &'static [&'static str]) {
    match option {
        "vnodes" | "vnode-count" => (&[40, 100, 160, 200], &[]),
        "replicas" => (&[2, 3, 40, 100, 160, 200], &[]),
        "obuckets" => (&[100, 160, 240], &[]),
        "ketama-points" => (&[40, 100, 150, 160], &[]),
        "alt" => (&[1, 2], &[]),
        "default-port" => (&[11211], &[]),
        "hash-tag" | "filter-conf" => (&[], &["{}"]),
        _ => (&[], &[]),
    }
}

/// Booleans that, when absent, are what other options say.
const FOLLOWS: &[&str] = &["avalanche"];

/// The least range of integers of which not every one is tried.
const WIDE: i64 = 5;

/// All candidates of some dialects. `fixed` are options, by name and text, that are set wherever a dialect has them; a
/// dialect that has one of them, but not with this value, has no candidates.
///
/// # Errors
/// [`ErrorKind::Option`] if none of the dialects has a fixed option with its value.
pub(crate) fn candidates(
    dialects: &[&'static Dialect],
    fixed: &[(String, String)],
) -> Result<Vec<Candidate>, Error> {
    for (name, text) in fixed {
        let mut refusal = None;
        let is_taken = dialects.iter().any(|dialect| match dialect.default_options().set_text(name, text) {
            Ok(()) => true,
            Err(error) => {
                // Of all refusals, one by a dialect that has the option says most.
                if dialect.default_options().is_known(name) {
                    refusal = Some(error);
                }
                false
            }
        });
        if !is_taken {
            let names = dialects.iter().flat_map(|dialect| dialect.options).map(|spec| spec.name);
            let mut names: Vec<&str> = names.collect();
            names.sort_unstable();
            names.dedup();
            return Err(
                refusal.unwrap_or_else(|| Error::new(ErrorKind::Option, unknown("option", name, names)))
            );
        }
    }
    let mut found = Vec::new();
    for dialect in dialects {
        let mut options = dialect.default_options();
        let mut is_taken = true;
        for (name, text) in fixed.iter().filter(|(name, _)| dialect.default_options().is_known(name)) {
            is_taken &= options.set_text(name, text).is_ok();
        }
        if is_taken {
            spread(dialect, dialect.options, &options, &mut found);
        }
    }
    // Of equals those are first that are said in the fewest words.
    found.sort_by_key(|candidate| candidate.options.set_values().count());
    Ok(found)
}

/// All dialects.
pub(crate) fn all_dialects() -> Vec<&'static Dialect> {
    DIALECTS.to_vec()
}

/// Adds the candidates that differ in the options of `specs`, the first of which is decided here.
fn spread(
    dialect: &'static Dialect,
    specs: &'static [OptionSpec],
    options: &Options,
    found: &mut Vec<Candidate>,
) {
    let Some((spec, rest)) = specs.split_first() else {
        found.push(Candidate { dialect, options: options.clone() });
        return;
    };
    spread(dialect, rest, options, found);
    let is_condition =
        |condition: &&Condition| (condition.dialect, condition.option) == (dialect.name, spec.name);
    let counts = CONDITIONS.iter().find(is_condition).is_none_or(|condition| (condition.counts)(options));
    if options.is_set(spec.name) || !counts {
        return;
    }
    for value in values(spec) {
        let mut options = options.clone();
        if options.set(spec.name, value).is_ok() {
            spread(dialect, rest, &options, found);
        }
    }
}

/// The values to try beside the default.
pub(crate) fn values(spec: &OptionSpec) -> Vec<Value> {
    let (integers, texts) = usual(spec.name);
    match spec.kind {
        Kind::Bool(_) if FOLLOWS.contains(&spec.name) => vec![Value::Bool(true), Value::Bool(false)],
        Kind::Bool(default) => vec![Value::Bool(!default)],
        Kind::Int { default, least, most } => {
            let all: Vec<i64> =
                if most.saturating_sub(least) < WIDE { (least..=most).collect() } else { integers.to_vec() };
            all.into_iter().filter(|&value| Some(value) != default).map(Value::Int).collect()
        }
        Kind::Word { default, words } => {
            let others = words.iter().filter(|word| Some(**word) != default);
            others.map(|word| Value::Text((*word).to_owned())).collect()
        }
        Kind::Text => texts.iter().map(|text| Value::Text((*text).to_owned())).collect(),
    }
}
