//! The bytes of a segment: which field of the header lies where. Told in words in `README.md`, which a test compares.

use crate::error::{Error, ErrorKind};

/// A field of the header: its name in `README.md`, its offset and its size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in `README.md`.
    pub name: &'static str,
    /// Bytes from the start of the file.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
}

macro_rules! fields {
    ($($constant:ident $name:literal $offset:literal $size:literal),* $(,)?) => {
        $(pub(super) const $constant: Field = Field { name: $name, offset: $offset, size: $size };)*
        /// All fields, in the order of their offsets.
        pub const FIELDS: &[Field] = &[$($constant),*];
    };
}

fields! {
    MAGIC_FIELD "magic" 0 8,
    VERSION "version" 8 4,
    BYTE_ORDER "byte-order" 12 4,
    CHECKSUM "checksum" 16 8,
    SIZE "size" 24 8,
    FINGERPRINT "fingerprint" 32 8,
    SOURCE_DEVICE "source-device" 40 8,
    SOURCE_INODE "source-inode" 48 8,
    SOURCE_SIZE "source-size" 56 8,
    SOURCE_MTIME "source-mtime" 64 8,
    SOURCE_MTIME_NS "source-mtime-ns" 72 8,
    SOURCE_CTIME "source-ctime" 80 8,
    SOURCE_CTIME_NS "source-ctime-ns" 88 8,
    SOURCE_DIGEST "source-digest" 96 16,
    SOURCE_STATE "source-state" 112 4,
    WIDTH "width" 116 4,
    SERVER_COUNT "server-count" 120 4,
    LIST_SECTION "list" 128 16,
    INDEX_SECTION "index" 144 16,
    SERVERS_SECTION "servers" 160 16,
    POINTS_SECTION "points" 176 16,
    TABLE_SECTION "table" 192 16,
    RECORDS_SECTION "records" 208 16,
}

/// Bytes of the header; what no field covers is 0.
pub const HEADER: usize = 256;
/// The first bytes of every segment, of whatever version.
pub const MAGIC: [u8; 8] = *b"KETAMSEG";
/// The version of this format.
pub const FORMAT: u32 = 1;
/// Reads as this number where the reader's byte order is the writer's.
pub const NATIVE: u32 = 0x0102_0304;
/// Sections start at multiples of this.
pub const ALIGN: usize = 64;
/// What the checksum covers starts here.
pub const COVERED: usize = CHECKSUM.offset + CHECKSUM.size;
/// Bytes before the first record, for the process that maps them: zeros in the file.
pub const RECORDS_HEADER: usize = 32;

/// Where a section lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Bytes from the start of the file.
    pub offset: usize,
    /// Bytes.
    pub length: usize,
}

impl Span {
    /// A section of which nothing is there.
    pub const NONE: Self = Self { offset: HEADER, length: 0 };

    /// Its bytes, of those of the whole file; none if it does not lie there.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.offset..self.offset + self.length).unwrap_or_default()
    }
}

/// The header's bytes, to be read or written field by field.
pub(super) struct Header<B>(pub B);

impl<B: AsRef<[u8]>> Header<B> {
    fn bytes<const N: usize>(&self, offset: usize) -> [u8; N] {
        let bytes = self.0.as_ref().get(offset..offset + N);
        bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; N])
    }

    pub fn array<const N: usize>(&self, field: Field) -> [u8; N] {
        debug_assert_eq!(field.size, N);
        self.bytes(field.offset)
    }

    pub fn u32(&self, field: Field) -> u32 {
        u32::from_ne_bytes(self.array(field))
    }

    pub fn u64(&self, field: Field) -> u64 {
        u64::from_ne_bytes(self.array(field))
    }

    pub fn i64(&self, field: Field) -> i64 {
        i64::from_ne_bytes(self.array(field))
    }

    /// A section, if it lies behind the header and inside `size` bytes, at an aligned offset.
    pub fn section(&self, field: Field, size: usize) -> Result<Span, Error> {
        let number = |at| u64::from_ne_bytes(self.bytes(field.offset + at));
        let refuse = || refused(format!("the section `{}` lies outside the file", field.name));
        let offset = usize::try_from(number(0)).map_err(|_| refuse())?;
        let length = usize::try_from(number(8)).map_err(|_| refuse())?;
        let end = offset.checked_add(length).ok_or_else(refuse)?;
        if offset < HEADER || end > size || !offset.is_multiple_of(ALIGN) {
            return Err(refuse());
        }
        Ok(Span { offset, length })
    }
}

impl Header<[u8; HEADER]> {
    pub fn set(&mut self, field: Field, bytes: &[u8]) {
        self.0[field.offset..field.offset + field.size].copy_from_slice(bytes);
    }

    pub fn set_section(&mut self, field: Field, span: Span) {
        let bytes = [(span.offset as u64).to_ne_bytes(), (span.length as u64).to_ne_bytes()].concat();
        self.set(field, &bytes);
    }
}

/// A segment that is not used, and why.
pub(super) fn refused(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Segment, reason)
}

const _: () = {
    let mut index = 1;
    while index < FIELDS.len() {
        let before = FIELDS[index - 1];
        assert!(before.offset + before.size <= FIELDS[index].offset, "fields overlap");
        index += 1;
    }
    let last = FIELDS[FIELDS.len() - 1];
    assert!(last.offset + last.size <= HEADER && HEADER.is_multiple_of(ALIGN));
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_lies_behind_the_header_and_inside_the_file() {
        const END: usize = HEADER + 4 * ALIGN;
        let is_taken = |offset, length| {
            let mut header = Header([0; HEADER]);
            header.set_section(LIST_SECTION, Span { offset, length });
            header.section(LIST_SECTION, END).is_ok()
        };
        for (offset, length) in [(HEADER, 0), (HEADER, 4 * ALIGN), (HEADER + ALIGN, 1), (END, 0)] {
            assert!(is_taken(offset, length), "{offset} {length}");
        }
        let last = usize::MAX - (ALIGN - 1);
        for (offset, length) in [
            (0, 0),
            (HEADER - ALIGN, ALIGN),
            (HEADER, 4 * ALIGN + 1),
            (HEADER + 1, 1),
            (END, 1),
            (last, ALIGN),
        ] {
            assert!(!is_taken(offset, length), "{offset} {length}");
        }
    }
}
