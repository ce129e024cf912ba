//! Tables of text in columns, numbers in words, bars: what a terminal shows.

use std::io::{self, Write};

/// Writes rows in columns two blanks apart. `columns` has one letter for each: `l` to the left, `r` to the right.
pub(super) fn write(out: &mut dyn Write, columns: &str, rows: &[Vec<String>]) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for ((cell, width), side) in row.iter().zip(&widths).zip(columns.chars()) {
            match side {
                'r' => line.push_str(&format!("{cell:>width$}  ")),
                _ => line.push_str(&format!("{cell:<width$}  ")),
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A share in per cent.
pub(super) fn percent(share: f64) -> String {
    // Sums of shares may miss 0 by a rounding error to either side.
    format!("{:.2}%", (share * 100.0).max(0.0))
}

/// A name as text.
pub(super) fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// A count with its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A bar of `share` where `most` fills `width` characters, with `|` where `ideal` ends.
pub(super) fn bar(share: f64, ideal: f64, most: f64, width: usize) -> String {
    let cells = |share: f64| if most > 0.0 { (share / most * width as f64).round() as usize } else { 0 };
    let (filled, mark) = (cells(share), cells(ideal).saturating_sub(1));
    let cell = |index: usize| match index {
        index if index == mark && ideal > 0.0 => '|',
        index if index < filled => '#',
        _ => ' ',
    };
    (0..width).map(cell).collect::<String>().trim_end().to_owned()
}
