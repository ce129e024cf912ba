//! The examples of the command's README: each command line is run, and its output and exit code are compared. A line
//! `...` in the README stands for one line, whatever it says.

use super::cli::{Folder, ketama};
use std::path::Path;

/// A command line and what is printed below it.
struct Example {
    line: usize,
    command: String,
    output: String,
}

/// The examples of all fenced blocks whose first line starts with `$ `.
fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let (mut inside, mut running) = (false, false);
    for (content, line) in text.lines().zip(1..) {
        if content.starts_with("```") {
            (inside, running) = (!inside, false);
        } else if let (true, Some(command)) = (inside, content.strip_prefix("$ ")) {
            examples.push(Example { line, command: command.to_owned(), output: String::new() });
            running = true;
        } else if let (true, Some(example)) = (running, examples.last_mut()) {
            example.output.push_str(content);
            example.output.push('\n');
        }
    }
    examples
}

/// The words of a command line and what it reads: `< FILE` gives standard input, quotes hold words together.
fn words(command: &str) -> (Vec<String>, Vec<u8>) {
    let (command, input) = match command.split_once(" < ") {
        Some((command, file)) => {
            (command, std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}")))
        }
        None => (command, Vec::new()),
    };
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in command.chars() {
        match (c, words.last_mut()) {
            ('\'', _) => quoted = !quoted,
            (' ', Some(word)) if !quoted => {
                if !word.is_empty() {
                    words.push(String::new());
                }
            }
            (c, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    (words, input)
}

/// Whether the lines are those that the README shows.
fn is_shown(printed: &str, shown: &str) -> bool {
    let same = |(printed, shown): (&str, &str)| shown == "..." || printed == shown;
    printed.lines().count() == shown.lines().count() && printed.lines().zip(shown.lines()).all(same)
}

/// The directory in the examples that stands for one of the test's own.
const SHARED: &str = "/run/ketama";

/// What is the same in every run: of what a segment's file is and who uses it, only the name.
fn steady(output: &str) -> String {
    let differs = ["  source ", "  file ", "  published ", "  mapped by "];
    let line = |line: &str| match differs.iter().find(|start| line.starts_with(**start)) {
        Some(start) => format!("{start}\n"),
        None => format!("{line}\n"),
    };
    output.lines().map(line).collect()
}

#[test]
fn the_examples_of_the_readme_print_what_it_says() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let examples = examples(&text);
    assert!(examples.len() >= 10, "{} examples", examples.len());
    // With what a publisher left that died before it was done.
    let shared = Folder::new("examples");
    shared.file("old.lock", "");
    shared.file("old.4711-0.tmp", "");
    let mut code = 0;
    let mut failures = String::new();
    for Example { line, command, output } in examples {
        let (words, input) = words(&command);
        let printed = match &words[..] {
            [echo, status] if echo == "echo" && status == "$?" => format!("{code}\n"),
            [ketama_word, arguments @ ..] if ketama_word == "ketama" => {
                let arguments: Vec<String> =
                    arguments.iter().map(|word| word.replace(SHARED, shared.path())).collect();
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let (exit, out, error) = ketama(&arguments, &input);
                code = exit;
                (out + &error).replace(shared.path(), SHARED)
            }
            _ => panic!("line {line}: only `ketama` and `echo $?` can be run, not `{command}`"),
        };
        if !is_shown(&steady(&printed), &steady(&output)) {
            failures.push_str(&format!("line {line}: $ {command}\n{printed}"));
        }
    }
    assert!(failures.is_empty(), "these commands print something else:\n{failures}");
}

#[test]
fn every_command_has_a_section() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let (_, help, _) = ketama(&["--help"], b"");
    let commands = help.split_once("Commands:\n").unwrap().1.split("\n\n").next().unwrap();
    for command in commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()) {
        if !command.is_empty() && command != "help" {
            assert!(text.contains(&format!("\n## {command}\n")), "`{command}` has no section");
            assert!(text.contains(&format!("\n$ ketama {command} ")), "`{command}` has no example");
        }
    }
}
