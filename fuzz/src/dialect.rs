//! Every dialect: random options and servers, some of them down; look-ups against a walk over the ring's points without
//! an index, and the points themselves where the rule is written down a second time.

use super::naive::rules::{Next, Rule, rule};
use super::naive::walk::{find, onward};
use super::{bounded, naive};
use arbitrary::Unstructured;
use ketama::dialect::option::{Kind, Options, Value};
use ketama::dialect::{DIALECTS, Field, Weights};
use ketama::{Ring, Server, ServerList, Weight};

/// Builds a ring and compares what it answers.
pub fn check(data: &[u8]) {
    let mut random = Unstructured::new(data);
    let Ok(list) = list(&mut random) else { return };
    let Some(ring) = bounded::ring(&list) else { return };
    let points: Vec<_> = (0..ring.point_count()).filter_map(|index| ring.point(index)).collect();
    assert_eq!(points.len(), ring.point_count());
    assert_eq!(ring.point(points.len()), None);
    if let Some(expected) = naive::rules::points(&list) {
        assert!(points == expected, "{list:?}: other points than the naive ones");
    }
    let down: Vec<bool> = list.servers.iter().map(|server| server.down).collect();
    let again = Ring::build(ServerList {
        servers: list.servers.iter().map(|server| Server { down: false, ..server.clone() }).collect(),
        ..ring.list().clone()
    })
    .and_then(|ring| ring.with_down(&down));
    let mut keys: Vec<&[u8]> = random.take_rest().chunks(9).take(16).collect();
    keys.extend([&b""[..], b"0", b"user:42"]);
    let mut many = vec![0; keys.len()];
    ring.lookup_many(&keys, &mut many);
    for (key, many) in keys.iter().zip(many) {
        let answer = ring.lookup(key);
        assert_eq!(many, answer.unwrap_or(ketama::ring::NO_SERVER), "{list:?} {key:?}");
        let servers = all(&ring, key);
        if let Ok(again) = &again {
            assert_eq!((again.lookup(key), all(again, key)), (answer, servers.clone()), "{list:?} {key:?}");
        }
        assert!(servers.iter().all(|&server| !list.servers[server as usize].down), "{list:?} {key:?}");
        if let Some(rule) = rule(&list).filter(|_| !points.is_empty()) {
            compare(&ring, rule, &points, &down, key, answer, &servers);
        }
    }
}

/// The list of servers for a key.
fn all(ring: &Ring, key: &[u8]) -> Vec<u32> {
    let mut servers = vec![0; ring.server_count()];
    let count = ring.lookup_n(key, &mut servers);
    servers.truncate(count);
    servers
}

fn compare(
    ring: &Ring,
    rule: Rule,
    points: &[naive::walk::Point],
    down: &[bool],
    key: &[u8],
    answer: Option<u32>,
    servers: &[u32],
) {
    let shown = || format!("{:?} {key:?}", ring.list());
    let Some(place) = ring.place(key) else {
        assert_eq!((answer, servers), (None, &[][..]), "{}", shown());
        return;
    };
    let is_up = |server: &u32| !down[*server as usize];
    let (first, is_circle) = match rule.find {
        Some(find_rule) => (find(points, place, find_rule).expect("there are points"), true),
        None => ((place % points.len() as u128) as usize, false),
    };
    assert_eq!(ring.position(key), Some(first), "{}", shown());
    let distinct = onward(points, first, rule.is_downward());
    let expected = match rule.next {
        Next::Stay => Some(points[first].1),
        Next::Points(tries) => {
            let mut met = (0..points.len().min(tries)).map(|step| points[(first + step) % points.len()].1);
            met.find(is_up)
        }
        Next::Alternate(alt) => {
            let alt = alt.min(distinct.len() - 1);
            let back = || distinct[..alt.saturating_sub(1)].iter().rev().find(|server| is_up(server));
            distinct[alt..].iter().find(|server| is_up(server)).or_else(back).copied()
        }
        // Tried again at another place: that rule is not written down here.
        Next::Again | Next::AgainInLists if down.contains(&true) => answer,
        Next::Again | Next::AgainInLists => Some(points[first].1),
    };
    assert_eq!(answer, expected, "{}", shown());
    match rule.next {
        Next::AgainInLists => {}
        Next::Alternate(alt) => {
            let alt = alt.min(distinct.len() - 1);
            let expected: Vec<u32> = distinct[alt..].iter().copied().filter(is_up).collect();
            assert_eq!(servers, expected, "{}", shown());
        }
        _ => {
            let mut expected: Vec<u32> = distinct.iter().copied().filter(is_up).collect();
            let mut servers = servers.to_vec();
            if !is_circle {
                // In list order: all that matters here is that each is there once.
                expected.sort_unstable();
                servers.sort_unstable();
            }
            assert_eq!(servers, expected, "{}", shown());
        }
    }
}

