//! The TOML form of a server list: `dialect = "..."`, `[options]` and one `[[servers]]` for each server.

use super::lines::Lines;
use super::tree::{Entry, Field, Fields, Item, Tree};
use super::{ServerList, read};
use crate::error::{Error, ErrorKind};
use crate::memory;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a server list in TOML. `file` names it in errors.
///
/// # Errors
/// [`ErrorKind::Syntax`], [`ErrorKind::UnknownDialect`], [`ErrorKind::Option`] or [`ErrorKind::Server`], with line and
/// column, for everything that is not TOML, unknown, of a wrong type, out of range, missing or written twice.
pub fn parse(text: &[u8], file: &str) -> Result<ServerList, Error> {
    room(text).and_then(|()| list(text)).map_err(|error| error.in_file(file))
}

/// Makes sure that there is memory for the tree of a text and the servers in it.
fn room(text: &[u8]) -> Result<(), Error> {
    let (servers, fields) = servers_and_fields(text);
    // A server's node in the tree has room for eleven fields, and it becomes a server.
    memory::room(
        servers.saturating_mul(2048).saturating_add(fields.saturating_mul(256)),
        format_args!("a list of about {servers} servers"),
    )
}

/// About how many there are: `[[` or `{` begins a server, and `=` stands in each field.
fn servers_and_fields(text: &[u8]) -> (usize, usize) {
    let count = |byte| text.iter().filter(|&&other| other == byte).count();
    (count(b'[') / 2 + count(b'{'), count(b'='))
}

fn list(text: &[u8]) -> Result<ServerList, Error> {
    let root = root(text)?;
    let known: Vec<&str> = read::FIELDS.into_iter().chain(["segment"]).collect();
    let fields = Fields::of(&root, "field of a server list", ErrorKind::Syntax, &known)?;
    let segment = fields.get("segment").map(Field::text).transpose()?.map(str::to_owned);
    Ok(ServerList { segment, ..read::list(&fields)? })
}

/// Whether a server list is in TOML and not in the classic form.
///
/// The first line that is neither blank nor a comment decides. It is TOML if it starts with one of the field names of
/// a list and `=`, or with `[options]`, `[servers]` or `[[servers]]`; ASCII case and blanks do not matter, and a name
/// may be quoted. Everything else, an empty text too, is a classic list, in which such a line would be the server
/// `dialect` with a weight that begins with `=`: an error.
pub(super) fn is_toml(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let significant = |line: &&[u8]| !line.is_empty() && line[0] != b'#';
    let Some(line) = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).find(significant) else {
        return false;
    };
    let line = String::from_utf8_lossy(line).to_ascii_lowercase().replace([' ', '\t', '"', '\''], "");
    let names = read::FIELDS.into_iter().chain(["segment"]);
    names.into_iter().any(|name| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
        || ["[options]", "[servers]", "[[servers]]"].iter().any(|header| line.starts_with(header))
}

/// The document as a tree.
fn root(text: &[u8]) -> Result<Item, Error> {
    let lines = Lines::of(text);
    let syntax = |offset, message: String| lines.place(offset).error(ErrorKind::Syntax, message);
    let text = std::str::from_utf8(text)
        .map_err(|error| syntax(error.valid_up_to(), "the text is not UTF-8".to_owned()))?;
    let document = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        syntax(offset, format!("not TOML: {}", error.message()))
    })?;
    Ok(Item { value: table(document.get_ref(), &lines), place: lines.place(document.span().start) })
}

fn table(entries: &DeTable, lines: &Lines) -> Tree {
    let mut entries: Vec<_> = entries.iter().collect();
    // The map is sorted by name; errors should be met in the order of the text.
    entries.sort_by_key(|(name, _)| name.span().start);
    let entry = |(name, value): (&Spanned<std::borrow::Cow<str>>, &Spanned<DeValue>)| Entry {
        name: name.get_ref().to_string(),
        place: lines.place(name.span().start),
        item: item(value, lines),
    };
    Tree::Table(entries.into_iter().map(entry).collect())
}

fn item(value: &Spanned<DeValue>, lines: &Lines) -> Item {
    let tree = match value.get_ref() {
        DeValue::String(text) => Tree::Text(text.to_string()),
        DeValue::Integer(integer) => i128::from_str_radix(integer.as_str(), integer.radix())
            .map_or(Tree::Other("an integer of more than 128 bits"), Tree::Integer),
        DeValue::Float(float) => float.as_str().parse().map_or(Tree::Other("no number"), Tree::Fraction),
        DeValue::Boolean(flag) => Tree::Bool(*flag),
        DeValue::Datetime(_) => Tree::Other("a date or time"),
        DeValue::Array(items) => Tree::List(items.iter().map(|value| item(value, lines)).collect()),
        DeValue::Table(entries) => table(entries, lines),
    };
    Item { value: tree, place: lines.place(value.span().start) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Weight;

    const LIST: &str = r#"
        # A fleet.
        dialect = "LibKetama"
        segment = "/dev/shm/fleet"
        replicas = 2
        note = "any text"
        options = { Max_Points = 5000 }

        [[servers]]
        name = "10.0.0.1:11211"
        weight = 600

        [[servers]]
        name = "10.0.0.2:11211"
        down = true
        ZONE = "b"
    "#;

    #[test]
    fn all_fields_of_a_list_are_read() {
        let list = ServerList::parse(LIST.as_bytes(), "F").unwrap();
        assert_eq!(list.dialect.name, "libketama");
        assert_eq!(list.options.max_points(), 5000);
        assert_eq!(list.replicas, Some(2));
        assert_eq!(list.segment.as_deref(), Some("/dev/shm/fleet"));
        let [first, second] = &list.servers[..] else { panic!("{:?}", list.servers) };
        assert_eq!((&first.name[..], first.weight, first.line), (&b"10.0.0.1:11211"[..], 600.into(), 10));
        assert_eq!((second.weight, second.down, second.line), (Weight::Integer(1), true, 14));
        assert_eq!(second.fields.zone.as_deref(), Some(&b"b"[..]));
    }

    #[test]
    fn servers_are_counted_before_there_is_memory_for_them() {
        assert_eq!(
            servers_and_fields(b"dialect = 'x'\n[[servers]]\nname = 'a'\n[[servers]]\nname = 'b'\n"),
            (2, 3)
        );
        assert_eq!(servers_and_fields(b"servers = [{ name = 'a' }, { name = 'b' }]"), (2, 3));
    }

    #[test]
    fn the_first_line_that_says_something_decides_on_the_form() {
        for text in
            ["dialect = \"x\"", "\n # c\n\tReplicas=1", "\u{feff}\"note\" = ''", "[[servers]]", "[ options ]"]
        {
            assert!(is_toml(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "# dialect = 1",
            "10.0.0.1:11211 5",
            "[::1]:11211 5\ndialect = 1",
            "dialect 5",
            "dialects = 5",
        ] {
            assert!(!is_toml(text.as_bytes()), "{text}");
        }
    }
}
