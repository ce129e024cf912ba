//! The line of a file that an error is about, with a mark below the place.

use crate::error::Error;
use std::fmt::Write;

/// A classic list's lines are counted in pieces of this many bytes: a longer line shifts the numbers of all that follow.
const PIECE: usize = 126;

/// What is shown of a long line.
const SHOWN: usize = 160;

/// The line of `text` that the error names, and a caret below its column, or carets below the whole line where no column
/// is known; empty where there is no such line.
pub(super) fn excerpt(text: &[u8], error: &Error) -> String {
    let Some(number) = error.line() else { return String::new() };
    let at = error.column().map(|column| (column as usize, 1));
    line(text, number, at.is_some()).map_or_else(String::new, |line| mark(line, number, at))
}

/// Line `number` of a text. None where there is none, or where lines may have been counted otherwise; where a column is
/// known, they were not.
pub(super) fn line(text: &[u8], number: u32, has_column: bool) -> Option<&[u8]> {
    let mut lines = text.split(|&byte| byte == b'\n');
    let before = number.checked_sub(1)? as usize;
    if !has_column && lines.clone().take(before).any(|line| line.len() >= PIECE) {
        return None;
    }
    lines.nth(before)
}

/// A line with its number, and carets below `width` characters from `column` (from 1), or below all that is not blank.
pub(super) fn mark(line: &[u8], number: u32, at: Option<(usize, usize)>) -> String {
    // One character for one: a caret stands below what it means, also behind tabs and control characters.
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let shown: String = String::from_utf8_lossy(line).chars().map(printable).take(SHOWN).collect();
    let shown = shown.trim_end();
    let blank = shown.chars().take_while(|c| c.is_whitespace()).count();
    let (column, width) = at.unwrap_or((blank + 1, shown.chars().count().saturating_sub(blank)));
    let mut marked = format!("{number:>5} | {shown}\n");
    if (1..=SHOWN).contains(&column) {
        let carets = "^".repeat(width.clamp(1, SHOWN + 1 - column));
        let _ = writeln!(marked, "      | {carets:>end$}", end = column - 1 + carets.len());
    }
    marked
}
