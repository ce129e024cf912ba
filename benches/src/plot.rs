//! The plot: what a look-up costs on rings of every size, as SVG.

use crate::OURS;
use crate::fleet::SIZES;
use crate::results::{Results, grouped};
use svg::Document;
use svg::node::element::{Line, Polyline, Rectangle, Style, Text, Title};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 560.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 384.0;

/// Costs from the lowest to the highest line of the grid, in nanoseconds.
const COSTS: (f64, f64) = (4.0, 2_000.0);

/// A curve: what was measured, who, how it is named, its colour, whether it is ours (drawn thicker).
const CURVES: [(&str, &str, &str, &str, bool); 9] = [
    ("look-up", "crate ketama", "crate ketama", "#9a6700", false),
    ("look-up", "old library", "libketama of 2007 (at most 117 servers)", "#57606a", false),
    ("look-up", OURS, "this library, one by one", "#0550ae", true),
    ("look-up", "sse2", "batches, SSE2", "#54aeff", true),
    ("look-up", "avx2", "batches, AVX2", "#2da44e", true),
    ("look-up", "avx512", "batches, AVX-512", "#116329", true),
    ("nginx look-up", "pingora-ketama", "nginx ring: pingora-ketama", "#cf222e", false),
    ("nginx look-up", OURS, "nginx ring: this library", "#8250df", true),
    ("libmemcached look-up", "libmemcached", "libmemcached (at most 100 servers)", "#bf3989", false),
];

fn x(servers: f64) -> f64 {
    let (least, most) = (SIZES[0] as f64, SIZES[SIZES.len() - 1] as f64);
    LEFT + (RIGHT - LEFT) * (servers / least).ln() / (most / least).ln()
}

fn y(cost: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * (cost / COSTS.0).ln() / (COSTS.1 / COSTS.0).ln()
}

/// The whole picture, both axes logarithmic.
pub fn document(results: &Results) -> Document {
    let style = "text { font: 12px sans-serif; fill: #24292f } .head { font-weight: bold; font-size: 14px }";
    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH, HEIGHT))
        .set("role", "img")
        .add(Title::new("Cost of a look-up against the number of servers"))
        .add(Style::new(style))
        .add(Rectangle::new().set("width", WIDTH).set("height", HEIGHT).set("fill", "#ffffff"))
        .add(text(LEFT, 24.0, "Cost of a look-up by number of servers", "start").set("class", "head"))
        .add(text(
            LEFT,
            42.0,
            "nanoseconds a key of 14 to 19 bytes, one thread, 160 points a server",
            "start",
        ));
    for cost in [5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0] {
        document = document.add(line((LEFT, y(cost)), (RIGHT, y(cost)))).add(text(
            LEFT - 8.0,
            y(cost) + 4.0,
            &grouped(cost as usize),
            "end",
        ));
    }
    for servers in SIZES {
        let at = x(servers as f64);
        document = document.add(line((at, TOP), (at, BOTTOM))).add(text(
            at,
            BOTTOM + 18.0,
            &grouped(servers),
            "middle",
        ));
    }
    document = document.add(text((LEFT + RIGHT) / 2.0, BOTTOM + 40.0, "servers", "middle"));
    let curves = CURVES.iter().filter_map(|&(what, who, name, colour, ours)| {
        let points: Vec<(f64, f64)> = SIZES
            .iter()
            .filter_map(|&servers| Some((x(servers as f64), y(results.least(what, servers, who)?))))
            .collect();
        Some((*points.last()?, points, name, colour, ours))
    });
    let mut curves: Vec<_> = curves.collect();
    // Names stand at the right, in the order in which the curves end, pushed apart where they would touch.
    curves.sort_by(|one, other| one.0.1.total_cmp(&other.0.1));
    let mut lowest = TOP - 16.0;
    for ((_, end), points, name, colour, ours) in curves {
        lowest = f64::max(end, lowest + 16.0);
        let list: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        document = document
            .add(
                Polyline::new()
                    .set("points", list.join(" "))
                    .set("fill", "none")
                    .set("stroke", colour)
                    .set("stroke-width", if ours { 2.5 } else { 1.5 })
                    .set("stroke-dasharray", if ours { "none" } else { "6 3" }),
            )
            .add(text(RIGHT + 10.0, lowest + 4.0, name, "start").set("style", format!("fill: {colour}")));
    }
    document
}

fn text(x: f64, y: f64, content: &str, anchor: &str) -> Text {
    Text::new(content).set("x", x).set("y", y).set("text-anchor", anchor)
}

fn line(from: (f64, f64), to: (f64, f64)) -> Line {
    Line::new().set("x1", from.0).set("y1", from.1).set("x2", to.0).set("y2", to.1).set("stroke", "#d8dee4")
}
