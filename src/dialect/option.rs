//! Options: what a dialect lets its users choose, checked and with defaults filled in.

use crate::error::{Error, ErrorKind, unknown};

/// An option that a dialect has.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name: lower-case words joined by `-`.
    pub name: &'static str,
    /// What it takes and what it is when absent.
    pub kind: Kind,
    /// What it means, for people.
    pub meaning: &'static str,
}

/// What an option takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// True or false; the default.
    Bool(bool),
    /// An integer from `least` to `most`.
    Int {
        /// When absent; None where the dialect computes it from other options.
        default: Option<i64>,
        /// The least value allowed.
        least: i64,
        /// The greatest value allowed.
        most: i64,
    },
    /// One of several words.
    Word {
        /// When absent; None where the dialect computes it or requires the option.
        default: Option<&'static str>,
        /// The words, in the form in which they are written.
        words: &'static [&'static str],
    },
    /// Any text; empty when absent.
    Text,
}

impl Kind {
    /// An integer option with a default.
    pub const fn int(default: i64, least: i64, most: i64) -> Self {
        Self::Int { default: Some(default), least, most }
    }

    /// A word option with a default.
    pub const fn word(default: &'static str, words: &'static [&'static str]) -> Self {
        Self::Word { default: Some(default), words }
    }
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A word or a text.
    Text(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value}"),
        }
    }
}

/// How many points a ring may have where its list says nothing else.
pub(crate) const USUAL_POINTS: usize = 1 << 24;

/// The option that every dialect has: the greatest number of points that a ring may have.
pub const MAX_POINTS: OptionSpec = OptionSpec {
    name: "max-points",
    kind: Kind::int(USUAL_POINTS as i64, 1, u32::MAX as i64),
    meaning: "the greatest number of points, slots or table entries that a ring may have",
};

/// The options that were set for a ring, checked against what its dialect knows.
#[derive(Clone, Debug)]
pub struct Options {
    specs: &'static [OptionSpec],
    set: Vec<(&'static str, Value)>,
    /// The greatest number of points whatever the option says; [`NOTHING`](crate::point::NOTHING) where they are known:
    /// none are to be placed.
    most: usize,
}

impl Options {
    /// Nothing set: every option has its default.
    pub fn new(specs: &'static [OptionSpec]) -> Self {
        Self { specs, set: Vec::new(), most: usize::MAX }
    }

    /// All options that can be set: the dialect's own and `max-points`.
    pub fn specs(&self) -> impl Iterator<Item = &'static OptionSpec> + use<> {
        self.specs.iter().chain(std::iter::once(&MAX_POINTS))
    }

    /// What was set, in the order in which it was.
    pub fn set_values(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.set.iter().map(|(name, value)| (*name, value))
    }

