//! The classic server list: one `ADDRESS WEIGHT` a line, read as the 2007 library reads it, oddities included.
//!
//! The reference reads with `fgets` into a buffer for 126 bytes, cuts at TAB and SPACE with `strtok`, and hands the
//! second token less its last byte to `strtol`. Each oddity that follows from that is named where it is reproduced, for
//! a ring that silently differs is worse than an odd one. Where the reference crashes or is undefined, this is an error.

use crate::error::{Error, ErrorKind};
use crate::memory;
use crate::server::{Server, Weight};

/// The reference's texts, which callers may look for.
const NO_DELIMITER: &str = "Unable to find delimiter";
const BAD_WEIGHT: &str = "Invalid memory value";
const NO_SERVERS: &str = "No valid server definitions in file";

/// `fgets` with a buffer of 127 bytes takes at most this many from the file.
pub(super) const PIECE: usize = 126;

/// Reads a classic server list. `file` names it in errors; `longest` is the greatest length of an address that the
/// caller can use, if there is one.
///
/// # Errors
/// [`ErrorKind::Syntax`] for a line that the reference rejects or crashes on, and if there is no server at all;
/// [`ErrorKind::Limit`] for an address longer than `longest`. The text holds the reference's text.
pub fn parse(text: &[u8], file: &str, longest: Option<usize>) -> Result<Vec<Server>, Error> {
    room(text)?;
    let mut servers = Vec::new();
    for (piece, line) in pieces(text).zip(1..) {
        // A NUL ends the C string: what follows it in the piece is never seen.
        let piece = piece.split(|&byte| byte == 0).next().unwrap_or(piece);
        if piece.len() < 2 || piece[0] == b'#' {
            continue;
        }
        let server = server(piece, longest).map_err(|error| error.at_line(line).in_file(file))?;
        memory::reserve(&mut servers, 1, format_args!("the server in line {line}"))?;
        servers.push(Server { line, ..server });
    }
    if servers.is_empty() {
        return Err(Error::new(ErrorKind::Syntax, format!("{NO_SERVERS} {file}")));
    }
    Ok(servers)
}

/// Makes sure that there is memory for the servers of a text: each line could be one.
fn room(text: &[u8]) -> Result<(), Error> {
    let lines = pieces(text).count();
    memory::room(lines.saturating_mul(LINE), format_args!("a list of {lines} lines"))
}

/// Bytes of memory that a line takes while a list is read: a server and its name, twice while the list grows.
const LINE: usize = 512;

/// What `fgets` returns one after another: up to and with a newline, but at most 126 bytes. The rest of a longer line,
/// of a comment too, is the next piece. Line numbers count pieces.
pub(super) fn pieces(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let most = &text[..text.len().min(PIECE)];
        let length = most.iter().position(|&byte| byte == b'\n').map_or(most.len(), |newline| newline + 1);
        let (piece, rest) = text.split_at(length);
        text = rest;
        Some(piece)
    })
}

