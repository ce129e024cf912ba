//! The arguments that name a server list, and the dialect and options under which it is to be read.

use super::excerpt::excerpt;
use super::{Failure, Streams, cannot_read};
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use crate::segment::source::{self, Source as State};
use crate::segment::{Inspection, is_segment};
use crate::server_list::ServerList;
use crate::server_list::foreign::Format;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A server list, as arguments give it.
#[derive(Args)]
pub(super) struct ListArguments {
    /// Server list in any format that is read; - for standard input
    #[arg(value_name = "LIST")]
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// How lists are read, whatever they say themselves.
#[derive(Args, Clone, Default)]
pub(super) struct Reading {
    /// Build the ring under this dialect; the options of a list under another dialect then do not count
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<String>,
    /// Set an option of the dialect, whatever the list says
    #[arg(long = "option", value_name = "NAME=VALUE")]
    pub options: Vec<String>,
    #[command(flatten)]
    pub form: Form,
}

/// What a list is written in.
#[derive(Args, Clone, Default)]
pub(super) struct Form {
    /// Read the list in this format instead of finding out which it is
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    pub format: Option<Format>,
    /// The pool, upstream or backend to read, where a file has several
    #[arg(long, value_name = "NAME")]
    pub pool: Option<String>,
}

impl Form {
    /// The list in a text, as it is written, or in the bytes of a segment.
    pub fn parse(&self, text: &[u8], name: &str) -> Result<ServerList, Error> {
        if is_segment(text) {
            return Inspection::of(text).map(|segment| segment.list).map_err(|error| error.in_file(name));
        }
        let format = self.format.unwrap_or_else(|| Format::of(text));
        format.parse(text, name, self.pool.as_deref())
    }
}

/// The names of formats, for arguments.
pub(super) fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| Format::named(&name))
}

/// A list that was read, with its text for what there is to say about it.
pub(super) struct Source {
    pub name: String,
    pub text: Vec<u8>,
    pub list: ServerList,
}

impl ListArguments {
    /// Whether the list is standard input.
    pub fn is_stdin(&self) -> bool {
        is_stdin(&self.file)
    }

    /// Builds the ring of the list.
    pub fn ring(&self, streams: &mut Streams) -> Result<Ring, Failure> {
        self.source(streams)?.ring()
    }

    /// Where the list is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The state of the file in which the list stands, if the library alone would read the same in it.
    pub fn state(&self, source: &Source) -> Option<State> {
        // A pipe cannot be read twice.
        if !self.reading.is_plain() || is_segment(&source.text) || !self.file.is_file() {
            return None;
        }
        let content = source::read(self.file.as_os_str().as_bytes(), None).ok()?;
        (content.bytes == source.text).then_some(content.source)
    }

    /// Reads the list and keeps its text.
    pub fn source(&self, streams: &mut Streams) -> Result<Source, Failure> {
        self.reading.source(&self.file, streams)
    }
}

impl Reading {
    /// Reads a list and keeps its text.
    pub fn source(&self, file: &Path, streams: &mut Streams) -> Result<Source, Failure> {
        Source::of(text(file, streams)?, name(file), self)
    }

    /// Whether lists are read as the library alone would read them.
    fn is_plain(&self) -> bool {
        let Self { dialect, options, form } = self;
        dialect.is_none() && options.is_empty() && form.format.is_none() && form.pool.is_none()
    }

    /// The list that stands in `text`; `name` is what the text is called in errors.
    pub fn parse(&self, text: &[u8], name: &str) -> Result<ServerList, Error> {
        self.overridden(self.form.parse(text, name)?)
    }

    fn overridden(&self, list: ServerList) -> Result<ServerList, Error> {
        let dialect = self.dialect.as_deref().map_or(Ok(list.dialect), Dialect::named)?;
        let mut options = dialect.default_options();
        for option in &self.options {
            let Some((name, value)) = option.split_once('=') else {
                let message = format!("--option takes NAME=VALUE, not `{option}`");
                return Err(Error::new(ErrorKind::Option, message));
            };
            options.set_text(name, value)?;
        }
        if dialect.name == list.dialect.name {
            for (name, value) in list.options.set_values() {
                if !options.is_set(name) {
                    options.set(name, value.clone())?;
                }
            }
        }
        let is_same = dialect.name == list.dialect.name;
        Ok(if is_same { ServerList { options, ..list } } else { list.under(dialect, options) })
    }
}

impl Source {
    /// Reads the list in `text`, which is called `name` in errors.
    pub fn of(text: Vec<u8>, name: String, reading: &Reading) -> Result<Self, Failure> {
        let list = reading.parse(&text, &name).map_err(|error| Failure::in_text(error, &text))?;
        Ok(Self { name, text, list })
    }

    /// Builds the ring of the list.
    pub fn ring(&self) -> Result<Ring, Failure> {
        Ring::build(self.list.clone())
            .map_err(|error| Failure::in_text(error.in_file(&self.name), &self.text))
    }
}

impl Failure {
    /// An error in a text, shown with its line.
    pub fn in_text(error: Error, text: &[u8]) -> Self {
        Self::Shown { excerpt: excerpt(text, &error), error }
    }
}

/// Whether a file is standard input.
pub(super) fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// What a file is called in errors.
pub(super) fn name(file: &Path) -> String {
    if is_stdin(file) { "standard input".to_owned() } else { file.display().to_string() }
}

/// The whole text of a file or of standard input.
pub(super) fn text(file: &Path, streams: &mut Streams) -> Result<Vec<u8>, Error> {
    /// No list of 100,000 servers comes near this; a device that never ends does not exhaust memory.
    const LARGEST: u64 = 64 << 20;
    let read = |input: &mut dyn Read| {
        let mut text = Vec::new();
        Read::take(input, LARGEST + 1).read_to_end(&mut text)?;
        if text.len() as u64 > LARGEST {
            return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20)));
        }
        Ok(text)
    };
    let read = if is_stdin(file) {
        read(&mut streams.stdin)
    } else {
        File::open(file).and_then(|mut file| read(&mut file))
    };
    read.map_err(|error| cannot_read(&error, &name(file)))
}
