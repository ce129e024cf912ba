//! Observations: keys, and the servers that real software gave for them, read from JSON and compared with our answers.

mod json;

use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use crate::server_list::tree::{Field, Fields, Item, Tree};
use crate::server_list::{ServerList, read};
use std::collections::HashSet;
use std::fmt;

/// What some software answered for a fleet.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The fleet: dialect, options, servers.
    pub list: ServerList,
    /// What gave the answers.
    pub software: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Keys and the answers to them.
    pub keys: Vec<(Vec<u8>, Answer)>,
    /// Integers that were given in place of a key's hash, and the answers to them.
    pub integer_keys: Vec<(u64, Answer)>,
}

/// An answer, by the names of servers: in some lists a name stands several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One server, or none.
    One(Option<Vec<u8>>),
    /// Several servers, first choice first.
    List(Vec<Vec<u8>>),
}

/// How our answers compare with the recorded ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many answers were equal.
    pub matches: usize,
    /// The others, in the order of the file.
    pub differences: Vec<Difference>,
}

/// A key for which our answer is not the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key; an integer key in decimal.
    pub key: Vec<u8>,
    /// Our answer.
    pub ours: Answer,
    /// The recorded answer.
    pub theirs: Answer,
}

impl Observation {
    /// Reads an observation file. `file` names it in errors.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`], [`ErrorKind::UnknownDialect`], [`ErrorKind::Option`] or [`ErrorKind::Server`] for text that
    /// is not JSON (with line and column), and (with a path such as `servers[3].label`) for what is unknown, of a wrong
    /// type, out of range, missing or written twice, and for an answer that names no server of the list.
    pub fn parse(text: &[u8], file: &str) -> Result<Self, Error> {
        let root = json::parse(text).map_err(|error| error.in_file(file))?;
        observation(&root).map_err(|error| error.in_file(file))
    }

    /// Builds the ring of the list and compares its answer with every recorded one.
    ///
    /// # Errors
    /// As [`Ring::build`]; [`ErrorKind::Option`] if there are lists of servers or integer keys and the dialect's software
    /// has no such thing.
    pub fn verify(&self) -> Result<Report, Error> {
        let ring = Ring::build(self.list.clone())?;
        if self.list.replicas.is_some() && !ring.has_order() {
            let message =
                format!("`replicas`: {} with these options has no order of servers", self.list.dialect);
            return Err(Error::new(ErrorKind::Option, message));
        }
        let mut report = Report::default();
        for (key, theirs) in &self.keys {
            report.add(key, answer(&ring, key, theirs), theirs);
        }
        for (number, theirs) in &self.integer_keys {
            let ours = Answer::One(ring.lookup_integer(*number)?.map(|server| name(&ring, server)));
            report.add(number.to_string().as_bytes(), ours, theirs);
        }
        Ok(report)
    }
}

/// Our answer, in the form of theirs.
fn answer(ring: &Ring, key: &[u8], theirs: &Answer) -> Answer {
    match theirs {
        Answer::One(_) => Answer::One(ring.lookup(key).map(|server| name(ring, server))),
        Answer::List(theirs) => {
            // One more than they gave shows whether we would have given more.
            let replicas = ring.list().replicas.map_or(1, |replicas| replicas as usize);
            let mut servers = vec![0; replicas.min(theirs.len() + 1)];
            let count = ring.lookup_n(key, &mut servers);
            Answer::List(servers[..count].iter().map(|&server| name(ring, server)).collect())
        }
    }
}

fn name(ring: &Ring, server: u32) -> Vec<u8> {
    ring.servers()[server as usize].name.to_vec()
}

impl Report {
    /// How many answers were compared.
    pub fn keys(&self) -> usize {
        self.matches + self.differences.len()
    }

    fn add(&mut self, key: &[u8], ours: Answer, theirs: &Answer) {
        if ours == *theirs {
            self.matches += 1;
        } else {
            self.differences.push(Difference { key: key.to_vec(), ours, theirs: theirs.clone() });
        }
    }
}

impl fmt::Display for Answer {
    /// Names joined by blanks; `-` for none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = match self {
            Self::One(name) => name.as_slice(),
            Self::List(names) => names,
        };
        if names.is_empty() {
            return f.write_str("-");
        }
        let names: Vec<_> = names.iter().map(|name| String::from_utf8_lossy(name)).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = String::from_utf8_lossy(&self.key);
        write!(f, "key {key:?}: ours {}, theirs {}", self.ours, self.theirs)
    }
}

