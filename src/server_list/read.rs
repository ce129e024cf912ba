//! The one reader of server lists that use the common words: a tree, from TOML or JSON, into a checked list.
//!
//! Nothing is skipped: what is unknown, of a wrong type, out of range, missing or written twice is an error that names
//! its place and the words that are known there.

use super::ServerList;
use super::tree::{Entry, Field, Fields, Item, Tree};
use crate::dialect::Dialect;
use crate::dialect::option::{Options, Value};
use crate::error::{Error, ErrorKind};
use crate::server::{OptionalFields, Server};

/// The fields of a list that both forms have.
pub(crate) const FIELDS: [&str; 5] = ["dialect", "options", "servers", "replicas", "note"];

/// The fields of a server that every dialect has.
const SERVER_FIELDS: [&str; 4] = ["name", "weight", "down", "zone"];

/// Reads the fields of [`FIELDS`] and checks all that can be checked without placing a point.
pub(crate) fn list(fields: &Fields) -> Result<ServerList, Error> {
    let name = fields.need("dialect")?;
    let dialect = Dialect::named(name.text()?).map_err(|error| name.item.place.mark(error))?;
    let mut list = ServerList::new(dialect, Vec::new());
    if let Some(options) = fields.get("options") {
        set_options(&mut list.options, options)?;
    }
    for item in fields.need("servers")?.list()? {
        list.servers.push(server(item, dialect)?);
    }
    list.replicas = fields.get("replicas").map(|field| field.integer(1, u32::MAX)).transpose()?;
    // Without meaning, but still a text.
    fields.get("note").map(Field::text).transpose()?;
    dialect.check(&list.servers, &list.options)?;
    Ok(list)
}

fn set_options(options: &mut Options, field: Field) -> Result<(), Error> {
    let Tree::Table(entries) = &field.item.value else {
        return Err(field.refuse("a table"));
    };
    for Entry { name, place, item } in entries {
        let value = match &item.value {
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Text(value) => Value::Text(value.clone()),
            Tree::Integer(value) if i64::try_from(*value).is_ok() => Value::Int(*value as i64),
            other => {
                let message =
                    format!("option `{name}` takes true or false, an integer or a text, not {other}");
                return Err(item.place.error(ErrorKind::Option, message));
            }
        };
        options.set(name, value).map_err(|error| place.mark(error))?;
    }
    Ok(())
}

fn server(item: &Item, dialect: &Dialect) -> Result<Server, Error> {
    let own = dialect.fields.iter().map(|field| field.name());
    let known: Vec<&str> = SERVER_FIELDS.into_iter().chain(own).collect();
    let fields = Fields::of(item, &format!("server field of {dialect}"), ErrorKind::Server, &known)?;
    let bytes = |name| fields.get(name).map(Field::bytes).transpose();
    let flag = |name| fields.get(name).map_or(Ok(false), Field::flag);
    let counting = |name| fields.get(name).map(|field| field.integer(1, u32::MAX)).transpose();
    let name = fields.need("name")?;
    let optional = OptionalFields {
        label: bytes("label")?,
        id: counting("id")?,
        guid: bytes("guid")?,
        host: bytes("host")?,
        port: fields.get("port").map(|field| field.integer(0, u16::MAX)).transpose()?,
        vnodes: counting("vnodes")?,
        tokens: fields.get("tokens").map(tokens).transpose()?,
        zone: bytes("zone")?,
    };
    let server = Server {
        name: name.bytes()?.into(),
        weight: fields.get("weight").map(Field::weight).transpose()?.unwrap_or_default(),
        down: flag("down")?,
        backup: flag("backup")?,
        line: name.item.place.line,
        fields: optional.into(),
    };
    if server.name.is_empty() {
        return Err(name.refuse("a text that is not empty"));
    }
    Ok(server)
}

