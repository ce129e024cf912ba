//! What a TOML or JSON text holds before anyone asks what it means: values, each with its place, and fields by name.
//!
//! Both forms of a server list become this tree, so that one reader serves both and every error names a place.

use crate::dialect::option::canonical_word;
use crate::error::{Error, ErrorKind, unknown};
use crate::server::Weight;
use std::fmt;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// Line and column, counted from 1; 0 where they are not known.
    pub line: u32,
    pub column: u32,
    /// The way to it from the top, such as `servers[3].label`; empty at the top, and where line and column are known.
    pub path: String,
}

impl Place {
    /// Known by line and column.
    pub fn at(line: u32, column: u32) -> Self {
        Self { line, column, path: String::new() }
    }

    /// Known by its path.
    #[cfg(feature = "cli")]
    pub fn path(path: String) -> Self {
        Self { line: 0, column: 0, path }
    }

    /// A failure at this place.
    pub fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        self.mark(Error::new(kind, message))
    }

    /// The same failure, seen at this place.
    pub fn mark(&self, error: Error) -> Error {
        if self.line > 0 {
            error.at_line(self.line).at_column(self.column)
        } else if self.path.is_empty() {
            error
        } else {
            Error::new(error.kind(), format!("{}: {}", self.path, error.message()))
        }
    }
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub value: Tree,
    pub place: Place,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    /// JSON's `null`.
    #[cfg(feature = "cli")]
    Null,
    Bool(bool),
    /// Written without a fraction and an exponent.
    Integer(i128),
    Fraction(f64),
    Text(String),
    /// Something that no field takes, in words.
    Other(&'static str),
    List(Vec<Item>),
    /// In the order of the text, repeated names included.
    Table(Vec<Entry>),
}

/// One named value of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// As it was written.
    pub name: String,
    /// Where the name was written.
    pub place: Place,
    pub item: Item,
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "cli")]
            Self::Null => f.write_str("`null`"),
            Self::Bool(value) => write!(f, "`{value}`"),
            Self::Integer(value) => write!(f, "`{value}`"),
            Self::Fraction(value) => write!(f, "`{value:?}`"),
            Self::Text(value) => write!(f, "the text `{value}`"),
            Self::Other(words) => f.write_str(words),
            Self::List(_) => f.write_str("an array"),
            Self::Table(_) => f.write_str("a table"),
        }
    }
}

/// The fields of a table whose names are all known and occur once each.
pub(crate) struct Fields<'a> {
    entries: Vec<(String, &'a Item)>,
    place: &'a Place,
    kind: ErrorKind,
}

impl<'a> Fields<'a> {
    /// The fields of `item`; `what` says in errors what they are, and errors are of `kind`.
    pub fn of(item: &'a Item, what: &str, kind: ErrorKind, known: &[&str]) -> Result<Self, Error> {
        let Tree::Table(written) = &item.value else {
            let message = format!("a table is wanted here, not {}", item.value);
            return Err(item.place.error(kind, message));
        };
        let mut entries: Vec<(String, &Item)> = Vec::with_capacity(written.len());
        for Entry { name, place, item } in written {
            let canonical = canonical_word(name);
            if !known.contains(&&*canonical) {
                return Err(place.error(kind, unknown(what, name, known.iter().copied())));
            }
            if entries.iter().any(|(other, _)| *other == canonical) {
                return Err(place.error(kind, format!("{what} `{canonical}` is written twice")));
            }
            entries.push((canonical, item));
        }
        Ok(Self { entries, place: &item.place, kind })
    }

    /// The field of this name, if it was written.
    pub fn get(&self, name: &'static str) -> Option<Field<'a>> {
        let (_, item) = self.entries.iter().find(|(other, _)| other == name)?;
        Some(Field { name, item, kind: self.kind })
    }

    /// The field of this name, which must have been written.
    pub fn need(&self, name: &'static str) -> Result<Field<'a>, Error> {
        self.get(name).ok_or_else(|| self.place.error(self.kind, format!("`{name}` is missing")))
    }
}

/// A field that was written.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub name: &'static str,
    pub item: &'a Item,
    kind: ErrorKind,
}

impl<'a> Field<'a> {
    /// An element of a list that is this field's value, called by the same name in errors.
    pub fn element(self, item: &'a Item) -> Self {
        Self { item, ..self }
    }

    /// A failure in this field's value.
    pub fn error(self, message: impl Into<String>) -> Error {
        self.item.place.error(self.kind, message)
    }

    /// The value is not what the field takes.
    pub fn refuse(self, taken: &str) -> Error {
        self.error(format!("`{}` takes {taken}, not {}", self.name, self.item.value))
    }

    pub fn text(self) -> Result<&'a str, Error> {
        match &self.item.value {
            Tree::Text(text) => Ok(text),
            _ => Err(self.refuse("a text")),
        }
    }

    pub fn bytes(self) -> Result<Vec<u8>, Error> {
        self.text().map(|text| text.as_bytes().to_vec())
    }

    pub fn flag(self) -> Result<bool, Error> {
        match self.item.value {
            Tree::Bool(flag) => Ok(flag),
            _ => Err(self.refuse("true or false")),
        }
    }

    /// An integer from `least` to all that fits into `T`.
    pub fn integer<T>(self, least: i128, most: T) -> Result<T, Error>
    where
        T: TryFrom<i128> + fmt::Display,
    {
        let fits = match self.item.value {
            Tree::Integer(integer) if integer >= least => T::try_from(integer).ok(),
            _ => None,
        };
        fits.ok_or_else(|| self.refuse(&format!("an integer from {least} to {most}")))
    }

    pub fn list(self) -> Result<&'a [Item], Error> {
        match &self.item.value {
            Tree::List(items) => Ok(items),
            _ => Err(self.refuse("an array")),
        }
    }

    pub fn weight(self) -> Result<Weight, Error> {
        match self.item.value {
            Tree::Integer(integer) => i64::try_from(integer)
                .map(Weight::Integer)
                .map_err(|_| self.refuse("an integer of 64 bits or a finite fraction")),
            Tree::Fraction(fraction) if fraction.is_finite() => Ok(Weight::Fraction(fraction)),
            _ => Err(self.refuse("a finite number")),
        }
    }
}
