//! The sheet that pictures are drawn on: text, bars and marks in one style.

use svg::node::element::{Element, Group, Line, Rectangle, Text, Title};
use svg::{Document, Node};

/// Width of every picture.
pub(super) const WIDTH: f64 = 960.0;
pub(super) const MARGIN: f64 = 24.0;

/// Characters of a name that are shown; the rest is told where the pointer rests.
pub(super) const LONGEST: usize = 30;

/// Text and marks.
pub(super) const INK: &str = "#222222";

/// A picture that grows downwards.
pub(super) struct Canvas {
    root: Group,
}

/// Where a text is anchored.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    pub fn new() -> Self {
        Self { root: Group::new() }
    }

    pub fn add(&mut self, node: impl Node) {
        self.root.append(node);
    }

    /// Text whose base line is at `y`.
    pub fn text(&mut self, x: f64, y: f64, anchor: Anchor, size: u32, text: &str) {
        self.add(label(x, y, anchor, size, text));
    }

    pub fn heading(&mut self, y: f64, text: &str) {
        self.add(label(MARGIN, y, Anchor::Start, 15, text).set("font-weight", "bold"));
    }

    /// A bar with what is told where the pointer rests.
    pub fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str, title: &str) {
        self.add(titled(rectangle(x, y, width, height).set("fill", fill).into(), title));
    }

    /// A bar of which only the outline is drawn.
    pub fn outline(&mut self, x: f64, y: f64, width: f64, height: f64, title: &str) {
        let bar =
            rectangle(x, y, width, height).set("fill", "#ffffff").set("stroke", INK).set("stroke-width", 1);
        self.add(titled(bar.into(), title));
    }

    /// A dashed mark from top to bottom.
    pub fn mark(&mut self, x: f64, top: f64, bottom: f64) {
        let line = Line::new()
            .set("x1", round(x))
            .set("x2", round(x))
            .set("y1", round(top))
            .set("y2", round(bottom));
        self.add(line.set("stroke", INK).set("stroke-width", 1.5).set("stroke-dasharray", "3 2"));
    }

    /// The whole picture, down to `height`.
    pub fn finish(self, height: f64, title: &str) -> String {
        let document = Document::new()
            .set("viewBox", (0, 0, WIDTH, round(height)))
            .set("width", WIDTH)
            .set("height", round(height))
            .set("role", "img")
            .set("font-family", "Helvetica, Arial, sans-serif")
            .add(Title::new(clean(title)))
            .add(rectangle(0.0, 0.0, WIDTH, height).set("fill", "#ffffff"))
            .add(self.root);
        document.to_string() + "\n"
    }
}

/// An element with what is told where the pointer rests.
pub(super) fn titled(mut element: Element, title: &str) -> Element {
    element.append(Title::new(clean(title)));
    element
}

fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Rectangle {
    let rectangle = Rectangle::new().set("x", round(x)).set("y", round(y));
    rectangle.set("width", round(width.max(0.0))).set("height", round(height))
}

fn label(x: f64, y: f64, anchor: Anchor, size: u32, text: &str) -> Text {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let label = Text::new(clean(text)).set("x", round(x)).set("y", round(y)).set("text-anchor", anchor);
    label.set("font-size", size).set("fill", INK)
}

/// A hundredth of a pixel is enough.
pub(super) fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// XML has no control characters.
fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// A name as text, its middle left out if it is longer than `longest`.
pub(super) fn short(name: &str, longest: usize) -> String {
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= longest {
        return name.to_owned();
    }
    let (start, end) = ((longest - 1) / 2, characters.len() - longest / 2);
    let start: String = characters.get(..start).unwrap_or_default().iter().collect();
    let end: String = characters.get(end..).unwrap_or_default().iter().collect();
    format!("{start}\u{2026}{end}")
}
