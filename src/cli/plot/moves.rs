//! The picture of two lists: the arcs that change hands, bars before and after, and the matrix of who gives to whom.

use super::super::moves::Comparison;
use super::super::table::percent;
use super::canvas::{Anchor, Canvas, INK, LONGEST, MARGIN, WIDTH, round, short, titled};
use super::moved::{Piece, pieces};
use super::{colours, matrix, shares};
use crate::ring::diff::Moves;
use std::f64::consts::TAU;
use svg::node::element::path::Data;
use svg::node::element::{Circle, Path};

/// The circle: its middle and radii, of the band of those who give and of those who take.
const RADIUS: f64 = 150.0;
const BAND: f64 = 26.0;

/// Draws what moves.
pub(super) fn draw(title: &str, comparison: &Comparison) -> String {
    let mut canvas = Canvas::new();
    canvas.heading(34.0, &format!("{title}: what moves"));
    let Some(moves) = comparison.moves() else { return canvas.finish(60.0, title) };
    let (old, new) = (comparison.old.dialect(), comparison.new.dialect());
    let dialects = if old.name == new.name { old.to_string() } else { format!("{old} to {new}") };
    let how =
        if comparison.is_exact() { "of the key space, exactly" } else { "of the keys that were counted" };
    let (moved, least) = (percent(moves.moved()), percent(moves.least()));
    let summary =
        format!("{dialects}; {moved} {how}; at least {least} has to move in any ring with these shares");
    canvas.text(MARGIN, 54.0, Anchor::Start, 12, &summary);
    let changes = moves.changes();
    let sizes: Vec<f64> = changes.iter().map(|change| change.won + change.lost).collect();
    let colours = colours::of(&sizes);
    let mut y = 90.0;
    let pieces =
        if comparison.is_exact() { pieces(&comparison.old, &comparison.new, moves.names()) } else { None };
    if let Some(pieces) = pieces.filter(|pieces| !pieces.is_empty()) {
        ring(&mut canvas, y, &pieces, moves, &colours);
        legend(&mut canvas, y + 20.0, moves, &colours, &sizes);
        y += 2.0 * (RADIUS + BAND) + 46.0;
    }
    y = bars(&mut canvas, y, moves, &colours);
    y = matrix::draw(&mut canvas, y + 20.0, moves);
    canvas.finish(y + MARGIN, title)
}

/// The number of a server in the picture, and its name.
pub(super) fn name(moves: &Moves, server: Option<usize>) -> String {
    let name = server.and_then(|server| Some((server + 1, moves.names().get(server)?)));
    name.map_or_else(
        || "no server".to_owned(),
        |(number, name)| format!("{number}: {}", String::from_utf8_lossy(name)),
    )
}

/// Two bands around the circle: inside who had the arcs that move, outside who gets them. One path for each server.
fn ring(canvas: &mut Canvas, top: f64, pieces: &[Piece], moves: &Moves, colours: &[&str]) {
    let centre = (MARGIN + RADIUS + BAND + 20.0, top + RADIUS + BAND);
    for radius in [RADIUS - BAND, RADIUS, RADIUS + BAND] {
        let circle = Circle::new().set("cx", centre.0).set("cy", centre.1).set("r", radius);
        canvas.add(circle.set("fill", "none").set("stroke", "#bbbbbb").set("stroke-width", 1));
    }
    let changes = moves.changes();
    let servers = (0..moves.names().len()).map(Some).chain([None]);
    for server in servers {
        let colour = server.and_then(|server| colours.get(server)).copied().unwrap_or(INK);
        let change = server.and_then(|server| changes.get(server)).copied().unwrap_or_default();
        let mut band = |inner: f64, mine: &dyn Fn(&Piece) -> Option<usize>, title: String| {
            let mut data = Data::new();
            let mut is_empty = true;
            for piece in pieces.iter().filter(|piece| mine(piece) == server) {
                data = sector(data, centre, inner, piece);
                is_empty = false;
            }
            if !is_empty {
                let path = Path::new().set("d", data).set("fill", colour);
                canvas.add(titled(path.into(), &title));
            }
        };
        let name = name(moves, server);
        band(RADIUS - BAND, &|piece| piece.from, format!("{name} gives {}", percent(change.lost)));
        band(RADIUS, &|piece| piece.to, format!("{name} gets {}", percent(change.won)));
    }
    numbers(canvas, centre, pieces);
    canvas.text(centre.0, centre.1 - 14.0, Anchor::Middle, 12, "Arcs that move.");
    canvas.text(centre.0, centre.1 + 4.0, Anchor::Middle, 12, "Inside: who had them.");
    canvas.text(centre.0, centre.1 + 22.0, Anchor::Middle, 12, "Outside: who gets them.");
}