/// A random list of a random dialect; most of them are accepted.
fn list(random: &mut Unstructured) -> arbitrary::Result<ServerList> {
    let dialect = *random.choose(DIALECTS)?;
    let mut options = dialect.default_options();
    for spec in dialect.options {
        if random.ratio(1, 3)? {
            let value = value(spec.kind, random)?;
            options.set(spec.name, value).expect("it is of the kind and in the range that the option says");
        }
    }
    let count = random.int_in_range(0..=8)?;
    let mut list = ServerList::new(dialect, Vec::new());
    for index in 0..count {
        list.servers.push(server(index, dialect, &options, random)?);
    }
    list.options = options;
    Ok(list)
}

fn value(kind: Kind, random: &mut Unstructured) -> arbitrary::Result<Value> {
    Ok(match kind {
        Kind::Bool(_) => Value::Bool(random.arbitrary()?),
        Kind::Int { least, most, .. } => {
            let most = if random.ratio(1, 16)? { most } else { most.min(least.saturating_add(40)) };
            Value::Int(random.int_in_range(least..=most)?)
        }
        Kind::Word { words, .. } => Value::Text((*random.choose(words)?).to_owned()),
        Kind::Text => {
            Value::Text((*random.choose(&["", "{}", "[]", "app:", "ab", "|", "\u{e9}x"])?).to_owned())
        }
    })
}

fn server(
    index: u32,
    dialect: &ketama::Dialect,
    options: &Options,
    random: &mut Unstructured,
) -> arbitrary::Result<Server> {
    let name = match random.int_in_range(0..=9)? {
        0 => random.arbitrary::<[u8; 5]>()?.to_vec(),
        1 => format!("/run/{index}.sock").into_bytes(),
        2 => b"10.0.0.7:11211".to_vec(),
        3 => format!("cache-{index}").into_bytes(),
        _ => format!("10.0.{index}.{}:{}", random.arbitrary::<u8>()?, random.choose(&[80, 11211, 0])?)
            .into_bytes(),
    };
    let weight = match (dialect.weights)(options) {
        Weights::Integers(least, most) => {
            let (least, most) = (least.max(0), most.min(if random.ratio(1, 16)? { i64::MAX } else { 6 }));
            Weight::Integer(random.int_in_range(least..=most)?)
        }
        _ => Weight::Fraction(f64::from(random.int_in_range(0..=12)?) / 4.0),
    };
    let mut server = Server { down: random.ratio(1, 4)?, ..Server::new(name, weight) };
    for field in dialect.fields {
        let wanted = random.ratio(1, 4)?;
        match field {
            Field::Label if wanted => {
                server.fields.label = Some(random.choose(&["a", "b", "10.0.0.1"])?.as_bytes().to_vec())
            }
            Field::Id if wanted => server.fields.id = Some(random.int_in_range(1..=12)?),
            Field::Guid if wanted => server.fields.guid = Some(random.arbitrary::<[u8; 2]>()?.to_vec()),
            Field::Host if wanted => server.fields.host = Some(b"10.1.1.1".to_vec()),
            Field::Port if wanted => server.fields.port = Some(random.arbitrary()?),
            Field::Backup => server.backup = wanted,
            Field::Vnodes if wanted => server.fields.vnodes = Some(random.int_in_range(1..=9)?),
            Field::Tokens => server.fields.tokens = Some(random.arbitrary::<[i64; 3]>()?.to_vec()),
            _ => {}
        }
    }
    Ok(server)
}
