//! The configurations of other software that `ketama convert` reads. The first byte of the input is the format's first
//! letter, the rest is the file.

use super::place::assert_place;
use super::{bounded, toml};
use ketama::ServerList;
use ketama::server_list::foreign::Format;

/// What is read can be written in TOML and reads as the same list again, in the same format too unless the writer
/// refuses it; what is not read says where.
pub fn check(data: &[u8]) {
    let Some((&format, text)) = data.split_first() else { return };
    let format = match format {
        b't' => Format::Twemproxy,
        b'n' => Format::Nginx,
        b'h' => Format::Haproxy,
        _ => Format::Libmemcached,
    };
    Format::of(text);
    let list = match format.parse(text, "F", None) {
        Ok(list) => list,
        Err(error) => return assert_place(&error, text),
    };
    assert_eq!(format.dialect().expect("it is there").map(|dialect| dialect.name), Some(list.dialect.name));
    toml::round_trip(&list);
    // Readers are more lenient than writers: HAProxy would refuse the name `a/b`, which is no reason not to read it.
    let Ok(written) = format.write(&list) else { return };
    let shown = String::from_utf8_lossy(&written.text);
    let again = format.parse(&written.text, "F", None).unwrap_or_else(|error| panic!("{error}\n{shown}"));
    // What has no server has nothing that tells HAProxy's sections from a classic list.
    assert!(list.servers.is_empty() || Format::of(&written.text) == format, "{shown}");
    if written.left_out.is_empty() {
        assert_same(&again, &list, &shown);
    }
}

/// The same servers, which answer for the same keys.
fn assert_same(again: &ServerList, list: &ServerList, shown: &str) {
    let names =
        |list: &ServerList| -> Vec<_> { list.servers.iter().map(|server| server.name.clone()).collect() };
    assert_eq!(names(again), names(list), "{shown}");
    let rings = [again, list].map(bounded::ring);
    let fingerprints = rings.map(|ring| ring.map(|ring| ring.fingerprint()));
    assert_eq!(fingerprints[0], fingerprints[1], "{shown}");
}