/// Signed numbers of 64 bits, written as integers or, for readers that cannot hold these, as decimal text.
fn tokens(field: Field) -> Result<Vec<i64>, Error> {
    let token = |item| {
        let field = field.element(item);
        match &item.value {
            Tree::Integer(token) => i64::try_from(*token).ok(),
            Tree::Text(token) => token.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| field.refuse("signed integers of 64 bits, bare or as decimal text"))
    };
    field.list()?.iter().map(token).collect()
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use crate::dialect::{Field as Own, Weights};
    use crate::rule::Rule;
    use crate::server::Weight;
    use crate::server_list::tree::Place;

    static DIALECT: Dialect = Dialect {
        name: "example",
        aliases: &[],
        software: "",
        version: "",
        verified: "",
        fields: &[Own::Label, Own::Id, Own::Port, Own::Backup, Own::Vnodes, Own::Tokens],
        weights: |_| Weights::Ignored,
        repeats: false,
        options: &[],
        health: crate::health::Settings::NEVER,
        build: |_, _| Ok(Rule::Nowhere),
    };

    /// A server `a` with one more field.
    fn read(name: &str, value: Tree) -> Result<Server, String> {
        let entry = |name: &str, value| {
            let place = Place::path(name.to_owned());
            Entry { name: name.to_owned(), place: place.clone(), item: Item { value, place } }
        };
        let entries = vec![entry("name", Tree::Text("a".to_owned())), entry(name, value)];
        let item = Item { value: Tree::Table(entries), place: Place::path(String::new()) };
        server(&item, &DIALECT).map_err(|error| error.to_string())
    }

    fn list(values: Vec<Tree>) -> Tree {
        Tree::List(
            values.into_iter().map(|value| Item { value, place: Place::path("tokens[]".into()) }).collect(),
        )
    }

    #[test]
    fn own_fields_of_a_dialect_are_read() {
        assert_eq!(read("label", Tree::Text("l".into())).unwrap().fields.label, Some(b"l".to_vec()));
        assert_eq!(read("ID", Tree::Integer(7)).unwrap().fields.id, Some(7));
        assert_eq!(read("port", Tree::Integer(65_535)).unwrap().fields.port, Some(65_535));
        assert!(read("backup", Tree::Bool(true)).unwrap().backup);
        assert_eq!(read("vnodes", Tree::Integer(1)).unwrap().fields.vnodes, Some(1));
    }

    #[test]
    fn tokens_are_integers_or_decimal_text() {
        let least = Tree::Text(i64::MIN.to_string());
        let tokens = read("tokens", list(vec![Tree::Integer(-1), least])).unwrap().fields.tokens.clone();
        assert_eq!(tokens, Some(vec![-1, i64::MIN]));
        let taken = "`tokens` takes signed integers of 64 bits, bare or as decimal text";
        for (token, refused) in [
            (Tree::Integer(1 << 63), "`9223372036854775808`"),
            (Tree::Text("1e3".into()), "the text `1e3`"),
            (Tree::Bool(true), "`true`"),
        ] {
            let error = read("tokens", list(vec![token])).unwrap_err();
            assert_eq!(error, format!("tokens[]: {taken}, not {refused}"));
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for (name, value, range) in [
            ("id", 0, "1 to 4294967295"),
            ("id", 1 << 32, "1 to 4294967295"),
            ("port", -1, "0 to 65535"),
            ("port", 65_536, "0 to 65535"),
            ("vnodes", 0, "1 to 4294967295"),
        ] {
            let message = format!("{name}: `{name}` takes an integer from {range}, not `{value}`");
            assert_eq!(read(name, Tree::Integer(value)).unwrap_err(), message);
        }
        assert_eq!(
            read("id", Tree::Fraction(1.0)).unwrap_err(),
            "id: `id` takes an integer from 1 to 4294967295, not `1.0`"
        );
    }

    #[test]
    fn a_field_that_the_dialect_does_not_have_is_refused() {
        let message = "guid: unknown server field of example `guid`; \
            known: name, weight, down, zone, label, id, port, backup, vnodes, tokens";
        assert_eq!(read("guid", Tree::Text("g".into())).unwrap_err(), message);
    }

    #[test]
    fn a_weight_keeps_the_form_in_which_it_was_written() {
        assert_eq!(read("weight", Tree::Integer(2)).unwrap().weight, Weight::Integer(2));
        assert_eq!(read("weight", Tree::Fraction(2.0)).unwrap().weight, Weight::Fraction(2.0));
    }
}