/// One line that is neither too short nor a comment.
fn server(piece: &[u8], longest: Option<usize>) -> Result<Server, Error> {
    let syntax = |message: &str| Err(Error::new(ErrorKind::Syntax, message));
    // `strtok` with "\t ": any number of these separates, also at the start; CR, VT and FF are ordinary bytes.
    let mut tokens = piece.split(|byte| matches!(byte, b'\t' | b' ')).filter(|token| !token.is_empty());
    let Some(address) = tokens.next() else {
        // The reference calls strlen(NULL) here: blanks alone, with no newline behind them.
        return syntax(&format!("{NO_DELIMITER}: nothing but blanks"));
    };
    if let Some(longest) = longest.filter(|&longest| address.len() > longest) {
        let message = format!(
            "{BAD_WEIGHT}: the address has {} bytes, but `char ip[22]` of the struct `mcs` and its padding hold at most {longest} and a NUL",
            address.len()
        );
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let Some(token) = tokens.next() else { return syntax(NO_DELIMITER) };
    // The last byte of the token is dropped, whatever it is: meant for the newline, it takes the last digit of a weight
    // that is followed by a blank or by the end of the file.
    match strtol(&token[..token.len() - 1]) {
        None | Some(0) => syntax(BAD_WEIGHT),
        Some(weight) => Ok(Server::new(address, Weight::Integer(weight))),
    }
}

/// C's `strtol` in base 10 for a `long` of 64 bits: white space, a sign, digits; what follows is ignored. None where
/// there is no digit or the number does not fit. (A `long` of 32 bits would reject more; the ring is that of x86-64.)
pub(super) fn strtol(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii_start_c();
    let (negative, digits) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    if end == 0 {
        return None;
    }
    digits[..end].iter().try_fold(0_i64, |number, digit| {
        let digit = i64::from(digit - b'0');
        let number = number.checked_mul(10)?;
        if negative { number.checked_sub(digit) } else { number.checked_add(digit) }
    })
}

/// `isspace` of the C locale: also VT, which `trim_ascii_start` of the standard library leaves alone.
trait TrimC {
    fn trim_ascii_start_c(&self) -> &Self;
}

impl TrimC for [u8] {
    fn trim_ascii_start_c(&self) -> &Self {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
        let start = self.iter().position(|byte| !is_space(byte)).unwrap_or(self.len());
        &self[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(String, i64)> {
        let servers = parse(text, "F", Some(23)).unwrap();
        let weight = |server: &Server| server.weight.as_integer().unwrap();
        servers.iter().map(|server| (server.name_lossy().into_owned(), weight(server))).collect()
    }

    fn one(text: &[u8]) -> i64 {
        let servers = read(text);
        assert_eq!(servers.len(), 1);
        servers[0].1
    }

    fn error(text: &[u8]) -> String {
        parse(text, "F", Some(23)).unwrap_err().to_string()
    }

    #[test]
    fn addresses_and_weights_are_separated_by_tabs_and_spaces_alone() {
        assert_eq!(read(b"a\t5\nb   6\n\t c\t \t7\n"), [("a".into(), 5), ("b".into(), 6), ("c".into(), 7)]);
        assert_eq!(error(b"a\x0c5\n"), "Unable to find delimiter (line 1 in F)");
        assert_eq!(error(b"a,5\n"), "Unable to find delimiter (line 1 in F)");
    }

    #[test]
    fn a_hash_sign_is_a_comment_in_the_first_column_only() {
        assert_eq!(read(b"#x 9\n #x 5\n"), [("#x".into(), 5)]);
        assert_eq!(error(b" #x\n"), "Unable to find delimiter (line 1 in F)");
    }

    #[test]
    fn the_last_byte_of_the_weight_is_dropped() {
        assert_eq!(one(b"a 250 name\n"), 25);
        assert_eq!(one(b"a 100 # x\n"), 10);
        assert_eq!(one(b"a 100 \n"), 10);
        assert_eq!(one(b"a 250"), 25);
        assert_eq!(error(b"a 5"), "Invalid memory value (line 1 in F)");
        assert_eq!(error(b"a 5 b\n"), "Invalid memory value (line 1 in F)");
        assert_eq!(one(b"a 70\r\n"), 70);
        assert_eq!(one(b"a 55\0junk\n"), 5);
    }

    #[test]
    fn the_weight_is_what_strtol_makes_of_it() {
        for (text, weight) in
            [("+5", 5), ("5abc", 5), ("5.9", 5), ("010", 10), ("1e3", 1), ("\x0b70", 70), ("-5", -5)]
        {
            assert_eq!(one(format!("a {text}\n").as_bytes()), weight, "{text}");
        }
        assert_eq!(one(b"a 9223372036854775807\n"), i64::MAX);
        assert_eq!(one(b"a -9223372036854775808\n"), i64::MIN);
        for text in ["0", "-", "two", "0x10", ".5", "9223372036854775808", "-9223372036854775809", "\r"] {
            assert_eq!(
                error(format!("a {text}\n").as_bytes()),
                "Invalid memory value (line 1 in F)",
                "{text}"
            );
        }
    }

    #[test]
    fn short_lines_are_skipped_and_blank_ones_are_errors() {
        assert_eq!(read(b"\na 5\nx"), [("a".into(), 5)]);
        assert_eq!(error(b"a 5\n\t\n"), "Unable to find delimiter (line 2 in F)");
        assert_eq!(error(b"a 5\r\n\r\n"), "Unable to find delimiter (line 2 in F)");
    }

    #[test]
    fn a_line_of_more_than_126_bytes_goes_on_as_a_line_of_its_own() {
        let mut text = vec![b'#'; 126];
        text.extend_from_slice(b"zz 90\n");
        assert_eq!(read(&text), [("zz".into(), 90)]);
        let mut text = b"a ".to_vec();
        text.extend_from_slice(&[b' '; 121]);
        text.extend_from_slice(b"700\n");
        assert_eq!(text.len(), 127);
        assert_eq!(one(&text), 70);
    }

    #[test]
    fn what_crashes_the_reference_is_an_error() {
        for text in [&b"a 5\n  "[..], b"a 5\n \t\0\n", &[b' '; 130]] {
            assert!(
                error(text).starts_with("Unable to find delimiter: nothing but blanks (line"),
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_address_that_a_struct_cannot_hold_is_an_error_only_where_there_is_a_struct() {
        let text = b"a123456789012345678901:1 5\n";
        assert_eq!(text.iter().position(|&byte| byte == b' '), Some(24));
        assert!(error(text).contains("(line 1 in F)"));
        assert_eq!(parse(text, "F", None).unwrap()[0].name.len(), 24);
        assert!(parse(text, "F", Some(24)).is_ok() && parse(text, "F", Some(23)).is_err());
    }

    #[test]
    fn a_list_without_a_server_is_an_error() {
        assert_eq!(error(b""), "No valid server definitions in file F");
        assert_eq!(error(b"#a\n#b 5\n"), "No valid server definitions in file F");
        assert_eq!(error(b" \n"), "Unable to find delimiter (line 1 in F)");
    }
}
