//! The rings of all recorded answers, shared: every dialect with every option that was recorded.

use super::assert_same_answers;
use crate::Ring;
use crate::segment::testing::Folder;
use crate::segment::{self, Policy};
use crate::tests::vectors;

#[test]
fn every_recorded_ring_can_be_shared() {
    let folder = Folder::new();
    let path = folder.path("ring");
    let mut shared = 0;
    for file in vectors::all_files() {
        let observation = vectors::read(&file);
        let ring = Ring::build(observation.list.clone()).unwrap();
        // Large tables of slots are built anew by each reader and tell nothing more.
        if ring.point_count() > 20_000 {
            continue;
        }
        segment::publish(&ring, &path, &Policy::default()).unwrap();
        let attached = segment::attach(&path).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_same_answers(&ring, attached.ring());
        shared += usize::from(attached.ring().placed().is_some());
    }
    assert!(shared > 20 || std::env::var_os("KETAMA_VECTORS").is_some(), "{shared} rings with points only");
}