    /// Sets an option. `name` and words are read without regard to ASCII case, `_` as `-`.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] if there is no such option (the text lists the known ones), if it was set before, or if it
    /// cannot have this value (the text says what it can have).
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), Error> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Option, message));
        let canonical = canonical_word(name);
        let Some(spec) = self.specs().find(|spec| spec.name == canonical) else {
            return refuse(unknown("option", name, self.specs().map(|spec| spec.name)));
        };
        if self.set.iter().any(|(set, _)| *set == spec.name) {
            return refuse(format!("option `{}` is set twice", spec.name));
        }
        let value = match check(spec, value) {
            Ok(value) => value,
            Err(message) => return refuse(message),
        };
        self.set.push((spec.name, value));
        Ok(())
    }

    /// Sets an option from text, as a command line or C gives it: `true`, `160`, `md5`.
    ///
    /// # Errors
    /// As [`Options::set`].
    pub fn set_text(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let canonical = canonical_word(name);
        let kind = self.specs().find(|spec| spec.name == canonical).map(|spec| spec.kind);
        let value = match kind {
            Some(Kind::Bool(_)) => text.to_ascii_lowercase().parse().ok().map(Value::Bool),
            Some(Kind::Int { .. }) => text.parse().ok().map(Value::Int),
            _ => None,
        };
        self.set(name, value.unwrap_or_else(|| Value::Text(text.to_owned())))
    }

    /// Whether there is an option of this name, read as [`Options::set`] reads it.
    #[cfg(feature = "cli")]
    pub(crate) fn is_known(&self, name: &str) -> bool {
        let canonical = canonical_word(name);
        self.specs().any(|spec| spec.name == canonical)
    }

    /// Whether the option of this name, in the form in which it is written, was set.
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.set.iter().find(|(set, _)| *set == name).map(|(_, value)| value)
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        self.specs().find(|spec| spec.name == name).map(|spec| spec.kind)
    }

    /// A boolean option; `None` if it was not set.
    pub(crate) fn bool_if_set(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(Value::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    /// A boolean option or its default.
    pub(crate) fn bool(&self, name: &str) -> bool {
        let default = matches!(self.kind(name), Some(Kind::Bool(true)));
        self.bool_if_set(name).unwrap_or(default)
    }

    /// An integer option or its default; `None` if it was not set and has no fixed default.
    pub(crate) fn int_if_set(&self, name: &str) -> Option<i64> {
        match (self.get(name), self.kind(name)) {
            (Some(Value::Int(value)), _) => Some(*value),
            (_, Some(Kind::Int { default, .. })) => default,
            _ => None,
        }
    }

    /// An integer option or its default, which it must have.
    pub(crate) fn int(&self, name: &str) -> i64 {
        self.int_if_set(name).unwrap_or(0)
    }

    /// A word option or its default; `None` if it was not set and has no fixed default.
    pub(crate) fn word_if_set(&self, name: &str) -> Option<&str> {
        match (self.get(name), self.kind(name)) {
            (Some(Value::Text(value)), _) => Some(value),
            (_, Some(Kind::Word { default, .. })) => default,
            _ => None,
        }
    }

    /// A word option or its default, which it must have.
    pub(crate) fn word(&self, name: &str) -> &str {
        self.word_if_set(name).unwrap_or("")
    }

    /// A text option; empty if it was not set.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.word_if_set(name).unwrap_or("")
    }

    /// The same options for a ring of at most so many points. With [`NOTHING`](crate::point::NOTHING) its points are known,
    /// and its dialect builds the rest of the rule.
    #[cfg(feature = "segment")]
    pub(crate) fn at_most(&self, most: usize) -> Self {
        Self { most, ..self.clone() }
    }

    /// The greatest number of points that the ring may have; [`NOTHING`](crate::point::NOTHING) where they are known.
    pub(crate) fn max_points(&self) -> usize {
        usize::try_from(self.int(MAX_POINTS.name)).unwrap_or(usize::MAX).min(self.most)
    }
}

/// The value in the form in which it is kept, or why the option cannot have it.
fn check(spec: &OptionSpec, value: Value) -> Result<Value, String> {
    let name = spec.name;
    match (spec.kind, value) {
        (Kind::Bool(_), Value::Bool(value)) => Ok(Value::Bool(value)),
        (Kind::Bool(_), value) => Err(format!("option `{name}` takes true or false, not `{value}`")),
        (Kind::Int { least, most, .. }, Value::Int(value)) if (least..=most).contains(&value) => {
            Ok(Value::Int(value))
        }
        (Kind::Int { least, most, .. }, value) if most == i64::MAX => {
            Err(format!("option `{name}` takes an integer of at least {least}, not `{value}`"))
        }
        (Kind::Int { least, most, .. }, value) => {
            Err(format!("option `{name}` takes an integer from {least} to {most}, not `{value}`"))
        }
        (Kind::Word { words, .. }, Value::Text(value)) => {
            let canonical = canonical_word(&value);
            match words.iter().find(|word| **word == canonical) {
                Some(word) => Ok(Value::Text((*word).to_owned())),
                None => Err(unknown(&format!("value of option `{name}`"), &value, words.iter().copied())),
            }
        }
        (Kind::Word { words, .. }, value) => {
            Err(unknown(&format!("value of option `{name}`"), &value.to_string(), words.iter().copied()))
        }
        (Kind::Text, Value::Text(value)) => Ok(Value::Text(value)),
        (Kind::Text, value) => Err(format!("option `{name}` takes a text, not `{value}`")),
    }
}

