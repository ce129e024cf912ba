//! `ketama man` and `ketama completions`: pages and scripts for packages, made from the definitions of the arguments.

use super::{Arguments, Exit, Failure, Streams, write_file};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::path::{Path, PathBuf};

/// Write the manual pages ketama.1, ketama-lookup.1 ... into a directory
#[derive(Args)]
#[command(hide = true)]
pub(super) struct Man {
    /// Where to; it must exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Print the completions for a shell
#[derive(Args)]
#[command(hide = true)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Man {
    pub fn run(&self, _: &mut Streams) -> Result<Exit, Failure> {
        let mut command = Arguments::command();
        command.build();
        let own = "ketama".to_owned();
        page(&self.folder, &own, command.clone())?;
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
            let name = format!("{own}-{}", sub.get_name());
            page(&self.folder, &name, sub.clone().display_name(name.clone()))?;
        }
        Ok(Exit::Good)
    }
}

fn page(folder: &Path, name: &str, command: clap::Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).title(name.to_ascii_uppercase()).render(&mut text)?;
    let path = folder.join(format!("{name}.1"));
    write_file(&path, &text)?;
    Ok(())
}

impl Completions {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "ketama", &mut script);
        streams.stdout.write_all(&script)?;
        Ok(Exit::Good)
    }
}
