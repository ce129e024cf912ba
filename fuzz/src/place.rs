//! Errors name a place that is there.

use ketama::Error;

/// The error says something, and its line and column are in the text or just behind it.
pub fn assert_place(error: &Error, text: &[u8]) {
    assert!(!error.message().is_empty());
    assert_eq!(error.file(), Some("F"), "{error}");
    let Some(line) = error.line() else {
        assert_eq!(error.column(), None, "a column without a line: {error}");
        return;
    };
    if text.contains(&b'\r') {
        // To YAML this alone ends a line, to the others only the newline does.
        let most = text.iter().filter(|byte| b"\r\n".contains(byte)).count() + 1;
        return assert!((1..=most).contains(&(line as usize)), "there is no such line: {error}");
    }
    let mut lines = text.split(|&byte| byte == b'\n');
    let Some(line) = (line as usize).checked_sub(1).and_then(|line| lines.nth(line)) else {
        panic!("there is no such line: {error}");
    };
    let Some(column) = error.column() else { return };
    assert!((1..=line.len() + 1).contains(&(column as usize)), "there is no such column: {error}");
}
