//! `ketama plot`: a list, or what moves between two, as a picture.

mod canvas;
mod colours;
mod matrix;
mod moved;
mod moves;
mod shares;

use super::list::{Reading, is_stdin, name};
use super::moves::MovesArguments;
use super::{Exit, Failure, Streams, write_file};
use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use clap::Args;
use std::path::PathBuf;

/// Draw the share of each server, or with two lists what moves between them
///
/// One file that needs no other: SVG, or HTML with the same picture in it, by the end of its name. Of one list: a bar for
/// each server, with a mark at what its weight asks for. Of two: the arcs of the ring that change hands, bars before and
/// after, and who gives how much to whom. What the picture cannot show exactly is counted on keys.
#[derive(Args)]
pub(super) struct Plot {
    /// One or two server lists in any format that is read; - for standard input
    #[arg(value_name = "LIST", required = true, num_args = 1..=2)]
    files: Vec<PathBuf>,
    /// Where to: a name that ends in .svg, .html or .htm; - for SVG on standard output
    #[arg(long, short = 'o', value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    moves: MovesArguments,
}

impl Plot {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let is_html = self.is_html()?;
        let from_stdin = self.files.iter().filter(|file| is_stdin(file)).count();
        if from_stdin + usize::from(self.moves.keys.are_stdin()) > 1 {
            let message = "only one of the lists and the keys can come from standard input";
            return Err(Error::new(ErrorKind::Io, message).into());
        }
        let mut rings: Vec<(String, Ring)> = Vec::new();
        for file in &self.files {
            rings.push((name(file), self.reading.source(file, streams)?.ring()?));
        }
        let mut rings = rings.into_iter();
        let (title, picture) = match (rings.next(), rings.next()) {
            (Some(old), Some(new)) => self.two(old, new, streams)?,
            (Some((file, ring)), None) => (file.clone(), shares::draw(&file, &ring)),
            (None, _) => return Err(Error::new(ErrorKind::Io, "there is no list").into()),
        };
        let text = if is_html { html(&title, &picture) } else { picture };
        self.write(&text, streams)?;
        Ok(Exit::Good)
    }

    fn two(
        &self,
        (old, before): (String, Ring),
        (new, after): (String, Ring),
        streams: &mut Streams,
    ) -> Result<(String, String), Failure> {
        let title = format!("{old} to {new}");
        let comparison = self.moves.compare(before, after, streams)?;
        Ok((title.clone(), moves::draw(&title, &comparison)))
    }

    fn is_html(&self) -> Result<bool, Error> {
        match self.output.extension().and_then(|end| end.to_str()) {
            Some("html" | "htm") => Ok(true),
            Some("svg") => Ok(false),
            _ if is_stdin(&self.output) => Ok(false),
            _ => {
                let message = "the name of the picture has to end in .svg, .html or .htm";
                Err(Error::new(ErrorKind::Option, message).in_file(self.output.display().to_string()))
            }
        }
    }

    fn write(&self, text: &str, streams: &mut Streams) -> Result<(), Failure> {
        if is_stdin(&self.output) {
            return Ok(streams.stdout.write_all(text.as_bytes())?);
        }
        write_file(&self.output, text.as_bytes())?;
        Ok(())
    }
}

/// The picture in a page.
fn html(title: &str, picture: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n</head>\n\
         <body style=\"margin: 0\">\n{picture}</body>\n</html>\n"
    )
}
