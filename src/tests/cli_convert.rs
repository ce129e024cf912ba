//! `ketama convert` and `ketama compare`, and the real programs asked whether they take what was written.

use super::cli::{Folder, LIST, ketama};
use std::process::Command;

const FLEET: &str = "dialect = 'twemproxy'\noptions = {hash = 'md5'}\n[[servers]]\nname = '10.0.0.1:11211'\n\
    [[servers]]\nname = '10.0.0.2:11211'\nweight = 2\n[[servers]]\nname = '10.0.0.3:11212'\n";

#[test]
fn a_list_keeps_its_answers_where_the_other_software_has_options_for_them() {
    let folder = Folder::new("convert-same");
    let list = folder.file("fleet.toml", FLEET);
    let keys = ["1", "2", "3", "user:688742:profile", "x"];
    let (_, expected, _) = ketama(&[&["lookup", &list][..], &keys].concat(), b"");
    for format in ["twemproxy", "libmemcached", "toml"] {
        let (code, text, error) = ketama(&["convert", &list, "--to", format], b"");
        assert_eq!((code, error.as_str()), (0, ""), "{format}: {text}");
        let other = folder.file("other", &text);
        let (_, answers, error) = ketama(&[&["lookup", &other][..], &keys].concat(), b"");
        assert_eq!(answers, expected, "{format}: {error}\n{text}");
    }
}

#[test]
fn a_list_whose_answers_change_is_written_and_gives_1() {
    let (code, text, error) = ketama(&["convert", "-", "--to", "nginx"], LIST.as_bytes());
    assert_eq!(code, 1);
    assert!(text.starts_with("upstream fleet {"), "{text}");
    assert!(
        error.contains("% of the keys have another server in the written list than under libketama"),
        "{error}"
    );
    let (code, text, error) = ketama(&["convert", "-", "--to", "haproxy"], LIST.as_bytes());
    assert_eq!((code, text.as_str()), (2, ""));
    assert!(error.contains("haproxy takes integers from 0 to 256"), "{error}");
    let (code, _, error) = ketama(&["convert", "-", "--to", "yaml"], LIST.as_bytes());
    assert_eq!(code, 2);
    assert!(
        error.contains("[possible values: toml, classic, twemproxy, nginx, haproxy, libmemcached]"),
        "{error}"
    );
}

#[test]
fn the_classic_list_comes_back_as_it_was() {
    let (code, text, error) = ketama(&["convert", "-", "--to", "classic"], LIST.as_bytes());
    assert_eq!((code, text.as_str(), error.as_str()), (0, LIST, ""));
}

/// Whether a program accepts a file; None, said aloud, where it is not installed.
fn accepts(program: &str, arguments: &[&str]) -> Option<bool> {
    match Command::new(program).args(arguments).output() {
        // An emulator does not tell its guest why a program could not be started: its child ends with this number.
        Ok(output) if output.status.code() == Some(127) => {
            super::skipped(program, "it cannot be started");
            None
        }
        // 2 is what HAProxy gives for a good file without a listener.
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            Some(output.status.success() || text.contains("Configuration file has no error"))
        }
        Err(error) => {
            super::skipped(program, error);
            None
        }
    }
}

#[test]
fn the_real_programs_accept_what_is_written() {
    let folder = Folder::new("convert-real");
    let list = folder.file("fleet.toml", FLEET);
    let convert = |arguments: &[&str]| {
        let (code, text, error) = ketama(&[&["convert", &list][..], arguments].concat(), b"");
        assert!(code < 2, "{error}");
        text
    };
    let pool = folder.file("pool.yml", &convert(&["--to", "twemproxy"]));
    assert_ne!(accepts("nutcracker", &["-t", "-c", &pool]), Some(false));
    let upstream = convert(&["--to", "nginx", "--dialect", "nginx"]);
    let pid = format!("{}/pid", folder.path());
    let nginx = folder.file(
        "nginx.conf",
        &format!("pid {pid}; error_log stderr; events {{}}\nhttp {{ access_log off;\n{upstream}}}\n"),
    );
    assert_ne!(accepts("nginx", &["-t", "-q", "-c", &nginx]), Some(false));
    let backend = convert(&["--to", "haproxy", "--dialect", "haproxy"]);
    let haproxy = folder.file(
        "haproxy.cfg",
        &format!(
            "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n{backend}"
        ),
    );
    assert_ne!(accepts("haproxy", &["-c", "-f", &haproxy]), Some(false));
}

#[test]
fn compare_is_exact_where_both_hash_keys_alike() {
    let folder = Folder::new("compare");
    let list = folder.file("fleet.toml", FLEET);
    let same = "libmemcached:distribution=ketama,weighted=true,hash=md5";
    let arguments =
        ["compare", &list, "--dialect", "spymemcached:format=libmemcached,weighted=true", "--dialect", same];
    let (code, output, error) = ketama(&arguments, b"");
    assert_eq!((code, error.as_str()), (0, ""), "{output}");
    assert!(
        output.contains("Of the key space, exactly:") && output.ends_with("No key of 100000 differs.\n"),
        "{output}"
    );
    let (code, output, _) =
        ketama(&["compare", &list, "--dialect", "nginx", "--sample", "1000", "--show", "2"], b"");
    assert_eq!(code, 1);
    assert!(
        output.contains("Of 1000 keys, counted") && output.contains("The first keys that differ:\n"),
        "{output}"
    );
    let (code, output, _) = ketama(&["compare", &list, "--dialect", "jump", "--json", "--show", "1"], b"");
    let report: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!((code, report["keys"].as_array().unwrap().len()), (1, 1));
    assert_eq!(report["comparison"]["new"]["dialect"], "jump");
}

#[test]
fn compare_refuses_what_no_dialect_knows() {
    let folder = Folder::new("compare-bad");
    let list = folder.file("fleet.toml", FLEET);
    for (arguments, message) in [
        (&["--dialect", "x"][..], "unknown dialect `x`"),
        (&["--dialect", "nginx", "--option", "a=1"], "neither twemproxy nor nginx has the option `a`"),
        (&["--dialect", "nginx:consistent"], "an option is written NAME=VALUE, not `consistent`"),
        (&["--dialect", "nginx:consistent=5"], "option `consistent` takes true or false, not `5`"),
        (&["--dialect", "a", "--dialect", "b", "--dialect", "c"], "two dialects are compared, not 3"),
        (&[], "--dialect"),
    ] {
        let (code, output, error) = ketama(&[&["compare", &list][..], arguments].concat(), b"");
        assert_eq!((code, output.as_str()), (2, ""), "{error}");
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn servers_known_by_names_of_their_own_are_compared_by_their_addresses() {
    let text =
        "backend b\n balance uri\n hash-type consistent\n server s1 10.0.0.1:80\n server s2 10.0.0.2:80\n";
    let (code, output, error) = ketama(&["compare", "-", "--dialect", "nginx", "--json"], text.as_bytes());
    assert_eq!((code, error.as_str()), (1, ""));
    let report: serde_json::Value = serde_json::from_str(&output).unwrap();
    let servers = report["comparison"]["counted"]["servers"].as_array().unwrap();
    assert_eq!((servers.len(), &servers[0]["server"]), (2, &"10.0.0.1:80".into()));
}
