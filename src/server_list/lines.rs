//! From byte offsets to lines and columns.

use super::tree::Place;

/// The lines of a text.
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    /// Where each line starts.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a [u8]) -> Self {
        let after = |(index, byte): (usize, &u8)| (*byte == b'\n').then_some(index + 1);
        let starts = std::iter::once(0).chain(text.iter().enumerate().filter_map(after)).collect();
        Self { text, starts }
    }

    /// The place of byte `byte` of line `line`, both counted from 1.
    #[cfg(feature = "cli")]
    pub fn place_in(&self, line: usize, byte: usize) -> Place {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        self.place(start + byte.saturating_sub(1))
    }

    /// Line and column of a byte, the column in characters.
    pub fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|&start| start <= offset);
        let before = &self.text[self.starts[line - 1]..offset];
        let column = String::from_utf8_lossy(before).chars().count() + 1;
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Place::at(number(line), number(column))
    }
}
