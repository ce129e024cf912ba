//! The picture of one list: a bar for each server, with a mark at what its weight asks for.

use super::super::table::percent;
use super::canvas::{Anchor, Canvas, LONGEST, MARGIN, WIDTH, short};
use crate::ring::Ring;
use crate::ring::spread::Spread;

/// Servers that are shown; of more, those furthest from what is asked.
pub(super) const ROWS: usize = 100;

/// Where bars start and end.
pub(super) const LEFT: f64 = 250.0;
const RIGHT: f64 = WIDTH - 170.0;

const UNDER: &str = "#56b4e9";
const OVER: &str = "#d55e00";

/// Draws the shares of a ring; `file` is its title.
pub(super) fn draw(file: &str, ring: &Ring) -> String {
    let shares = ring.shares();
    let asked = ring.asked(&shares);
    let mut canvas = Canvas::new();
    canvas.heading(34.0, &format!("{file}: share of the keys"));
    let about = match Spread::of(&shares, &asked) {
        Some(Spread { greatest, deviation, .. }) => {
            format!("greatest load {greatest:.3}, standard deviation of the loads {deviation:.3}")
        }
        None => "nothing is asked for any server".to_owned(),
    };
    let (servers, points) = (ring.servers().len(), ring.point_count());
    let first = format!("{}, {servers} servers, {points} points; {about}", ring.dialect());
    canvas.text(MARGIN, 54.0, Anchor::Start, 12, &first);
    let rows = rows(&shares, &asked);
    let legend = "Dashed: what the weight asks for. Dark: the part above it.";
    canvas.text(MARGIN, 72.0, Anchor::Start, 12, legend);
    let most = rows.iter().map(|&row| shares[row].max(asked[row])).fold(0.0, f64::max);
    let (height, mut y) = (if rows.len() > 20 { 18.0 } else { 26.0 }, 92.0);
    let length = |share: f64| if most > 0.0 { share / most * (RIGHT - LEFT) } else { 0.0 };
    for &row in &rows {
        let name = ring.servers()[row].name_lossy();
        let weight = ring.servers()[row].weight;
        let (share, asked) = (shares[row], asked[row]);
        let title =
            format!("{name}: {} of the keys, {} asked by weight {weight}", percent(share), percent(asked));
        let (within, bottom, base) = (share.min(asked), y + height - 6.0, y + height / 2.0 + 1.5);
        canvas.text(LEFT - 8.0, base, Anchor::End, 12, &short(&name, LONGEST));
        canvas.bar(LEFT, y, length(within), height - 6.0, UNDER, &title);
        if share > asked {
            canvas.bar(LEFT + length(asked), y, length(share - asked), height - 6.0, OVER, &title);
        }
        canvas.mark(LEFT + length(asked), y - 2.0, bottom + 2.0);
        let figures = format!("{} of {}", percent(share), percent(asked));
        canvas.text(LEFT + length(share.max(asked)) + 8.0, base, Anchor::Start, 12, &figures);
        y += height;
    }
    if rows.len() < servers {
        let rest = format!("and {} more, closer to what is asked", servers - rows.len());
        canvas.text(LEFT, y + 12.0, Anchor::Start, 12, &rest);
        y += height;
    }
    canvas.finish(y + MARGIN, file)
}

/// The servers to show, in list order.
fn rows(shares: &[f64], asked: &[f64]) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..shares.len()).collect();
    let distance = |row: &usize| (shares[*row] - asked[*row]).abs();
    rows.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    rows.truncate(ROWS);
    rows.sort_unstable();
    rows
}
