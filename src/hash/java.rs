//! `String.hashCode` of Java, over a key given in UTF-8.

/// h * 31 + unit over the UTF-16 units of the text, as an unsigned number; 0 for the empty key.
///
/// A Java program hashes characters, so bytes that are not UTF-8 are none it could have been given;
/// each maximal invalid piece counts as U+FFFD.
#[must_use]
pub fn string_hash(key: &[u8]) -> u32 {
    key.utf8_chunks().fold(0, |hash, chunk| {
        let hash = chunk.valid().encode_utf16().fold(hash, add);
        if chunk.invalid().is_empty() { hash } else { add(hash, 0xfffd) }
    })
}

fn add(hash: u32, unit: u16) -> u32 {
    hash.wrapping_mul(31).wrapping_add(u32::from(unit))
}

#[cfg(test)]
mod tests {
    //! Values made with OpenJDK 17.
    use super::*;

    #[test]
    fn texts_agree_with_java() {
        for (text, expected) in [
            ("", 0),
            ("a", 97),
            ("hello", 99_162_322),
            ("user:42:profile", 3_579_982_780),
            ("caf\u{e9}", 3_045_921),
            ("\u{20ac}", 8364),
            ("\u{1d11e}", 1_772_394),
            ("\u{65e5}\u{672c}\u{8a9e} \u{1f600}x", 3_661_893_996),
            ("polygenelubricants", 2_147_483_648),
            ("\0\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}", 123_196_605),
        ] {
            assert_eq!(string_hash(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn a_byte_that_is_no_text_counts_as_the_replacement_character() {
        assert_eq!(string_hash(b"a\xffb"), string_hash("a\u{fffd}b".as_bytes()));
    }
}
