//! The vocabulary for users, src/dialect/README.md, against the table of dialects.

use crate::dialect::DIALECTS;
use crate::dialect::option::{Kind, MAX_POINTS};

const TEXT: &str = include_str!("../dialect/README.md");

/// The row of a table whose first cells are these words.
fn row(words: &[&str]) -> Option<&'static str> {
    let start: String = words.iter().map(|word| format!("| `{word}` ")).collect();
    TEXT.lines().find(|line| line.starts_with(&(start.clone() + "|")))
}

fn quoted(word: impl std::fmt::Display) -> String {
    format!("`{word}`")
}

/// What the row of an option must hold: its type, its default and the words that it takes.
fn told(kind: Kind) -> Vec<String> {
    match kind {
        Kind::Bool(_) => vec!["| bool |".to_owned()],
        Kind::Int { default, .. } => {
            std::iter::once("| int |".to_owned()).chain(default.map(quoted)).collect()
        }
        Kind::Word { default, words } => {
            // A second option with the same words can refer to the first.
            let words = words.iter().filter(|_| default.is_some() || words.len() < 8).map(quoted);
            std::iter::once("| word |".to_owned()).chain(default.map(quoted)).chain(words).collect()
        }
        Kind::Text => vec!["| text |".to_owned()],
    }
}

#[test]
fn every_dialect_is_in_the_vocabulary_with_its_aliases_and_fields() {
    for dialect in DIALECTS {
        let row = row(&[dialect.name]).unwrap_or_else(|| panic!("no row for {dialect}"));
        for alias in dialect.aliases {
            assert!(row.contains(&quoted(alias)), "{dialect}: alias {alias}");
        }
        for cell in [dialect.software, dialect.version, dialect.verified] {
            assert!(row.contains(&format!("| {cell} |")), "{dialect}: its row should have a cell {cell}");
        }
        for field in dialect.fields {
            let row = self::row(&[field.name()]).unwrap_or_else(|| panic!("no row for {}", field.name()));
            assert!(row.contains(&quoted(dialect.name)), "{dialect}: field {}", field.name());
        }
    }
}

#[test]
fn every_option_is_in_the_vocabulary_with_its_type_default_and_words() {
    assert!(TEXT.contains(&quoted(MAX_POINTS.name)));
    for dialect in DIALECTS {
        for option in dialect.options {
            let row = row(&[dialect.name, option.name])
                .unwrap_or_else(|| panic!("no row for {dialect} {}", option.name));
            for words in told(option.kind) {
                assert!(row.contains(&words), "{dialect} {}: {words}", option.name);
            }
        }
    }
}

#[test]
fn every_option_in_the_vocabulary_is_one_of_its_dialect() {
    let cells = |line: &'static str| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
    for row in TEXT.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = cells(row);
        let Some(dialect) = DIALECTS.iter().find(|dialect| dialect.name == cells[1]) else { continue };
        let is_option_row = ["bool", "int", "word", "text"].contains(&cells[3]);
        let is_known = dialect.options.iter().any(|option| option.name == cells[2]);
        assert!(is_known || !is_option_row, "{dialect} has no option {}", cells[2]);
    }
}

#[test]
fn the_lists_in_the_vocabulary_are_read() {
    let block = |language: &str| {
        let start = TEXT.split(&format!("```{language}\n")).nth(1).unwrap();
        start.split("```").next().unwrap()
    };
    let list = crate::ServerList::parse(block("toml").as_bytes(), "toml").unwrap();
    let observed = crate::Observation::parse(block("json").as_bytes(), "json").unwrap();
    let names =
        |list: &crate::ServerList| list.servers.iter().map(|server| server.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&list), names(&observed.list));
    let report = observed.verify().unwrap();
    assert!(report.differences.is_empty(), "{:?}", report.differences);
}
