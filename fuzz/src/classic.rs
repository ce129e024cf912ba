//! The classic server list and its ring, against the naive reading. The input is the list.

use super::naive;
use ketama::server_list::classic;
use ketama::{Dialect, Ring, ServerList};

/// How many servers a list may have to be made a ring of: the naive ring costs 40 digests for each.
const MOST: usize = 12;

/// Compares what is read, where it is refused, and every point and some keys of the ring.
pub fn check(text: &[u8]) {
    for longest in [None, Some(23)] {
        let expected = naive::list::read(text, longest.unwrap_or(usize::MAX));
        let found = classic::parse(text, "F", longest);
        match (&found, &expected) {
            (Ok(servers), Ok(expected)) => {
                let servers: Vec<_> = servers
                    .iter()
                    .map(|server| {
                        (server.name.to_vec(), server.weight.as_integer().expect("weights are integers"))
                    })
                    .collect();
                assert_eq!(servers, *expected);
            }
            (Err(error), Err(line)) => {
                assert_eq!(error.line(), *line, "{error}");
                assert!(!error.message().is_empty());
            }
            _ => panic!("read as {found:?}, but the naive reading is {expected:?}"),
        }
        if let (Ok(servers), Ok(expected), None) = (found, expected, longest)
            && servers.len() <= MOST
        {
            let list = ServerList::new(Dialect::named("libketama").expect("it is there"), servers);
            compare_rings(Ring::build(list), &expected, text);
        }
    }
}

fn compare_rings(ring: Result<Ring, ketama::Error>, servers: &[(Vec<u8>, i64)], text: &[u8]) {
    let (ring, points) = match (ring, naive::ketama::points(servers)) {
        (Ok(ring), Some(points)) => (ring, points),
        (Err(_), None) => return,
        (ring, points) => panic!("{ring:?}, but naive {:?} points", points.map(|points| points.len())),
    };
    let found: Vec<_> = (0..ring.point_count()).filter_map(|index| ring.point(index)).collect();
    let expected: Vec<_> = points.iter().map(|&(place, server)| (u128::from(place), server)).collect();
    assert_eq!(found, expected);
    for key in text.split(|&byte| byte == b'\n').take(8).chain([&b""[..], b"0"]) {
        let expected = naive::ketama::lookup(&points, key);
        assert_eq!(ring.position(key), expected);
        assert_eq!(ring.lookup(key), expected.map(|index| points[index].1));
    }
}
