//! `ketama plot`: what must be in a picture, and only once; how it looks is for eyes.

use super::cli::{Folder, LIST, ketama};
use crate::{Ring, ServerList};

#[test]
fn a_picture_of_one_list_has_a_bar_and_a_mark_for_each_server() {
    let (code, picture, error) = ketama(&["plot", "-", "-o", "-"], LIST.as_bytes());
    assert_eq!((code, error.as_str()), (0, ""));
    let ring = Ring::build(ServerList::parse(LIST.as_bytes(), "").unwrap()).unwrap();
    for (server, share) in ring.servers().iter().zip(ring.shares()) {
        let title = format!("{}: {:.2}% of the keys", server.name_lossy(), share * 100.0);
        assert!(picture.contains(&title), "{title}");
    }
    assert_eq!(picture.matches("stroke-dasharray").count(), 8);
    assert!(picture.starts_with("<svg ") && !picture.contains("<script"), "{picture}");
}

#[test]
fn a_picture_of_two_lists_has_one_path_for_each_server_and_direction() {
    let folder = Folder::new("plot-two");
    let old = folder.file("old.servers", LIST);
    let new = folder.file("new.servers", &format!("{LIST}10.0.1.9:11211\t500\n"));
    let (code, picture, error) = ketama(&["plot", &old, &new, "-o", "-"], b"");
    assert_eq!((code, error.as_str()), (0, ""));
    for number in 1..=9 {
        let gives = format!("{number}: 10.0.1.{number}:11211 gives ");
        let gets = format!("{number}: 10.0.1.{number}:11211 gets ");
        let expected = usize::from(number < 9);
        let picture = picture.replace("<title>\n", "<title>");
        let count = |title: &str| picture.matches(&format!("<title>{title}")).count();
        assert_eq!(count(&gives), expected, "{gives}");
        assert!(count(&gets) <= 1, "{gets}");
    }
    assert!(picture.contains("of the key space, exactly"));
}

#[test]
fn a_page_is_html_with_the_same_picture_and_names_are_escaped() {
    let folder = Folder::new("plot-html");
    let list =
        folder.file("a&b.toml", "dialect = 'jump'\nservers = [{name = '<x>&\"y'}, {name = \"b\\u0007\"}]");
    let page = format!("{}/page.html", folder.path());
    assert_eq!(ketama(&["plot", &list, "-o", &page], b""), (0, String::new(), String::new()));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("</svg>"), "{page}");
    assert!(page.contains("&lt;x&gt;&amp;") && !page.contains("<x>") && !page.contains('\u{7}'), "{page}");
    assert!(!page.contains("http") || page.matches("http").count() == 1, "the name space alone");
}

#[test]
fn a_bad_name_a_bad_folder_and_two_streams_are_refused() {
    let folder = Folder::new("plot-bad");
    let list = folder.file("a.servers", LIST);
    let nowhere = format!("{}/no/where.svg", folder.path());
    for (arguments, message) in [
        (
            &[&list[..], "-o", "x.png"][..],
            "the name of the picture has to end in .svg, .html or .htm (in x.png)",
        ),
        (&[&list, "-o", &nowhere], "cannot write: No such file or directory"),
        (&["-", "-", "-o", "-"], "only one of the lists and the keys can come from standard input"),
        (
            &[&list, "--keys", "-", "-", "-o", "-"],
            "only one of the lists and the keys can come from standard input",
        ),
    ] {
        let (code, output, error) = ketama(&[&["plot"], arguments].concat(), b"");
        assert_eq!((code, output.as_str()), (2, ""), "{error}");
        assert!(error.contains(message), "{error}");
    }
}
