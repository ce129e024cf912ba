//! Who gives how much to whom: a matrix where it fits, else the greatest parts.

use super::super::table::percent;
use super::canvas::{Anchor, Canvas, MARGIN, WIDTH, short};
use crate::ring::diff::{Flow, Moves};
use std::collections::BTreeSet;

/// Columns of a matrix, at most.
const COLUMNS: usize = 8;

/// Rows of a matrix, at most.
const ROWS: usize = 40;

/// Parts that are listed where there are too many for a matrix.
const LISTED: usize = 24;

const ROW: f64 = 20.0;

/// Width of a character of text, generously.
const LETTER: f64 = 7.5;

/// Draws the matrix from `top` and returns where it ends.
pub(super) fn draw(canvas: &mut Canvas, top: f64, moves: &Moves) -> f64 {
    let flows = moves.flows();
    if flows.is_empty() {
        canvas.heading(top + 14.0, "Nothing moves");
        return top + 20.0;
    }
    let order = |server: Option<usize>| server.unwrap_or(usize::MAX);
    let froms: BTreeSet<usize> = flows.iter().map(|flow| order(flow.from)).collect();
    let tos: BTreeSet<usize> = flows.iter().map(|flow| order(flow.to)).collect();
    if tos.len() <= COLUMNS && froms.len() <= ROWS {
        canvas.heading(top + 14.0, "From the servers on the left to those at the top");
        return cells(canvas, top + 28.0, moves, &flows, &froms, &tos);
    }
    if froms.len() <= COLUMNS && tos.len() <= ROWS {
        canvas.heading(top + 14.0, "From the servers at the top to those on the left");
        let turned: Vec<Flow> =
            flows.iter().map(|flow| Flow { from: flow.to, to: flow.from, ..*flow }).collect();
        return cells(canvas, top + 28.0, moves, &turned, &tos, &froms);
    }
    canvas.heading(top + 14.0, "The greatest parts that move");
    list(canvas, top + 28.0, moves, &flows)
}

fn name(moves: &Moves, server: usize) -> String {
    super::moves::name(moves, Some(server))
}

fn cells(
    canvas: &mut Canvas,
    top: f64,
    moves: &Moves,
    flows: &[Flow],
    rows: &BTreeSet<usize>,
    columns: &BTreeSet<usize>,
) -> f64 {
    let left = 250.0;
    let width = ((WIDTH - MARGIN - left) / columns.len() as f64).min(180.0);
    // Where one name does not fit all are numbers, which stand before the names elsewhere.
    let fits = columns.iter().all(|&server| name(moves, server).chars().count() as f64 * LETTER < width);
    for (column, &server) in columns.iter().enumerate() {
        let middle = left + width * (column as f64 + 0.5);
        let whole = name(moves, server);
        let text = if fits { &whole } else { whole.split(':').next().unwrap_or(&whole) };
        canvas.text(middle, top + 14.0, Anchor::Middle, 12, text);
    }
    let most = flows.iter().map(|flow| flow.share).fold(0.0, f64::max);
    let mut y = top + ROW;
    for &row in rows {
        canvas.text(left - 8.0, y + 14.0, Anchor::End, 12, &short(&name(moves, row), 30));
        for (column, &to) in columns.iter().enumerate() {
            let order = |server: Option<usize>| server.unwrap_or(usize::MAX);
            let share: f64 = flows
                .iter()
                .filter(|flow| (order(flow.from), order(flow.to)) == (row, to))
                .map(|flow| flow.share)
                .sum();
            let x = left + width * column as f64;
            let title = format!("{} and {}: {}", name(moves, row), name(moves, to), percent(share));
            canvas.bar(x + 1.0, y + 1.0, width - 2.0, ROW - 2.0, &shade(share, most), &title);
            let text = if share > 0.0 { percent(share) } else { "\u{b7}".to_owned() };
            canvas.text(x + width / 2.0, y + 14.0, Anchor::Middle, 12, &text);
        }
        y += ROW;
    }
    y
}

/// White to light blue: the text on it stays readable.
fn shade(share: f64, most: f64) -> String {
    let part = if most > 0.0 { share / most } else { 0.0 };
    let mix = |full: f64| (255.0 - part * (255.0 - full)).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(134.0), mix(190.0), mix(230.0))
}

fn list(canvas: &mut Canvas, top: f64, moves: &Moves, flows: &[Flow]) -> f64 {
    let order = |server: Option<usize>| server.unwrap_or(usize::MAX);
    let mut flows = flows.to_vec();
    flows.sort_by(|a, b| b.share.total_cmp(&a.share));
    let most = flows.first().map_or(0.0, |flow| flow.share);
    let mut y = top;
    for flow in flows.iter().take(LISTED) {
        let (from, to) = (name(moves, order(flow.from)), name(moves, order(flow.to)));
        let title = format!("{from} to {to}: {}", percent(flow.share));
        canvas.text(250.0 - 8.0, y + 13.0, Anchor::End, 12, &short(&from, 30));
        canvas.text(250.0, y + 13.0, Anchor::Start, 12, &format!("to {}", short(&to, 30)));
        canvas.bar(490.0, y + 3.0, flow.share / most.max(f64::MIN_POSITIVE) * 300.0, 12.0, "#0072b2", &title);
        let end = 490.0 + flow.share / most.max(f64::MIN_POSITIVE) * 300.0;
        canvas.text(end + 8.0, y + 13.0, Anchor::Start, 12, &percent(flow.share));
        y += 19.0;
    }
    if let Some(rest) = flows.get(LISTED..).filter(|rest| !rest.is_empty()) {
        let share: f64 = rest.iter().map(|flow| flow.share).sum();
        let text = format!("and {} more with {} in all", rest.len(), percent(share));
        canvas.text(250.0, y + 13.0, Anchor::Start, 12, &text);
        y += 19.0;
    }
    y
}
