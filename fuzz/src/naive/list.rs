//! The classic server list, read the way the C of 2007 reads it: with its buffer, its `strtok` and its `strtol`.

/// What `fgets` leaves room for in its buffer, without the NUL.
const BUFFER: usize = 126;

/// What a text is read as: its servers with their weights, or the number of the bad line, if it is one that is bad.
pub type Reading = Result<Vec<(Vec<u8>, i64)>, Option<u32>>;

/// Reads a text; addresses of more bytes than `longest` are refused.
pub fn read(text: &[u8], longest: usize) -> Reading {
    let mut servers = Vec::new();
    let (mut at, mut line) = (0, 0);
    while at < text.len() {
        line += 1;
        let mut buffer = Vec::new();
        while at < text.len() && buffer.len() < BUFFER {
            buffer.push(text[at]);
            at += 1;
            if buffer.ends_with(b"\n") {
                break;
            }
        }
        let string = c_string(&buffer);
        if string.len() < 2 || string[0] == b'#' {
            continue;
        }
        let mut rest = string;
        let address = token(&mut rest);
        let weight = token(&mut rest);
        match (address, weight) {
            (Some(address), Some(weight)) if address.len() <= longest => {
                let mut weight = weight.to_vec();
                weight.pop();
                match number(&weight) {
                    Some(weight) if weight != 0 => servers.push((address.to_vec(), weight)),
                    _ => return Err(Some(line)),
                }
            }
            _ => return Err(Some(line)),
        }
    }
    if servers.is_empty() { Err(None) } else { Ok(servers) }
}

/// The bytes before the first NUL.
fn c_string(buffer: &[u8]) -> &[u8] {
    let mut length = 0;
    while length < buffer.len() && buffer[length] != 0 {
        length += 1;
    }
    &buffer[..length]
}

/// `strtok(rest, "\t ")`.
fn token<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    while rest.first().is_some_and(|&byte| byte == b'\t' || byte == b' ') {
        *rest = &rest[1..];
    }
    let mut length = 0;
    while length < rest.len() && rest[length] != b'\t' && rest[length] != b' ' {
        length += 1;
    }
    let (token, behind) = rest.split_at(length);
    *rest = behind;
    (!token.is_empty()).then_some(token)
}

/// `strtol(text, NULL, 10)`; None where it finds no number or sets `ERANGE`.
fn number(text: &[u8]) -> Option<i64> {
    let mut at = 0;
    let byte = |at: usize| text.get(at).copied().unwrap_or(0);
    while [b' ', b'\t', b'\n', 0x0b, 0x0c, b'\r'].contains(&byte(at)) {
        at += 1;
    }
    let negative = byte(at) == b'-';
    if negative || byte(at) == b'+' {
        at += 1;
    }
    let first = at;
    let mut value = 0_i128;
    while byte(at).is_ascii_digit() {
        // Beyond 64 bits it does not matter how large it is.
        value = (value * 10 + i128::from(byte(at) - b'0')).min(1 << 100);
        at += 1;
    }
    let value = if negative { -value } else { value };
    if at == first { None } else { i64::try_from(value).ok() }
}