/// A word as it is written: ASCII lower case, `-` for `_`.
pub(crate) fn canonical_word(word: &str) -> String {
    word.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    const SPECS: &[OptionSpec] = &[
        OptionSpec { name: "weighted", kind: Kind::Bool(true), meaning: "" },
        OptionSpec { name: "vnodes", kind: Kind::int(40, 1, 100), meaning: "" },
        OptionSpec { name: "hash", kind: Kind::word("md5", &["md5", "fnv1a-64"]), meaning: "" },
        OptionSpec { name: "prefix", kind: Kind::Text, meaning: "" },
    ];

    #[test]
    fn an_absent_option_has_its_default() {
        let options = Options::new(SPECS);
        assert!(options.bool("weighted"));
        assert_eq!(options.int("vnodes"), 40);
        assert_eq!(options.word("hash"), "md5");
        assert_eq!(options.text("prefix"), "");
        assert_eq!(options.max_points(), 16_777_216);
    }

    #[test]
    fn names_and_words_ignore_case_and_underscores_but_text_does_not() {
        let mut options = Options::new(SPECS);
        options.set("HASH", Value::Text("FNV1A_64".into())).unwrap();
        options.set("Prefix", Value::Text("A_b".into())).unwrap();
        assert_eq!(options.word("hash"), "fnv1a-64");
        assert_eq!(options.text("prefix"), "A_b");
    }

    #[test]
    fn an_option_with_its_default_for_a_value_is_set_and_one_without_a_value_is_not() {
        let mut options = Options::new(SPECS);
        options.set("vnodes", Value::Int(40)).unwrap();
        assert_eq!(["weighted", "vnodes", "hash"].map(|name| options.is_set(name)), [false, true, false]);
    }

    #[cfg(feature = "cli")]
    #[test]
    fn an_option_is_known_by_its_name_in_whatever_form() {
        let options = Options::new(SPECS);
        assert!(["weighted", "VNodes", "max_points"].iter().all(|name| options.is_known(name)));
        assert!(["", "hsah", "vnode"].iter().all(|name| !options.is_known(name)));
    }

    #[test]
    fn what_is_unknown_twice_or_out_of_range_is_refused() {
        let mut options = Options::new(SPECS);
        let text = |result: Result<(), Error>| result.unwrap_err().to_string();
        assert_eq!(
            text(options.set("hsah", Value::Int(1))),
            "unknown option `hsah`; known: weighted, vnodes, hash, prefix, max-points"
        );
        assert_eq!(
            text(options.set_text("vnodes", "0")),
            "option `vnodes` takes an integer from 1 to 100, not `0`"
        );
        assert_eq!(
            text(options.set_text("vnodes", "many")),
            "option `vnodes` takes an integer from 1 to 100, not `many`"
        );
        assert_eq!(
            text(options.set_text("hash", "md6")),
            "unknown value of option `hash` `md6`; known: md5, fnv1a-64"
        );
        assert_eq!(
            text(options.set_text("weighted", "maybe")),
            "option `weighted` takes true or false, not `maybe`"
        );
        options.set_text("weighted", "false").unwrap();
        assert_eq!(text(options.set_text("weighted", "true")), "option `weighted` is set twice");
        assert!(!options.bool("weighted"));
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_what_is_taken() {
        let mut options = Dialect::named("libmemcached").unwrap().default_options();
        let mut refused = |name, value| options.set(name, value).unwrap_err().to_string();
        assert!(refused("hash", Value::Int(3)).starts_with("unknown value of option `hash` `3`; known: "));
        assert_eq!(refused("prefix", Value::Bool(true)), "option `prefix` takes a text, not `true`");
        assert!(refused("max-points", Value::Int(0)).starts_with("option `max-points` takes an integer "));
        let mut options = Dialect::named("cache_memcached_fast").unwrap().default_options();
        assert_eq!(
            options.set("ketama-points", Value::Int(-1)).unwrap_err().to_string(),
            "option `ketama-points` takes an integer of at least 0, not `-1`"
        );
    }
}
