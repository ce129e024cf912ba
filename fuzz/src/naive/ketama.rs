//! The ring of the 2007 library: four points from each digest, sorted by insertion order on ties, searched one by one.

use md5::{Digest, Md5};

/// The points of a list in ring order: place and server. None where the weights add up to 2^64 or more, for which the
/// 2007 library has no answer.
pub fn points(servers: &[(Vec<u8>, i64)]) -> Option<Vec<(u32, u32)>> {
    let mut total = 0_u128;
    for (_, weight) in servers {
        total += u128::from(*weight as u64);
    }
    let total = u64::try_from(total).ok()?;
    let mut points = Vec::new();
    for (index, (address, weight)) in servers.iter().enumerate() {
        let share = (*weight as u64) as f32 / total as f32;
        let wanted = (f64::from(share) * 40.0 * f64::from(servers.len() as f32)) as f32;
        for group in 0..wanted.floor() as u64 {
            let mut label = address.clone();
            label.extend(format!("-{group}").bytes());
            points.extend(words(&label).map(|word| (word, index as u32)));
        }
    }
    points.sort_by_key(|&(place, _)| place);
    Some(points)
}

/// The digest of a text as four numbers, the least significant byte first.
pub fn words(text: &[u8]) -> [u32; 4] {
    let digest: [u8; 16] = Md5::digest(text).into();
    [0, 4, 8, 12].map(|at| u32::from_le_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]))
}

/// The index of the point for a key: the first at or above its hash, else the first of all.
pub fn lookup(points: &[(u32, u32)], key: &[u8]) -> Option<usize> {
    let hash = words(key)[0];
    for (index, &(place, _)) in points.iter().enumerate() {
        if place >= hash {
            return Some(index);
        }
    }
    (!points.is_empty()).then_some(0)
}
