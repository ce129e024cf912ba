//! Keys that are numbers written in decimal, taken as they are.

/// The key is a number in decimal, as HAProxy's function `none` reads it: an optional sign, then
/// digits up to the first byte that is none. Numbers beyond the signed 64-bit range count as its
/// end. The result is the number modulo 2^32; 0 if there are no digits.
#[must_use]
pub fn decimal(key: &[u8]) -> u32 {
    let (negative, digits) = match key {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, key),
    };
    let magnitude = digits
        .iter()
        .map(|byte| byte.wrapping_sub(b'0'))
        .take_while(|&digit| digit < 10)
        .fold(0u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit)));
    if negative {
        (magnitude.min(1 << 63) as u32).wrapping_neg()
    } else {
        magnitude.min((1 << 63) - 1) as u32
    }
}

#[cfg(test)]
mod tests {
    //! Values made with read_int64 of HAProxy 2.6.12, which newer versions call for the function `none`.
    use super::*;

    #[test]
    fn decimal_agrees_with_haproxy() {
        for (key, expected) in [
            ("", 0x00000000),
            ("0", 0x00000000),
            ("7", 0x00000007),
            ("42", 0x0000002a),
            ("+42", 0x0000002a),
            ("-1", 0xffffffff),
            ("-3", 0xfffffffd),
            ("12 apples", 0x0000000c),
            ("apples", 0x00000000),
            ("1.5", 0x00000001),
            ("1:5", 0x00000001),
            ("--1", 0x00000000),
            ("-", 0x00000000),
            ("4294967295", 0xffffffff),
            ("4294967296", 0x00000000),
            ("4294967303", 0x00000007),
            ("9223372036854775807", 0xffffffff),
            ("9223372036854775808", 0xffffffff),
            ("18446744073709551615", 0xffffffff),
            ("18446744073709551616", 0xffffffff),
            ("99999999999999999999999", 0xffffffff),
            ("-9223372036854775808", 0x00000000),
            ("-9223372036854775807", 0x00000001),
            ("-99999999999999999999999", 0x00000000),
        ] {
            assert_eq!(decimal(key.as_bytes()), expected, "{key}");
        }
    }
}
