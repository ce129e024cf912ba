//! The README says what the code says.

use crate::dialect::DIALECTS;
use std::fmt::Write;

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

#[test]
fn the_table_of_dialects_is_that_of_the_code() {
    let mut table = "| dialect | software | versions | verified on |\n|---|---|---|---|\n".to_owned();
    for dialect in DIALECTS {
        let names: Vec<String> =
            [dialect.name].iter().chain(dialect.aliases).map(|name| format!("`{name}`")).collect();
        let (names, verified) = (names.join(", "), dialect.verified);
        writeln!(table, "| {names} | {} | {} | {verified} |", dialect.software, dialect.version).unwrap();
    }
    assert!(readme().contains(&table), "README.md should have this table:\n{table}");
}
