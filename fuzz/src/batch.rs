//! Every backend of the batches against hashing one message after the other. The messages lie at both ends of memory
//! that ends in pages which cannot be read.

#![expect(unsafe_code, reason = "pages that cannot be read")]

use arbitrary::Unstructured;
use ketama::hash::md5::{self, Backend};
use ketama::hash::{ROWS_32, ROWS_64};
use ketama::ring::NO_SERVER;
use ketama::{Dialect, Ring, Server, ServerList};
use std::sync::{LazyLock, Mutex};

/// How many messages there are at most: more than the batches take at once.
const MOST: usize = 530;

/// Compares one of the functions that have a batch form.
pub fn check(data: &[u8]) {
    let mut random = Unstructured::new(data);
    let Ok(plan) = plan(&mut random) else { return };
    let mut pages = PAGES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    pages.fill(plan.seed);
    let messages: Vec<&[u8]> = plan.messages.iter().map(|&place| pages.slice(place)).collect();
    match plan.function {
        Function::Words => {
            compare(&messages, plan.room, [7; 4], super::naive::ketama::words, md5::words_many_with)
        }
        Function::FirstWord => {
            compare(
                &messages,
                plan.room,
                7,
                |key| super::naive::ketama::words(key)[0],
                md5::first_word_many_with,
            );
        }
        Function::Row32(row) => compare(&messages, plan.room, 7, ROWS_32[row].one, ROWS_32[row].many),
        Function::Row64(row) => compare(&messages, plan.room, 7, ROWS_64[row].one, ROWS_64[row].many),
        Function::Ring(ring) => {
            let ring = &RINGS[ring];
            let single = |key: &[u8]| ring.lookup(key).unwrap_or(NO_SERVER);
            compare(&messages, plan.room, 7, single, |backend, keys, out| {
                ring.lookup_many_with(backend, keys, out)
            });
        }
    }
}

/// Compares the batch form of a function with its single form, by every backend. `room` answers are asked for; what
/// lies behind the shorter of the two slices has to stay as it is.
fn compare<T: Copy + PartialEq>(
    messages: &[&[u8]],
    room: usize,
    before: T,
    single: impl Fn(&[u8]) -> T,
    batch: impl Fn(Backend, &[&[u8]], &mut [T]),
) {
    let mut expected: Vec<T> = messages.iter().take(room).map(|message| single(message)).collect();
    expected.resize(room, before);
    for backend in Backend::available() {
        let mut found = vec![before; room];
        batch(backend, messages, &mut found);
        let different = found.iter().zip(&expected).position(|(found, expected)| found != expected);
        let shown = different.map(|index| (index, messages.get(index)));
        assert!(different.is_none(), "{backend}: another answer for message {shown:?}");
    }
}

/// What one input asks for.
struct Plan {
    seed: u64,
    function: Function,
    room: usize,
    messages: Vec<Place>,
}

/// What is compared.
enum Function {
    Words,
    FirstWord,
    Row32(usize),
    Row64(usize),
    Ring(usize),
}

/// Where a message lies: so many bytes from the end of the memory or from its start.
#[derive(Clone, Copy)]
struct Place {
    length: usize,
    distance: usize,
    from_end: bool,
}

fn plan(random: &mut Unstructured) -> arbitrary::Result<Plan> {
    let seed = random.arbitrary()?;
    let function = match random.arbitrary::<u8>()? {
        0..64 => Function::Words,
        64..128 => Function::FirstWord,
        128..144 => Function::Row32(random.choose_index(ROWS_32.len())?),
        144..160 => Function::Row64(random.choose_index(ROWS_64.len())?),
        160.. => Function::Ring(random.choose_index(RINGS.len())?),
    };
    // Many messages from few bytes: each one is taken several times.
    let repeat = random.int_in_range(1..=64_usize)?;
    let surplus = random.int_in_range(-3..=3_i32)?;
    let mut messages = Vec::new();
    while !random.is_empty() && messages.len() < MOST {
        let length = match random.arbitrary::<u8>()? {
            length @ 0..=199 => usize::from(length),
            long => usize::from(long - 190) * 20 + usize::from(random.arbitrary::<u8>()? % 20),
        };
        let place = random.arbitrary::<u8>()?;
        let place = Place { length, distance: usize::from(place >> 1) % 65, from_end: place & 1 == 0 };
        let count = repeat.min(MOST - messages.len());
        messages.extend(std::iter::repeat_n(place, count));
    }
    let room = messages.len().saturating_add_signed(surplus as isize);
    Ok(Plan { seed, function, room, messages })
}

/// Rings of each kind of batch: whole keys, parts of keys, 64 bits, tables, servers down.
static RINGS: LazyLock<Vec<Ring>> = LazyLock::new(|| {
    let ring = |dialect, options: &[(&str, &str)], down: bool| {
        let mut servers: Vec<_> =
            (0..9).map(|index| Server::new(format!("10.0.0.{index}:11211"), 1)).collect();
        servers[4].down = down;
        let mut list = ServerList::new(Dialect::named(dialect).expect("it is there"), servers);
        for (name, value) in options {
            list.options.set_text(name, value).expect("it takes this");
        }
        Ring::build(list).expect("it is a list of this dialect")
    };
    vec![
        ring("libketama", &[], false),
        ring("twemproxy", &[("hash-tag", "\u{1}\u{2}"), ("hash", "md5")], false),
        ring("libmemcached", &[("hash", "md5"), ("hash-with-prefix", "true"), ("prefix", "app:")], false),
        ring("nginx", &[("consistent", "true")], true),
        ring("hash-ring", &[], true),
        ring("uhashring", &[], false),
        ring("envoy", &[], false),
        ring("pymemcache", &[], false),
        ring("memcached-proxy", &[("dist", "jump-hash")], false),
        ring("steady", &[], false),
    ]
});

/// Memory between two pages that cannot be read.
struct Pages {
    start: *mut u8,
    size: usize,
}

// SAFETY: the memory is never unmapped, and reached through the lock around this struct.
unsafe impl Send for Pages {}

static PAGES: LazyLock<Mutex<Pages>> = LazyLock::new(|| Mutex::new(Pages::new()));

impl Pages {
    fn new() -> Self {
        // SAFETY: the call has no preconditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at an address of the system's choice touches no existing memory.
        let outer = unsafe { libc::mmap(std::ptr::null_mut(), 4 * page, libc::PROT_NONE, flags, -1, 0) };
        assert_ne!(outer, libc::MAP_FAILED);
        let start = outer.wrapping_byte_add(page);
        // SAFETY: the two pages in the middle of the mapping above, to which nothing refers.
        assert_eq!(unsafe { libc::mprotect(start, 2 * page, libc::PROT_READ | libc::PROT_WRITE) }, 0);
        Self { start: start.cast(), size: 2 * page }
    }

    /// Fills the memory with numbers that follow from the seed.
    fn fill(&mut self, seed: u64) {
        // SAFETY: the two pages stay readable and writable, and this borrow is the only one.
        let bytes = unsafe { std::slice::from_raw_parts_mut(self.start, self.size) };
        let mut state = seed | 1;
        for word in bytes.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
    }

    fn slice(&self, place: Place) -> &[u8] {
        // SAFETY: the two pages stay readable, and nobody writes while `self` is borrowed.
        let bytes = unsafe { std::slice::from_raw_parts(self.start, self.size) };
        if place.from_end {
            let end = self.size - place.distance;
            &bytes[end - place.length..end]
        } else {
            &bytes[place.distance..place.distance + place.length]
        }
    }
}
