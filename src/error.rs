//! What went wrong, and where: the one error type of the crate, whose text is what `ketama_error()` shows.

use std::fmt;

/// What kind of failure it was; each has one status code in the C interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file could not be opened or read.
    Io,
    /// A server list or an observation file does not have the form that it should have.
    Syntax,
    /// No dialect has this name.
    UnknownDialect,
    /// The dialect has no such option, or the option cannot have this value.
    Option,
    /// A server cannot be used as it is written: its name, its weight or another field.
    Server,
    /// A limit of the library, of a C struct or of the caller would be exceeded.
    Limit,
    /// Memory could not be had.
    Memory,
    /// A shared segment cannot be trusted, or is not one.
    Segment,
    /// Another process is at work for longer than one waits.
    Busy,
}

/// A failure: its kind, what was wrong and, where known, the place in the text that was read.
///
/// Displayed as `MESSAGE (line L, column C in FILE)`, each part of the place only where it is known.
/// The form is the old library's, which wrote `MESSAGE (line L in FILE)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    line: Option<u32>,
    column: Option<u32>,
    file: Option<String>,
}

impl Error {
    /// A failure of `kind` that says `message`, at no particular place.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), line: None, column: None, file: None }
    }

    /// The same failure, seen in line `line` (counted from 1).
    #[must_use]
    pub fn at_line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    /// The same failure, seen in column `column` (counted from 1, in characters).
    #[must_use]
    pub fn at_column(mut self, column: u32) -> Self {
        self.column = Some(column);
        self
    }

    /// The same failure, seen in the file `file`.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line, counted from 1, where one is known.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The column, counted from 1 in characters, where one is known.
    pub fn column(&self) -> Option<u32> {
        self.column
    }

    /// The file, where one is known.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (self.line, self.column, &self.file) {
            (Some(line), Some(column), Some(file)) => {
                write!(f, " (line {line}, column {column} in {file})")
            }
            (Some(line), Some(column), None) => write!(f, " (line {line}, column {column})"),
            (Some(line), None, Some(file)) => write!(f, " (line {line} in {file})"),
            (Some(line), None, None) => write!(f, " (line {line})"),
            (None, _, Some(file)) => write!(f, " (in {file})"),
            (None, _, None) => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// `word` is none of `known`: the text that names the word and all that would have been right.
pub(crate) fn unknown<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if known.is_empty() {
        format!("unknown {what} `{word}`; there is none")
    } else {
        format!("unknown {what} `{word}`; known: {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_told_as_far_as_it_is_known() {
        let error = Error::new(ErrorKind::Syntax, "Invalid memory value");
        assert_eq!(error.to_string(), "Invalid memory value");
        let error = error.at_line(3).in_file("a.servers");
        assert_eq!(error.to_string(), "Invalid memory value (line 3 in a.servers)");
        let error = error.at_column(7);
        assert_eq!(error.to_string(), "Invalid memory value (line 3, column 7 in a.servers)");
    }

    #[test]
    fn an_unknown_word_is_shown_beside_the_known_ones() {
        assert_eq!(unknown("hash", "md6", ["md5", "crc"]), "unknown hash `md6`; known: md5, crc");
        assert_eq!(unknown("option", "x", []), "unknown option `x`; there is none");
    }
}
