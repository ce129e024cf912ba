//! What a classic server list says that its writer may not have meant: good lines that the 2007 library reads otherwise
//! than a person does.

use super::classic::{PIECE, pieces, strtol};

/// Something in a line that will surprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surprise {
    /// The line, counted from 1 as [`super::classic::parse`] counts.
    pub line: u32,
    /// The first byte that it is about, counted from 1.
    pub column: usize,
    /// How many bytes it is about, at least 1.
    pub width: usize,
    /// What happens, in words.
    pub reason: String,
}

/// The longest address that `char ip[22]` of the C struct `mcs` holds with its NUL.
const ADDRESS: usize = 21;

/// The surprises of a classic list, line by line. Lines that are errors may have some too.
pub fn surprises(text: &[u8]) -> Vec<Surprise> {
    let mut found = Vec::new();
    let mut carriage_returns = 0;
    for (piece, line) in pieces(text).zip(1_u32..) {
        let mut add = |column: usize, width: usize, reason: String| {
            found.push(Surprise { line, column: column + 1, width: width.max(1), reason });
        };
        if piece.ends_with(b"\r\n") {
            carriage_returns += 1;
            if carriage_returns == 1 {
                let reason = "the line ends in CR LF: the CR is read as a byte of the line, and a line of CR LF alone is an error";
                add(piece.len() - 2, 1, reason.to_owned());
            }
        }
        if piece.len() == PIECE && !piece.ends_with(b"\n") {
            let reason =
                format!("the line is longer than {PIECE} bytes: the rest is read as a line of its own");
            add(piece.len() - 1, 1, reason);
        }
        if line == 1 && piece.starts_with(b"\xef\xbb\xbf") {
            add(0, 3, "the byte order mark becomes a part of the first line".to_owned());
        }
        if let Some(nul) = piece.iter().position(|&byte| byte == 0) {
            add(nul, 1, "nothing is read from a NUL byte to the end of the line".to_owned());
        }
        let seen = piece.split(|&byte| byte == 0).next().unwrap_or(piece);
        match seen {
            [b'#', ..] | [b'\n'] | [] => {}
            [_] => add(0, 1, "a line of one byte is skipped".to_owned()),
            seen => server(seen, &mut add),
        }
    }
    if !text.is_empty() && !text.ends_with(b"\n") {
        let last = pieces(text).zip(1..).last();
        let (length, line) = last.map_or((1, 1), |(piece, line)| (piece.len(), line));
        let reason = "there is no newline at the end of the file: the last byte of a weight there is dropped"
            .to_owned();
        found.push(Surprise { line, column: length, width: 1, reason });
    }
    found
}

/// The words of a line and where they start.
fn words(line: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    line.split(|byte| matches!(byte, b'\t' | b' ')).filter_map(move |word| {
        let at = start;
        start += word.len() + 1;
        (!word.is_empty()).then_some((at, word))
    })
}

