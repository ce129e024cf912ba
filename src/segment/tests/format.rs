//! The format as it is specified is the format as it is written.

use crate::segment::{checksum, control, layout};

const README: &str = include_str!("../README.md");

/// The rows `| offset | size | name | ...` of the table under a heading.
fn table(heading: &str) -> Vec<(String, usize, usize)> {
    let section = README.split_once(heading).unwrap_or_else(|| panic!("no heading {heading}")).1;
    let section = section.split("\n## ").next().unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (offset, size) = (cells.first()?.parse().ok()?, cells.get(1)?.parse().ok()?);
        Some((cells.get(2)?.trim_matches('`').to_owned(), offset, size))
    };
    section.lines().filter_map(row).collect()
}

#[test]
fn the_header_is_specified_as_it_is_laid_out() {
    let fields: Vec<_> =
        layout::FIELDS.iter().map(|field| (field.name.to_owned(), field.offset, field.size)).collect();
    assert_eq!(table("\n## The header\n"), fields);
    for text in [
        format!("{} bytes", layout::HEADER),
        format!("`{}`", String::from_utf8_lossy(&layout::MAGIC)),
        format!("multiples of {} bytes", layout::ALIGN),
        format!("from byte {} on", layout::COVERED),
        format!("each {} bytes of the", checksum::PIECE),
        format!("{} zero bytes", layout::RECORDS_HEADER),
        format!("more than {} slots", crate::dialect::option::USUAL_POINTS),
        format!("format version {}", layout::FORMAT),
        format!("{:#010x}", layout::NATIVE),
    ] {
        assert!(README.contains(&text), "README.md does not say: {text}");
    }
}

#[test]
fn the_control_page_is_specified_as_it_is_laid_out() {
    let expected =
        [("magic", 0, 8), ("version", 8, 4), ("byte-order", 12, 4), ("generation", control::GENERATION, 8)];
    let expected: Vec<_> = expected.map(|(name, offset, size)| (name.to_owned(), offset, size)).to_vec();
    assert_eq!(table("\n## The control page\n"), expected);
    assert!(README.contains(&format!("`{}`", String::from_utf8_lossy(&control::MAGIC))));
    assert!(README.contains(&format!("{} bytes long", control::SIZE)));
    let folder = crate::segment::testing::Folder::new();
    crate::segment::publish(&super::ring_of("libketama", 2), &folder.path("ring"), &Default::default())
        .unwrap();
    let page = std::fs::read(folder.path("ring.control")).unwrap();
    let written =
        [&b"KETAMCTL"[..], &1_u32.to_ne_bytes(), &0x0102_0304_u32.to_ne_bytes(), &2_u64.to_ne_bytes()];
    assert_eq!((&page[..24], &page[24..]), (&written.concat()[..], &[0; 40][..]));
}

/// A reader that knows the text of `README.md` and nothing of this crate's code.
#[test]
fn a_reader_made_from_the_specification_finds_servers_points_and_records() {
    let folder = crate::segment::testing::Folder::new();
    let path = folder.path("ring");
    // One piece and some, and a large ring.
    for servers in [350, 1_700] {
        read_as_specified(&path, servers);
    }
}

fn read_as_specified(path: &std::path::Path, servers: usize) {
    let ring = super::ring_of("libketama", servers);
    crate::segment::publish(&ring, path, &Default::default()).unwrap();
    let bytes = std::fs::read(path).unwrap();
    let u32_at = |offset: usize| u32::from_ne_bytes(bytes[offset..offset + 4].try_into().unwrap()) as usize;
    let wide_at = |offset: usize| u64::from_ne_bytes(bytes[offset..offset + 8].try_into().unwrap());
    let u64_at = |offset: usize| wide_at(offset) as usize;
    let (index, servers, points, table) = (u64_at(144), u64_at(160), u64_at(176), u64_at(192));
    let count = u64_at(184) / 8 - 4;
    assert_eq!((u32_at(116), u32_at(120), count), (32, ring.server_count(), ring.point_count()));
    let digest = twox_hash::XxHash3_64::oneshot;
    let starts = (0..bytes.len()).step_by(1 << 19);
    let pieces = starts.map(|start| &bytes[start.max(24)..bytes.len().min(start + (1 << 19))]);
    let digests: Vec<u8> = pieces.flat_map(|piece| digest(piece).to_ne_bytes()).collect();
    assert_eq!(wide_at(16), digest(&digests));
    for number in 0..count {
        let (place, server) = ring.point(number).unwrap();
        assert_eq!(
            (u32_at(points + 8 * number), u32_at(points + 8 * number + 4)),
            (place as usize, server as usize)
        );
    }
    for (number, server) in ring.servers().iter().enumerate() {
        let entry = servers + u32_at(index + 4 * number);
        let length = u32_at(entry);
        assert_eq!(bytes[entry + 4..entry + 4 + length], *server.name);
        assert_eq!(bytes[entry + 4 + length], 0);
        assert_eq!(Some(u64_at(entry + length + 7) as i64), server.weight.as_integer());
    }
    let shift = 32 - count.ilog2() + u32::from(count >= 262_144);
    for key in ["a", "user:42", "0"] {
        let hash = crate::hash::md5::first_word(key.as_bytes());
        let bucket = (hash >> shift) as usize;
        let mut found = u32_at(table + 4 * bucket);
        while found < count && u32_at(points + 8 * found) < hash as usize {
            found += 1;
        }
        let server = u32_at(points + 8 * (found % count) + 4);
        assert_eq!(ring.lookup(key.as_bytes()), Some(server as u32));
    }
}
