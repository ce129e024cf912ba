//! How each dialect searches and what it does when a server is down, as `src/dialect/README.md` has it; and the points
//! of two of them.

use super::walk::{Find, Point};
use super::{crc32, ketama as libketama};
use ketama::ServerList;
use ketama::dialect::option::Kind;

/// How a key's place finds its server.
#[derive(Clone, Copy)]
pub struct Rule {
    /// How the circle is searched; None where there is none and the remainder of the place chooses a slot.
    pub find: Option<Find>,
    pub next: Next,
}

/// What follows when the server that was found is down.
#[derive(Clone, Copy)]
pub enum Next {
    /// Nothing, or it is not on the circle.
    Stay,
    /// The next point, this many of them in all.
    Points(usize),
    /// So many servers are passed over in any case.
    Alternate(usize),
    /// The key is hashed again.
    Again,
    /// The same in lists of servers.
    AgainInLists,
}

impl Rule {
    /// Whether lists go on downwards.
    pub fn is_downward(self) -> bool {
        self.find == Some(Find::AtOrBelow)
    }
}

/// The rule of a list's dialect with its options; None where it has neither points nor slots.
pub fn rule(list: &ServerList) -> Option<Rule> {
    let is = |name, value: &str| option(list, name) == value;
    let circle = |find| Rule { find: Some(find), next: Next::Stay };
    let table = Rule { find: None, next: Next::Stay };
    let either = |is_circle: bool| if is_circle { circle(Find::AtOrAbove) } else { table };
    Some(match list.dialect.name {
        "libketama" | "hashring-js" | "memcached-js" | "goketama" | "cassandra" | "steady" => {
            circle(Find::AtOrAbove)
        }
        "libmemcached" => either(is("distribution", "ketama") || is("distribution", "ketama-spy")),
        "twemproxy" => either(is("distribution", "ketama")),
        "memcached-proxy" => either(is("dist", "ring-hash")),
        "cache-memcached-fast" => either(!is("ketama-points", "0")),
        "envoy" => either(is("policy", "ring-hash")),
        "gomemcache" | "set-consistenthash" => table,
        "python-memcached" => Rule { next: Next::Again, ..table },
        "nginx" if is("consistent", "true") => Rule { next: Next::Points(21), ..circle(Find::AtOrAbove) },
        "nginx" => Rule { next: Next::Again, ..table },
        "haproxy" if is("hash-type", "consistent") => circle(Find::Nearest(32)),
        "haproxy" => table,
        "varnish" => {
            let alt = option(list, "alt").parse().unwrap_or(usize::MAX);
            Rule { next: Next::Alternate(alt), ..circle(Find::NoWrap) }
        }
        "hash-ring" => Rule { next: Next::Points(usize::MAX), ..circle(Find::Above) },
        "ring-redis" => circle(Find::AtOrBelow),
        "dalli" => Rule { next: Next::Again, ..circle(Find::AtOrBelow) },
        "uhashring" | "stathat" => circle(Find::Above),
        "perl-ketama" => circle(if is("hash-function", "2") { Find::Above } else { Find::ZeroLast }),
        "go-ketama" => circle(if is("hash-function", "2") { Find::AtOrAbove } else { Find::ZeroLast }),
        "spymemcached" => Rule { next: Next::AgainInLists, ..circle(Find::AtOrAbove) },
        "xmemcached" if is("locator", "ketama") => Rule { next: Next::Again, ..circle(Find::AtOrAbove) },
        "xmemcached" => either(is("locator", "libmemcached") || is("locator", "election")),
        _ => return None,
    })
}

/// An option's value as it is written, or its default.
fn option(list: &ServerList, name: &str) -> String {
    if let Some((_, value)) = list.options.set_values().find(|(set, _)| *set == name) {
        return value.to_string();
    }
    let kind = list.options.specs().find(|spec| spec.name == name).map(|spec| spec.kind);
    match kind {
        Some(Kind::Bool(default)) => default.to_string(),
        Some(Kind::Int { default, .. }) => default.map_or(String::new(), |default| default.to_string()),
        Some(Kind::Word { default, .. }) => default.unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// The points of a list, for libketama and for nginx with `consistent` and more than one server.
pub fn points(list: &ServerList) -> Option<Vec<Point>> {
    let servers: Vec<_> = list
        .servers
        .iter()
        .map(|server| Some((server.name.to_vec(), server.weight.as_integer()?)))
        .collect::<Option<_>>()?;
    match list.dialect.name {
        "libketama" => {
            let points = libketama::points(&servers)?;
            Some(points.into_iter().map(|(place, server)| (place.into(), server)).collect())
        }
        "nginx" if option(list, "consistent") == "true" && servers.len() > 1 => Some(nginx(&servers)),
        _ => None,
    }
}

/// 160 points for each unit of weight, each the CRC-32 of host, NUL, port and the point before; the first of equal ones
/// stays.
fn nginx(servers: &[(Vec<u8>, i64)]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for (index, (name, weight)) in servers.iter().enumerate() {
        let colon = name.iter().rposition(|&byte| byte == b':');
        let is_port = |colon: &usize| {
            let port = &name[colon + 1..];
            !port.is_empty() && port.iter().all(u8::is_ascii_digit)
        };
        let is_socket = name.len() >= 5 && name[..5].eq_ignore_ascii_case(b"unix:");
        let (host, port) = match colon.filter(is_port) {
            _ if is_socket => (&name[5..], &[][..]),
            Some(colon) if !name.starts_with(b"/") => (&name[..colon], &name[colon + 1..]),
            _ => (&name[..], &[][..]),
        };
        let mut before = 0_u32;
        for _ in 0..weight * 160 {
            before = crc32(&[host, b"\0", port, &before.to_le_bytes()].concat());
            points.push((before.into(), index as u32));
        }
    }
    points.sort_by_key(|&(place, _)| place);
    points.dedup_by_key(|&mut (place, _)| place);
    points
}