fn observation(root: &Item) -> Result<Observation, Error> {
    let known: Vec<&str> =
        read::FIELDS.into_iter().chain(["software", "version", "keys", "integer-keys"]).collect();
    let fields = Fields::of(root, "field of an observation file", ErrorKind::Syntax, &known)?;
    let text = |name| fields.get(name).map(Field::text).transpose().map(|text| text.map(str::to_owned));
    let list = read::list(&fields)?;
    let names = list.servers.iter().map(|server| &*server.name).collect();
    let answers = Answers { names, replicas: list.replicas };
    let keys = answers.pairs(fields.need("keys")?, Field::bytes)?;
    let integer_keys = match fields.get("integer-keys") {
        None => Vec::new(),
        Some(field) if list.replicas.is_some() => {
            return Err(field.error("`integer-keys` cannot stand beside `replicas`"));
        }
        Some(field) => answers.pairs(field, |key| key.integer(0, u64::MAX))?,
    };
    Ok(Observation { software: text("software")?, version: text("version")?, keys, integer_keys, list })
}

/// Reads answers, which can only name servers of the list.
struct Answers<'a> {
    names: HashSet<&'a [u8]>,
    replicas: Option<u32>,
}

impl Answers<'_> {
    /// Pairs of a key and an answer.
    fn pairs<'t, K>(
        &self,
        field: Field<'t>,
        key: impl Fn(Field<'t>) -> Result<K, Error>,
    ) -> Result<Vec<(K, Answer)>, Error> {
        let pair = |item| {
            let pair = field.element(item);
            match pair.list()? {
                [first, second] => Ok((key(pair.element(first))?, self.answer(pair.element(second))?)),
                _ => Err(pair.error(format!("`{}` takes pairs of a key and an answer", field.name))),
            }
        };
        field.list()?.iter().map(pair).collect()
    }

    fn answer(&self, field: Field) -> Result<Answer, Error> {
        match (self.replicas, &field.item.value) {
            (None, Tree::Null) => Ok(Answer::One(None)),
            (None, Tree::Text(_)) => Ok(Answer::One(Some(self.name(field)?))),
            (None, _) => {
                Err(field
                    .error(format!("an answer is the name of a server or null, not {}", field.item.value)))
            }
            (Some(most), Tree::List(items)) if items.len() <= most as usize => {
                let names = items.iter().map(|item| self.name(field.element(item)));
                Ok(Answer::List(names.collect::<Result<_, _>>()?))
            }
            (Some(most), Tree::List(items)) => {
                Err(field.error(format!("the answer has {} servers, but `replicas` is {most}", items.len())))
            }
            (Some(_), _) => Err(field
                .error(format!("with `replicas` an answer is an array of names, not {}", field.item.value))),
        }
    }

    fn name(&self, field: Field) -> Result<Vec<u8>, Error> {
        let Tree::Text(name) = &field.item.value else {
            return Err(field.error(format!("the name of a server is wanted here, not {}", field.item.value)));
        };
        if self.names.contains(name.as_bytes()) {
            return Ok(name.as_bytes().to_vec());
        }
        Err(field.error(format!("the answer `{name}` is no server of this list")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_not_ours_is_counted_and_shown() {
        let recorded = |replicas: &str, keys: &str| {
            let text = format!(
                r#"{{"dialect": "libketama", {replicas} "servers": [{{"name": "a"}}, {{"name": "b"}}], "keys": [{keys}]}}"#
            );
            Observation::parse(text.as_bytes(), "F").unwrap().verify().unwrap()
        };
        let ours = |keys: &str| recorded("", keys).differences[0].ours.to_string();
        let (first, second) = (ours(r#"["1", null]"#), ours(r#"["2", null]"#));
        let other = if second == "a" { "b" } else { "a" };
        let report = recorded("", &format!(r#"["1", "{first}"], ["2", "{other}"], ["3", null]"#));
        assert_eq!((report.keys(), report.matches), (3, 1));
        let shown: Vec<String> = report.differences.iter().map(Difference::to_string).collect();
        assert_eq!(shown[0], format!("key \"2\": ours {second}, theirs {other}"));
        assert!(shown[1].ends_with(", theirs -"), "{}", shown[1]);
        let report = recorded(r#""replicas": 2,"#, &format!(r#"["2", ["{other}", "{second}"]]"#));
        let shown = report.differences[0].to_string();
        assert_eq!(shown, format!("key \"2\": ours {second} {other}, theirs {other} {second}"));
    }

    #[test]
    fn an_option_of_more_than_64_bits_is_refused() {
        let text = br#"{"dialect": "libketama", "options": {"max-points": 9223372036854775813}, "servers": [], "keys": []}"#;
        let error = Observation::parse(text, "F").unwrap_err().to_string();
        assert!(error.contains("an integer or a text, not `9223372036854775813`"), "{error}");
    }
}
