//! One server of a list: its name, its weight, and the few things that some dialects want to know beside them.

use crate::name::Name;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// A weight as it was written: some software computes otherwise as soon as a fraction is written, even `1.0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weight {
    /// Written without a fraction.
    Integer(i64),
    /// Written with a fraction or an exponent; finite.
    Fraction(f64),
}

impl Weight {
    /// The weight as a double, rounded to nearest where it has more than 53 significant bits.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Integer(weight) => weight as f64,
            Self::Fraction(weight) => weight,
        }
    }

    /// The weight as an integer, if it was written as one.
    pub fn as_integer(self) -> Option<i64> {
        match self {
            Self::Integer(weight) => Some(weight),
            Self::Fraction(_) => None,
        }
    }

    /// The weight for dialects that take integers of at least 0 only; 0 where it is none.
    pub(crate) fn as_count(self) -> u64 {
        self.as_integer().and_then(|weight| u64::try_from(weight).ok()).unwrap_or(0)
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self::Integer(1)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(weight) => write!(f, "{weight}"),
            Self::Fraction(weight) => write!(f, "{weight:?}"),
        }
    }
}

impl From<i64> for Weight {
    fn from(weight: i64) -> Self {
        Self::Integer(weight)
    }
}

impl From<f64> for Weight {
    fn from(weight: f64) -> Self {
        Self::Fraction(weight)
    }
}

/// One server of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Server {
    /// The identity used in answers; hashed as well, unless the dialect says otherwise. Any bytes, at least one.
    pub name: Name,
    /// The weight as written in the software's own configuration.
    pub weight: Weight,
    /// Not usable at the moment; what follows from that is the dialect's affair.
    pub down: bool,
    /// haproxy: used only when no other server is usable.
    pub backup: bool,
    /// The line on which the server was written, counted from 1; 0 where there is none.
    pub line: u32,
    /// What most servers do not have.
    pub fields: Fields,
}

/// The fields of a server that most do not have: nothing is stored until one is written.
///
/// They are read and written through [`OptionalFields`], which this refers to.
#[derive(Clone, Debug, Default)]
pub struct Fields(Option<Box<OptionalFields>>);

/// Fields that may be absent. Which ones may be set, beside `zone`, is for the dialect to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptionalFields {
    /// The text that is hashed in place of the one derived from the name.
    pub label: Option<Vec<u8>>,
    /// haproxy: the number that is hashed.
    pub id: Option<u32>,
    /// haproxy: the text hashed with `hash-key = "guid"`.
    pub guid: Option<Vec<u8>>,
    /// haproxy: the numeric address hashed with `hash-key` `addr` and `addr-port`.
    pub host: Option<Vec<u8>>,
    /// haproxy: the port hashed with `hash-key = "addr-port"`.
    pub port: Option<u16>,
    /// uhashring, hashring-js: this server's own number in place of the option.
    pub vnodes: Option<u32>,
    /// cassandra: the places of this server on the circle.
    pub tokens: Option<Vec<i64>>,
    /// The availability zone, for lists of servers that should lie in different ones.
    pub zone: Option<Vec<u8>>,
}

impl OptionalFields {
    const ABSENT: Self = Self {
        label: None,
        id: None,
        guid: None,
        host: None,
        port: None,
        vnodes: None,
        tokens: None,
        zone: None,
    };
}

impl Fields {
    /// Whether none was ever written.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl From<OptionalFields> for Fields {
    fn from(optional: OptionalFields) -> Self {
        Self((optional != OptionalFields::ABSENT).then(|| Box::new(optional)))
    }
}

impl Deref for Fields {
    type Target = OptionalFields;

    fn deref(&self) -> &OptionalFields {
        self.0.as_deref().unwrap_or(&OptionalFields::ABSENT)
    }
}

impl DerefMut for Fields {
    fn deref_mut(&mut self) -> &mut OptionalFields {
        self.0.get_or_insert_default()
    }
}

/// Fields that were written as absent are equal to those that never were.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Server {
    /// A server with a name and a weight.
    pub fn new(name: impl Into<Name>, weight: impl Into<Weight>) -> Self {
        Self { name: name.into(), weight: weight.into(), ..Self::default() }
    }

    /// The name as text; bytes that are not UTF-8 are shown as U+FFFD.
    pub fn name_lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// What the dialect hashes for this server: the label if there is one, else the name.
    pub(crate) fn label_or_name(&self) -> &[u8] {
        self.fields.label.as_deref().unwrap_or(&self.name)
    }
}

/// A server name taken apart by the common rule: `/...` is a socket path; digits after the last `:` are the port.
///
/// Nothing is resolved and no case is folded; `[::1]:11211` keeps its brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostPort<'a> {
    pub host: &'a [u8],
    /// The digits as written, leading zeros included.
    pub port: Option<&'a [u8]>,
}

impl<'a> HostPort<'a> {
    pub fn split(name: &'a [u8]) -> Self {
        let whole = Self { host: name, port: None };
        if name.starts_with(b"/") {
            return whole;
        }
        match name.iter().rposition(|&byte| byte == b':') {
            Some(colon) => {
                let (host, port) = (&name[..colon], &name[colon + 1..]);
                if !port.is_empty() && port.iter().all(u8::is_ascii_digit) {
                    Self { host, port: Some(port) }
                } else {
                    whole
                }
            }
            None => whole,
        }
    }

    /// The port as a number; None where there is no port or it does not fit into 64 bits.
    pub fn port_number(self) -> Option<u64> {
        std::str::from_utf8(self.port?).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(name: &str) -> (&str, Option<&str>) {
        let HostPort { host, port } = HostPort::split(name.as_bytes());
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        (text(host), port.map(text))
    }

    #[test]
    fn fields_written_as_absent_are_those_that_never_were() {
        let never = Fields::default();
        let mut fields = never.clone();
        fields.label.take();
        assert_eq!(fields, never);
        fields.label = Some(b"l".to_vec());
        assert_ne!(fields, never);
    }

    #[test]
    fn a_port_is_the_digits_after_the_last_colon() {
        assert_eq!(split("10.0.0.1:11211"), ("10.0.0.1", Some("11211")));
        assert_eq!(split("[::1]:11211"), ("[::1]", Some("11211")));
        assert_eq!(split("host"), ("host", None));
        assert_eq!(split("host:"), ("host:", None));
        assert_eq!(split("host:80a"), ("host:80a", None));
        assert_eq!(split("/tmp/a:1"), ("/tmp/a:1", None));
        assert_eq!(split("a:b:007"), ("a:b", Some("007")));
    }

    #[test]
    fn a_weight_shows_whether_it_was_written_with_a_fraction() {
        assert_eq!(Weight::from(1).to_string(), "1");
        assert_eq!(Weight::from(1.0).to_string(), "1.0");
        assert_eq!(Weight::from(0.25).to_string(), "0.25");
    }
}