/// The numbers of both servers beside the widest pieces, which tell them apart where colours do not.
fn numbers(canvas: &mut Canvas, centre: (f64, f64), pieces: &[Piece]) {
    /// The part of a turn that two digits take on the inner side.
    const APART: f64 = 0.025;
    let mut widest: Vec<&Piece> = pieces.iter().collect();
    widest.sort_by(|a, b| (b.end - b.start).total_cmp(&(a.end - a.start)));
    let mut taken: Vec<f64> = Vec::new();
    for piece in widest {
        let middle = f64::midpoint(piece.start, piece.end);
        let gap = |other: &f64| (middle - other).abs().min(1.0 - (middle - other).abs());
        if taken.iter().any(|other| gap(other) < APART) {
            continue;
        }
        taken.push(middle);
        let (sine, cosine) = (middle * TAU).sin_cos();
        for (radius, server) in [(RADIUS - BAND - 10.0, piece.from), (RADIUS + BAND + 10.0, piece.to)] {
            let (x, y) = (centre.0 + radius * sine, centre.1 - radius * cosine);
            let number = server.map_or_else(|| "-".to_owned(), |server| (server + 1).to_string());
            canvas.text(x, y + 3.5, Anchor::Middle, 10, &number);
        }
    }
}

/// One piece of a band. Places run clockwise from the top.
fn sector(data: Data, centre: (f64, f64), inner: f64, piece: &Piece) -> Data {
    let outer = inner + BAND;
    let at = |share: f64, radius: f64| {
        let angle = share * TAU;
        (round(centre.0 + radius * angle.sin()), round(centre.1 - radius * angle.cos()))
    };
    // An arc whose ends meet would vanish.
    let end = piece.end.min(piece.start + 0.9999);
    let large = i32::from(end - piece.start > 0.5);
    data.move_to(at(piece.start, inner))
        .line_to(at(piece.start, outer))
        .elliptical_arc_to((outer, outer, 0, large, 1, at(end, outer).0, at(end, outer).1))
        .line_to(at(end, inner))
        .elliptical_arc_to((inner, inner, 0, large, 0, at(piece.start, inner).0, at(piece.start, inner).1))
        .close()
}

/// Names and colours beside the circle.
fn legend(canvas: &mut Canvas, top: f64, moves: &Moves, colours: &[&str], sizes: &[f64]) {
    let x = MARGIN + 2.0 * (RADIUS + BAND) + 80.0;
    let changes = moves.changes();
    let mut y = top;
    for (server, change) in changes.iter().enumerate() {
        if colours[server] == colours::REST {
            continue;
        }
        let name = name(moves, Some(server));
        canvas.bar(x, y, 14.0, 14.0, colours[server], &name);
        let text =
            format!("{} gets {}, gives {}", short(&name, LONGEST), percent(change.won), percent(change.lost));
        canvas.text(x + 22.0, y + 11.5, Anchor::Start, 12, &text);
        y += 22.0;
    }
    let rest = (0..sizes.len()).filter(|&server| sizes[server] > 0.0 && colours[server] == colours::REST);
    match rest.count() {
        0 => {}
        rest => {
            canvas.bar(x, y, 14.0, 14.0, colours::REST, "others");
            canvas.text(x + 22.0, y + 11.5, Anchor::Start, 12, &format!("{rest} others, which move less"));
        }
    }
}

/// For each server an outlined bar before and a filled one after. Returns where they end.
fn bars(canvas: &mut Canvas, top: f64, moves: &Moves, colours: &[&str]) -> f64 {
    canvas.heading(top + 14.0, "Shares: outlined before, filled after");
    let changes = moves.changes();
    let mut rows: Vec<usize> = (0..changes.len()).collect();
    let size = |row: &usize| changes[*row].won + changes[*row].lost;
    rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
    rows.truncate(shares::ROWS);
    rows.sort_unstable();
    let most = rows.iter().map(|&row| changes[row].before.max(changes[row].after)).fold(0.0, f64::max);
    let width = WIDTH - shares::LEFT - 190.0;
    let length = |share: f64| if most > 0.0 { share / most * width } else { 0.0 };
    let half = if rows.len() > 20 { 7.0 } else { 10.0 };
    let mut y = top + 28.0;
    for &row in &rows {
        let (change, name) = (changes[row], name(moves, Some(row)));
        let (before, after) = (percent(change.before), percent(change.after));
        let title = format!("{name}: {before} before, {after} after");
        canvas.text(shares::LEFT - 8.0, y + half + 4.0, Anchor::End, 12, &short(&name, LONGEST));
        canvas.outline(shares::LEFT, y, length(change.before), half - 1.0, &title);
        canvas.bar(shares::LEFT, y + half, length(change.after), half - 1.0, colours[row], &title);
        let end = shares::LEFT + length(change.before.max(change.after)) + 8.0;
        canvas.text(end, y + half + 4.0, Anchor::Start, 12, &format!("{before} to {after}"));
        y += 2.0 * half + 6.0;
    }
    if rows.len() < changes.len() {
        let rest = format!("and {} more, which move less", changes.len() - rows.len());
        canvas.text(shares::LEFT, y + 12.0, Anchor::Start, 12, &rest);
        y += 20.0;
    }
    y
}
