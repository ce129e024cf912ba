//! The arguments that name a server list, and the dialect and options under which it is to be read.

use super::{Failure, Streams, cannot_read, read_file};
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use crate::server_list::ServerList;
use clap::Args;
use std::path::PathBuf;

/// A server list, as arguments give it.
#[derive(Args)]
pub(super) struct ListArguments {
    /// Server list, TOML or classic; - for standard input
    #[arg(value_name = "LIST")]
    file: PathBuf,
    /// Build the ring under this dialect; the options of a list under another dialect then do not count
    #[arg(long, value_name = "DIALECT")]
    dialect: Option<String>,
    /// Set an option of the dialect, whatever the list says
    #[arg(long = "option", value_name = "NAME=VALUE")]
    options: Vec<String>,
}

impl ListArguments {
    /// Whether the list is standard input.
    pub fn is_stdin(&self) -> bool {
        self.file.as_os_str() == "-"
    }

    /// Builds the ring of the list.
    pub fn ring(&self, streams: &mut Streams) -> Result<Ring, Failure> {
        let ring = Ring::build(self.read(streams)?);
        Ok(ring.map_err(|error| error.in_file(self.name()))?)
    }

    /// Reads the list, under the dialect and with the options of the arguments.
    pub fn read(&self, streams: &mut Streams) -> Result<ServerList, Failure> {
        let name = self.name();
        let text = if self.is_stdin() {
            let mut text = Vec::new();
            streams.stdin.read_to_end(&mut text).map_err(|error| cannot_read(&error, &name))?;
            text
        } else {
            read_file(&self.file)?
        };
        Ok(self.overridden(ServerList::parse(&text, &name)?)?)
    }

    /// What the list is called in errors.
    fn name(&self) -> String {
        if self.is_stdin() { "standard input".to_owned() } else { self.file.display().to_string() }
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
        Ok(ServerList { dialect, options, ..list })
    }
}
