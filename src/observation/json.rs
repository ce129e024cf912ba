//! JSON into the tree that the reader of server lists takes; repeated names are kept, so that they can be refused.

use crate::error::{Error, ErrorKind};
use crate::server_list::lines::Lines;
use crate::server_list::tree::{Entry, Item, Place, Tree};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Reads one JSON text, with nothing behind it.
///
/// # Errors
/// [`ErrorKind::Syntax`], with line and column.
pub(super) fn parse(text: &[u8]) -> Result<Item, Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let root = At(String::new()).deserialize(&mut reader);
    root.and_then(|root| reader.end().map(|()| root)).map_err(|error| {
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&place).unwrap_or(&message);
        // The parser counts the bytes that it has taken of the line, none of an empty one.
        let place = Lines::of(text).place_in(error.line(), error.column());
        place.error(ErrorKind::Syntax, format!("not JSON: {message}"))
    })
}

/// Reads the value at this path.
struct At(String);

impl At {
    fn item(self, value: Tree) -> Item {
        Item { value, place: Place::path(self.0) }
    }

    fn element(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    fn member(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.to_owned()) } else { Self(format!("{}.{name}", self.0)) }
    }
}

impl<'de> DeserializeSeed<'de> for At {
    type Value = Item;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Item, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(self.item(Tree::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Item, E> {
        Ok(self.item(Tree::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Item, E> {
        Ok(self.item(Tree::Integer(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Item, E> {
        Ok(self.item(Tree::Integer(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Item, E> {
        Ok(self.item(Tree::Fraction(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Item, E> {
        Ok(self.item(Tree::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Item, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = elements.next_element_seed(self.element(items.len()))? {
            items.push(item);
        }
        Ok(self.item(Tree::List(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Item, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            let item = members.next_value_seed(self.member(&name))?;
            entries.push(Entry { name, place: item.place.clone(), item });
        }
        Ok(self.item(Tree::Table(entries)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_a_place_in_the_text() {
        let place = |text: &str| {
            let error = parse(text.as_bytes()).unwrap_err();
            (error.line(), error.column())
        };
        assert_eq!(place(""), (Some(1), Some(1)));
        assert_eq!(place("{\n"), (Some(2), Some(1)));
        assert_eq!(place("[1,\n \"\u{e9}\u{e9}\" x]"), (Some(2), Some(7)));
    }
}
