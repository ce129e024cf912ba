//! Segments whose checksum is right and of which nothing else need be. The input says which segment is taken and which
//! of its bytes are changed.

use super::bounded;
use arbitrary::Unstructured;
use ketama::dialect::DIALECTS;
use ketama::segment::{self, Opened};
use ketama::{Ring, Server, ServerList};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use twox_hash::XxHash3_64;

/// Where things are in a segment, as `src/segment/README.md` has it.
const HEADER: usize = 256;
const CHECKSUM: usize = 16;
const SIZE: usize = 24;
const PIECE: usize = 1 << 19;
const POINTS: usize = 176;
const TABLE: usize = 192;

/// A segment is refused, or is a ring whose look-ups stay inside it. Where neither points nor index were changed, and
/// the list still has these points, it answers as a ring that is built from its list.
pub fn check(data: &[u8]) {
    let mut random = Unstructured::new(data);
    let Ok(sample) = random.choose(&SAMPLES) else { return };
    let mut bytes = sample.clone();
    let mut is_placed_anew = false;
    // Without an end of the input in the middle of a change, the rest of it is not used.
    let _ = change(&mut random, &mut bytes, &mut is_placed_anew);
    repair(&mut bytes);
    let path = FOLDER.join(format!("{:?}", std::thread::current().id()));
    // Another file: the one before may still be mapped.
    let _ = fs::remove_file(&path);
    fs::write(&path, &bytes).expect("there is room");
    if let Ok(opened) = segment::attach(&path) {
        use_all(&opened, random.take_rest());
        if !is_placed_anew {
            compare(opened.ring());
        }
    }
}

fn change(
    random: &mut Unstructured,
    bytes: &mut Vec<u8>,
    is_placed_anew: &mut bool,
) -> arbitrary::Result<()> {
    for _ in 0..random.int_in_range(0..=6)? {
        let places = placed(bytes);
        let at = match random.int_in_range(0..=4)? {
            0 => random.choose_index(HEADER)?,
            1 => random.choose_index(bytes.len().clamp(1, 700))?,
            // One of the numbers of the points and the index.
            2 => random.choose_index(bytes.len() / 4 + 1)? * 4,
            _ => random.choose_index(bytes.len().max(1))?,
        };
        *is_placed_anew |= at < HEADER || places.contains(&at);
        let new: [u8; 8] = match random.int_in_range(0..=4)? {
            4 => random.int_in_range(0..=4_u64)?.to_ne_bytes(),
            0 => random.arbitrary::<u64>()?.to_ne_bytes(),
            1 => u64::from(random.arbitrary::<u32>()?).to_ne_bytes(),
            2 => (bytes.len() as u64).wrapping_add_signed(random.int_in_range(-64..=64)?).to_ne_bytes(),
            _ => [random.arbitrary()?; 8],
        };
        let count = *random.choose(&[1, 2, 4, 8])?;
        *is_placed_anew |= places.contains(&(at + count - 1));
        for (byte, new) in bytes.iter_mut().skip(at).zip(&new[..count]) {
            *byte = *new;
        }
    }
    if random.ratio(1, 8)? {
        *is_placed_anew = true;
        bytes.resize(random.int_in_range(0..=bytes.len() + 80)?, random.arbitrary()?);
    }
    Ok(())
}

/// The bytes from the points to the end of the index.
fn placed(bytes: &[u8]) -> std::ops::Range<usize> {
    let number = |at: usize| {
        let number = bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        u64::from_ne_bytes(number) as usize
    };
    number(POINTS)..number(TABLE).saturating_add(number(TABLE + 8))
}

/// Gives the bytes the size and the checksum that they should have.
fn repair(bytes: &mut [u8]) {
    if bytes.len() < HEADER {
        return;
    }
    let size = bytes.len() as u64;
    bytes[SIZE..SIZE + 8].copy_from_slice(&size.to_ne_bytes());
    let mut digests = Vec::new();
    for (index, piece) in bytes.chunks(PIECE).enumerate() {
        let covered = if index == 0 { &piece[SIZE..] } else { piece };
        digests.extend(XxHash3_64::oneshot(covered).to_ne_bytes());
    }
    bytes[CHECKSUM..SIZE].copy_from_slice(&XxHash3_64::oneshot(&digests).to_ne_bytes());
}

/// Does with a ring all that its users do, for what may come of it.
fn use_all(opened: &Opened, key: &[u8]) {
    let ring = opened.ring();
    for number in 0..4 {
        let key = [key, &[number]].concat();
        let mut list = [0; 3];
        let count = ring.lookup_n(&key, &mut list);
        for server in ring.lookup(&key).into_iter().chain(list[..count].iter().copied()) {
            assert!((server as usize) < ring.server_count());
            assert!(ring.servers().get(server as usize).is_some());
        }
    }
    ring.lookup_many(&[b"a", b"b"], &mut [0; 2]);
    ring.lookup_place(u128::MAX);
    ring.point(ring.point_count().wrapping_sub(1));
    // Slots by the million say no more than a few of them, and take seconds.
    if ring.point_count() > 1 << 16 {
        return;
    }
    // Whichever point a key may meet.
    let mut owners = (0..ring.point_count()).filter_map(|index| ring.point(index));
    assert!(owners.all(|(_, server)| (server as usize) < ring.server_count()));
    ring.shares();
    ring.fingerprint();
}

/// Where a ring of the same list has the same points, it gives the same answers.
fn compare(ring: &Ring) {
    let Some(built) = bounded::ring(ring.list()) else { return };
    let points = |ring: &Ring| -> Vec<_> { (0..ring.point_count()).map(|index| ring.point(index)).collect() };
    if points(ring) != points(&built) {
        return;
    }
    for number in 0..20 {
        let key = number.to_string().into_bytes();
        assert_eq!(ring.lookup(&key), built.lookup(&key), "{ring:?}");
        let (mut list, mut expected) = ([0; 3], [0; 3]);
        assert_eq!(ring.lookup_n(&key, &mut list), built.lookup_n(&key, &mut expected));
        assert_eq!(list, expected, "{ring:?}");
    }
}

/// Where the segments lie.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| super::folder("segment"));

/// Small segments of every dialect that needs no options.
static SAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let path = FOLDER.join("sample");
    DIALECTS.iter().filter_map(|dialect| sample(dialect, &path)).collect()
});

fn sample(dialect: &'static ketama::Dialect, path: &Path) -> Option<Vec<u8>> {
    let servers = (0..2).map(|index| Server::new(format!("10.0.0.{index}:11211"), 1)).collect();
    // With a limit to the points in its list, lest readers that build a ring of a changed one build a large one.
    let ring = bounded::ring(&ServerList::new(dialect, servers))?;
    if ring.point_count() > 1_100 {
        return None;
    }
    segment::publish(&ring, path, &segment::Policy::default()).expect("there is room");
    let sample = fs::read(path).expect("it was just written");
    // Were it otherwise, every change would be refused for its checksum, and nothing be looked at.
    let mut repaired = sample.clone();
    repaired[CHECKSUM] ^= 1;
    repair(&mut repaired);
    assert!(repaired == sample, "the checksum is not the one that the README tells");
    Some(sample)
}
