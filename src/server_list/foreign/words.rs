//! Words of a configuration file: blanks separate them, quotes and backslashes hold them together, `#` starts a comment.

use super::super::tree::Place;
use crate::error::{Error, ErrorKind};

/// How a file's words are cut.
pub(super) struct Cut {
    /// Characters that are words of their own, a newline among them where lines matter.
    pub marks: &'static str,
    /// Whether `#` starts a comment also within a word.
    pub comments_anywhere: bool,
    /// Whether a backslash has its meaning between single quotes too.
    pub single_quotes_escape: bool,
}

/// A word and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub text: String,
    pub place: Place,
    /// It is one of the marks, not a quoted character.
    pub is_mark: bool,
}

impl Word {
    pub fn is(&self, mark: &str) -> bool {
        self.is_mark && self.text == mark
    }

    pub fn error(&self, message: impl Into<String>) -> Error {
        self.place.error(ErrorKind::Syntax, message)
    }
}

/// Cuts a text into words.
pub(super) fn words(text: &str, cut: &Cut) -> Result<Vec<Word>, Error> {
    let mut reader = Reader { rest: text.chars().peekable(), line: 1, column: 1, words: Vec::new() };
    while let Some(&next) = reader.rest.peek() {
        let place = Place::at(reader.line, reader.column);
        if next == '#' {
            while reader.rest.peek().is_some_and(|&next| next != '\n') {
                reader.next();
            }
        } else if cut.marks.contains(next) {
            reader.next();
            reader.words.push(Word { text: next.to_string(), place, is_mark: true });
        } else if next.is_whitespace() {
            reader.next();
        } else {
            let text = reader.word(cut)?;
            reader.words.push(Word { text, place, is_mark: false });
        }
    }
    Ok(reader.words)
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    column: u32,
    words: Vec<Word>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        (self.line, self.column) = if next == '\n' {
            (self.line.saturating_add(1), 1)
        } else {
            (self.line, self.column.saturating_add(1))
        };
        Some(next)
    }

    fn word(&mut self, cut: &Cut) -> Result<String, Error> {
        let mut word = String::new();
        while let Some(&next) = self.rest.peek() {
            // `${name}` is one word where braces are marks.
            let ends = next.is_whitespace()
                || cut.marks.contains(next) && !(next == '{' && word.ends_with('$'))
                || next == '#' && cut.comments_anywhere;
            if ends {
                break;
            }
            self.next();
            match next {
                '"' | '\'' => self.quoted(next, cut, &mut word)?,
                '\\' => word.extend(self.next()),
                // Elsewhere a brace is a character like any other.
                '{' if cut.marks.contains('{') => {
                    word.push('{');
                    while let Some(next) = self.next() {
                        word.push(next);
                        if next == '}' {
                            break;
                        }
                    }
                }
                _ => word.push(next),
            }
        }
        Ok(word)
    }

    fn quoted(&mut self, quote: char, cut: &Cut, word: &mut String) -> Result<(), Error> {
        let open = Place::at(self.line, self.column.saturating_sub(1));
        while let Some(next) = self.next() {
            match next {
                '\\' if quote == '"' || cut.single_quotes_escape => word.extend(self.next()),
                _ if next == quote => return Ok(()),
                _ => word.push(next),
            }
        }
        Err(open.error(ErrorKind::Syntax, "this quote is not closed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_between_single_quotes_is_one_unless_it_escapes_there_too() {
        let read = |text: &str, single_quotes_escape| {
            let cut = Cut { marks: "", comments_anywhere: false, single_quotes_escape };
            words(text, &cut).unwrap().into_iter().map(|word| word.text).collect::<Vec<_>>()
        };
        assert_eq!(read(r#"'a\b' "a\"b" a\ b"#, false), [r"a\b", "a\"b", "a b"]);
        assert_eq!(read(r#"'a\'b' "a\"b" a\ b"#, true), ["a'b", "a\"b", "a b"]);
    }
}
