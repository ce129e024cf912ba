//! Fleets and keys: the same for every side, made by counting.

use ketama::{Dialect, Ring, Server, ServerList};

/// Numbers of servers that are measured.
pub const SIZES: [usize; 5] = [8, 100, 1_000, 10_000, 100_000];

/// Lengths of keys that are measured, in bytes.
pub const LENGTHS: [usize; 5] = [8, 16, 40, 64, 250];

/// Keys in all: so many that what they meet in a large ring does not stay in the second-level cache.
const KEYS: usize = 64 * PASS;

/// Keys of a pass; the next pass takes the next ones. Four batches.
pub const PASS: usize = 4_000;

/// A server's host: no two are alike below 2^24 servers.
pub fn host(index: usize) -> String {
    format!("10.{}.{}.{}", index >> 16 & 255, index >> 8 & 255, index & 255)
}

/// Every server's port.
pub const PORT: u16 = 11211;

/// Every server's weight: equal ones, as most fleets have.
pub const WEIGHT: u32 = 1;

/// The names of the first `count` servers.
pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{}:{PORT}", host(index))).collect()
}

/// The server list of a dialect with options.
pub fn list(dialect: &str, options: &[(&str, &str)], count: usize) -> ServerList {
    let servers = names(count).into_iter().map(|name| Server::new(name, i64::from(WEIGHT))).collect();
    let mut list = ServerList::new(Dialect::named(dialect).expect("a dialect"), servers);
    for (name, value) in options {
        list.options.set_text(name, value).expect("an option");
    }
    list
}

/// The ring of such a list.
pub fn ring(dialect: &str, options: &[(&str, &str)], count: usize) -> Ring {
    Ring::build(list(dialect, options, count)).expect("a ring")
}

/// Keys in one block of memory, each followed by a NUL for those who need it.
pub struct Keys {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Keys {
    /// `user:N:profile` with N below a million: 14 to 19 bytes, in no order.
    pub fn short() -> Self {
        Self::from(|number| format!("user:{}:profile", number * 7_919 % 1_000_003))
    }

    /// Keys of one length.
    pub fn of_length(length: usize) -> Self {
        Self::from(|number| format!("{:0>length$x}", number * 7_919 % 1_000_003))
    }

    fn from(key: impl Fn(usize) -> String) -> Self {
        let (mut text, mut ends) = (Vec::new(), vec![0]);
        for number in 0..KEYS {
            text.extend_from_slice(key(number).as_bytes());
            text.push(0);
            ends.push(text.len());
        }
        Self { text, ends }
    }

    /// The keys without their NUL.
    pub fn slices(&self) -> Vec<&[u8]> {
        self.ends.windows(2).map(|pair| &self.text[pair[0]..pair[1] - 1]).collect()
    }
}