fn server(line: &[u8], add: &mut impl FnMut(usize, usize, String)) {
    let mut words = words(line);
    let (Some((at, address)), Some((weight_at, weight))) = (words.next(), words.next()) else { return };
    let text = String::from_utf8_lossy;
    if address.starts_with(b"#") {
        let reason = format!("a comment starts in the first column: this is the server `{}`", text(address));
        add(at, address.len(), reason);
    }
    if address.len() > ADDRESS {
        let fate = if address.len() > ADDRESS + 2 { "refused" } else { "without a NUL at its end" };
        let reason = format!(
            "the address has {} bytes: C programs have room for {ADDRESS}, and it is {fate} there",
            address.len()
        );
        add(at, address.len(), reason);
    }
    let kept = &weight[..weight.len() - 1];
    let dropped = weight[weight.len() - 1];
    let Some(counted) = strtol(kept) else { return };
    if dropped.is_ascii_digit() {
        let reason = format!(
            "the last digit of the weight is dropped, for no newline follows it: `{}` counts as {counted}",
            text(weight)
        );
        return add(weight_at + kept.len(), 1, reason);
    }
    let digits = kept.iter().position(u8::is_ascii_digit).unwrap_or(0);
    let others = kept[digits..].iter().position(|byte| !byte.is_ascii_digit());
    let end = others.map_or(kept.len(), |others| digits + others);
    if end < kept.len() && &kept[end..] != b"\r" {
        let reason =
            format!("the weight is read up to here: `{}` counts as {counted}", text(kept.trim_ascii_end()));
        add(weight_at + end, kept.len() - end, reason);
    }
    if counted < 0 {
        let reason = format!("a negative weight counts as 2^64 less its amount: {}", counted as u64);
        add(weight_at, kept.len(), reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line, column and width of each surprise, and the start of its reason.
    fn found(text: &[u8]) -> Vec<(u32, usize, usize, String)> {
        let start = |reason: &str| reason.split([':', ',']).next().unwrap_or(reason).to_owned();
        let surprises = surprises(text).into_iter();
        surprises.map(|one| (one.line, one.column, one.width, start(&one.reason))).collect()
    }

    #[test]
    fn a_good_list_has_no_surprise() {
        assert_eq!(found(b"a2345678901234567890x 5\n"), [], "21 bytes");
        assert_eq!(found(b"# note\n\n10.0.0.1:11211\t600\n10.0.0.2:11211 70\n"), []);
        assert_eq!(found(b""), []);
        assert_eq!(found(b"a 0\n"), [], "an error, not a surprise");
    }

    #[test]
    fn a_digit_that_is_dropped_is_shown() {
        let dropped = "the last digit of the weight is dropped".to_owned();
        assert_eq!(found(b"a 5\nb 250 big\n"), [(2, 5, 1, dropped.clone())]);
        let missing = "there is no newline at the end of the file".to_owned();
        assert_eq!(found(b"a 250"), [(1, 5, 1, dropped.clone()), (1, 5, 1, missing)]);
        assert_eq!(
            surprises(b"a 250 \n")[0].reason,
            format!("{dropped}, for no newline follows it: `250` counts as 25")
        );
    }

    #[test]
    fn a_long_address_is_refused_where_the_padding_is_full_too() {
        for (length, fate) in
            [(22, "without a NUL at its end"), (23, "without a NUL at its end"), (24, "refused")]
        {
            let reason = &surprises(format!("{} 5\n", "a".repeat(length)).as_bytes())[0].reason;
            assert!(reason.ends_with(&format!("and it is {fate} there")), "{reason}");
        }
    }

    #[test]
    fn each_kind_of_surprise_is_found_where_it_is() {
        let first = |text: &[u8]| found(text).into_iter().next().unwrap();
        assert_eq!(first(b"a 5\r\nb 6\r\n"), (1, 4, 1, "the line ends in CR LF".into()));
        assert_eq!(found(b"a 5\r\nb 6\r\n").len(), 1, "once for a file");
        assert_eq!(first(b"\xef\xbb\xbfa 5\n").2, 3);
        assert_eq!(first(b"a 55\0junk\n").1, 5);
        assert_eq!(first(b" #x 5\n"), (1, 2, 2, "a comment starts in the first column".into()));
        assert_eq!(first(b"a 5.9\n"), (1, 4, 2, "the weight is read up to here".into()));
        assert_eq!(first(b"a -5\n"), (1, 3, 2, "a negative weight counts as 2^64 less its amount".into()));
        assert_eq!(first(b"a23456789012345678901x 5\n"), (1, 1, 22, "the address has 22 bytes".into()));
        assert_eq!(first(b"a 5\nx"), (2, 1, 1, "a line of one byte is skipped".into()));
        let long = [&[b'#'; 126][..], b"zz 90\n"].concat();
        assert_eq!(first(&long), (1, 126, 1, "the line is longer than 126 bytes".into()));
    }
}
