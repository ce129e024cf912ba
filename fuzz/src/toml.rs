//! Server lists in TOML. The input is the list.

use super::bounded;
use super::place::assert_place;
use ketama::server_list::foreign::Format;
use ketama::server_list::toml;
use ketama::{ErrorKind, ServerList};

/// What is read can be written, and reads as the same again; what is not says where.
pub fn check(text: &[u8]) {
    match toml::parse(text, "F") {
        Ok(list) => {
            assert!(list.servers.len() <= text.len());
            round_trip(&list);
            if let Some(ring) = bounded::ring(&list) {
                let key = &text[..text.len().min(20)];
                let answer = ring.lookup(key);
                assert!(answer.is_none_or(|server| (server as usize) < list.servers.len()));
            }
        }
        Err(error) => {
            assert_place(&error, text);
            assert!(matches!(
                error.kind(),
                ErrorKind::Syntax | ErrorKind::UnknownDialect | ErrorKind::Option | ErrorKind::Server
            ));
        }
    }
}

/// Writes a list in TOML and reads it again.
pub fn round_trip(list: &ServerList) {
    let written = Format::Toml.write(list).expect("texts that were read are UTF-8");
    assert!(written.left_out.is_empty());
    assert_eq!(Format::of(&written.text), Format::Toml);
    let again =
        toml::parse(&written.text, "F").unwrap_or_else(|error| panic!("{error}\n{}", text(&written.text)));
    assert_eq!(shown(&again), shown(list), "{}", text(&written.text));
}

/// All of a list but the lines on which its servers were written.
fn shown(list: &ServerList) -> String {
    let mut list = list.clone();
    list.servers.iter_mut().for_each(|server| server.line = 0);
    format!("{list:?}")
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
