//! YAML as far as configuration files need it: tables, lists and scalars, which all stay text.

use super::super::tree::{Entry, Item, Place, Tree};
use crate::error::{Error, ErrorKind};
use saphyr_parser::{Event, Marker, Parser};

/// No file of servers nests deeper.
const DEEPEST: usize = 16;

/// Reads the only document of a text.
pub(super) fn parse(text: &str) -> Result<Item, Error> {
    let mut events = Events { parser: Parser::new_from_str(text), end: end(text) };
    loop {
        let (event, place) = events.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd | Event::DocumentEnd => {
                return Err(place.error(ErrorKind::Syntax, "there is nothing in it"));
            }
            event => {
                let item = events.item(event, place, 0)?;
                return events.end().map(|()| item);
            }
        }
    }
}

struct Events<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// Where the text ends.
    end: (usize, usize),
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Place), Error> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.place(&span.start))),
            Some(Err(error)) => {
                let place = self.place(error.marker());
                Err(place.error(ErrorKind::Syntax, format!("not YAML: {}", error.info())))
            }
            None => Err(Error::new(ErrorKind::Syntax, "not YAML: it breaks off")),
        }
    }

    /// The parser goes on as if a newline ended the text, to a line that may not be there.
    fn place(&self, marker: &Marker) -> Place {
        let (line, column) = (marker.line(), marker.col() + 1).min(self.end);
        Place::at(number(line), number(column))
    }

    fn end(&mut self) -> Result<(), Error> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd, _) => {}
                (_, place) => return Err(place.error(ErrorKind::Syntax, "there is a second document")),
            }
        }
    }

    /// The value that starts with `event`.
    fn item(&mut self, event: Event<'a>, place: Place, depth: usize) -> Result<Item, Error> {
        if depth > DEEPEST {
            return Err(place.error(ErrorKind::Syntax, "it nests too deep"));
        }
        let value = match event {
            Event::Scalar(text, ..) => Tree::Text(text.into_owned()),
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.table(depth)?,
            _ => return Err(place.error(ErrorKind::Syntax, "anchors and aliases are not read")),
        };
        Ok(Item { value, place })
    }

    fn list(&mut self, depth: usize) -> Result<Tree, Error> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Tree::List(items)),
                (event, place) => items.push(self.item(event, place, depth + 1)?),
            }
        }
    }

    fn table(&mut self, depth: usize) -> Result<Tree, Error> {
        let mut entries = Vec::new();
        loop {
            match self.next()? {
                (Event::MappingEnd, _) => return Ok(Tree::Table(entries)),
                (Event::Scalar(name, ..), place) => {
                    let (event, start) = self.next()?;
                    let item = self.item(event, start, depth + 1)?;
                    entries.push(Entry { name: name.into_owned(), place, item });
                }
                (_, place) => return Err(place.error(ErrorKind::Syntax, "a name is wanted here")),
            }
        }
    }
}

/// The line and the column behind the last character, both from 1; what YAML takes for the end of a line is one.
fn end(text: &str) -> (usize, usize) {
    let (mut line, mut column, mut after_return) = (1, 1, false);
    for character in text.chars() {
        match character {
            '\n' if after_return => {}
            '\n' | '\r' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
        after_return = character == '\r';
    }
    (line, column)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
