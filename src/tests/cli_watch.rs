//! `ketama watch` and `ketama publish`: what they put in place, what they tell, and what they never do.

use super::cli::{Folder, LIST, ketama};
use super::process::this_program_with;
use crate::cli::{Streams, run};
use crate::segment;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The arguments of a process of its own, one a line.
const ARGUMENTS: &str = "KETAMA_TEST_ARGUMENTS";

const NINTH: &str = "10.0.1.9:11211\t500\n";

/// The first server of the ring that is published, and how many there are.
fn published(path: &str) -> usize {
    segment::attach(Path::new(path)).unwrap().ring().server_count()
}

/// The command as a process of its own, which can be sent signals.
struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut child = this_program_with("tests::cli_watch::as_a_process")
            .env(ARGUMENTS, arguments.join("\n"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    // Nobody wants to know it any more when the test is over.
                    let _ = sender.send(line);
                }
            });
        }
        Self { child, lines }
    }

    /// Waits for a line that holds a text, and gives it. What the test harness prints stands between.
    fn line(&self, text: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("no `{text}`: {error}; {seen:#?}"),
            }
        }
    }

    /// Sends a signal and gives the exit code.
    fn end(mut self, signal: i32) -> Option<i32> {
        let id = self.child.id().cast_signed();
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(id).unwrap(),
            rustix::process::Signal::from_named_raw(signal).unwrap(),
        )
        .unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "a process of its own, which other tests start"]
fn as_a_process() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let arguments = std::iter::once("ketama").chain(arguments.lines()).map(Into::into);
    let (mut stdin, mut stdout, mut stderr) = (std::io::empty(), std::io::stdout(), std::io::stderr());
    let mut streams = Streams { stdin: &mut stdin, stdout: &mut stdout, stderr: &mut stderr };
    std::process::exit(run(arguments, &mut streams).into());
}

/// A folder with a list in it: the folder, the list, and where its ring is to be published.
fn listed(name: &str) -> (Folder, String, String) {
    let folder = Folder::new(name);
    let (list, segment) = (folder.file("list", LIST), format!("{}/fleet", folder.path()));
    (folder, list, segment)
}

#[test]
fn publish_puts_a_ring_in_place_that_every_command_reads() {
    let folder = Folder::new("publish");
    let list = folder.file("eight.servers", LIST);
    let segment = format!("{}/fleet", folder.path());
    let said = |generation: u32| {
        let ring = "libketama, 8 servers, 1264 points, fingerprint 826cf4dce5510ea4";
        (0, format!("{segment}: {ring}, generation {generation}\n"), String::new())
    };
    assert_eq!(ketama(&["publish", &list, &segment], b""), said(1));
    assert_eq!(ketama(&["publish", "-", &segment], LIST.as_bytes()), said(2));
    let (_, ours, _) = ketama(&["points", &list], b"");
    assert_eq!(ketama(&["points", &segment], b""), (0, ours, String::new()));
    assert_eq!(ketama(&["lookup", &segment, "41"], b"").1, "41\t10.0.1.3:11211\n");
    let (code, report, _) = ketama(&["check", &segment, "--strict"], b"");
    assert_eq!(code, 0, "{report}");

    let empty = folder.file("empty", "dialect = 'jump'\nservers = []\n");
    let broken = folder.file("broken", "a\n");
    for (list, message) in [(&empty, "a list without a server is not published"), (&broken, "Unable to find")]
    {
        let (code, _, error) = ketama(&["publish", list, &segment], b"");
        assert!(code == 2 && error.contains(message), "{error}");
        assert_eq!(published(&segment), 8);
    }
    let nowhere = format!("{}/none/fleet", folder.path());
    let (code, _, error) = ketama(&["publish", &list, &nowhere], b"");
    let folder_of_it = format!("{}/none", folder.path());
    let message = format!("ketama: there is no such directory to publish in (in {folder_of_it})\n");
    assert_eq!((code, error), (2, message));
    fs::write(&segment, b"KETAMSEG and no more").unwrap();
    let (code, _, error) = ketama(&["lookup", &segment, "41"], b"");
    let reason = format!("ketama: it is shorter than a header (in {segment})\n");
    assert_eq!((code, error), (2, reason));
}

#[test]
fn a_segment_serves_the_list_from_which_it_was_published_and_no_other_reading_of_it() {
    let folder = Folder::new("state");
    let list = folder.file(
        "a.toml",
        "dialect = 'twemproxy'\nsegment = 'fleet'\nservers = [{name = 'a:1'}, {name = 'b:1'}]",
    );
    let segment = format!("{}/fleet", folder.path());
    let opened =
        || segment::open(Path::new(&list), &segment::Policy::default()).unwrap().ring().dialect().name;
    assert_eq!(ketama(&["publish", &list, &segment, "--dialect", "jump"], b"").0, 0);
    assert_eq!(opened(), "twemproxy", "a ring under another dialect is not taken for that of the list");
    fs::remove_file(&segment).unwrap();
    assert_eq!(ketama(&["publish", &list, &segment], b"").0, 0);
    let before = fs::metadata(&segment).unwrap().modified().unwrap();
    assert_eq!(opened(), "twemproxy");
    assert_eq!(
        fs::metadata(&segment).unwrap().modified().unwrap(),
        before,
        "it was attached, not made again"
    );
}

#[test]
fn watch_once_publishes_and_gives_a_command_all_facts() {
    let (folder, list, segment) = listed("once");
    let out = format!("{}/out", folder.path());
    let command = format!("env | grep ^KETAMA_ | grep -v -e TEST -e COMPILER | sort > {out}; cat >> {out}");
    let watch = || ketama(&["watch", &list, "--once", "--publish", &segment, "--exec", &command], b"");
    let ring = "libketama, 8 servers, 1264 points, fingerprint 826cf4dce5510ea4";
    assert_eq!(watch(), (0, format!("{list}: {ring}; {segment}, generation 1\n"), String::new()));
    let told = fs::read_to_string(&out).unwrap();
    let (environment, object) = told.split_once('{').unwrap();
    assert_eq!(
        environment,
        format!(
            "KETAMA_DIALECT=libketama\nKETAMA_FINGERPRINT=826cf4dce5510ea4\nKETAMA_GENERATION=1\n\
             KETAMA_LIST={list}\nKETAMA_SEGMENT={segment}\nKETAMA_SERVERS=8\n"
        )
    );
    assert!(object.contains("\"points\":1264") && object.contains("\"change\":null"), "{object}");

    folder.file(
        "list",
        &format!("{}{NINTH}", LIST.replace("\t300\n", "\t301\n").replacen("10.0.1.1:11211\t600\n", "", 1)),
    );
    let (code, line, _) = watch();
    assert_eq!(code, 0);
    assert!(
        line.contains("; added 10.0.1.9:11211; removed 10.0.1.1:11211; changed 10.0.1.2:11211"),
        "{line}"
    );
    let told = fs::read_to_string(&out).unwrap();
    for fact in [
        "KETAMA_ADDED=10.0.1.9:11211\n",
        "KETAMA_REMOVED=10.0.1.1:11211\n",
        "KETAMA_CHANGED=10.0.1.2:11211\n",
        "KETAMA_OLD_FINGERPRINT=826cf4dce5510ea4\n",
        "KETAMA_GENERATION=2\n",
        "KETAMA_MOVED=0.",
        "\"between_unchanged\":",
    ] {
        assert!(told.contains(fact), "{fact} {told}");
    }
}

#[test]
fn watch_once_fails_as_it_says() {
    let (folder, list, segment) = listed("once-fails");
    let watch = |more: &[&str]| {
        let (code, _, error) =
            ketama(&[&["watch", &list, "--once", "--publish", &segment], more].concat(), b"");
        (code, error)
    };
    assert_eq!(watch(&[]), (0, String::new()));
    assert_eq!(watch(&["--exec", "exit 3"]), (1, "ketama: `exit 3` failed: exit status: 3\n".into()));
    folder.file("list", &format!("{LIST}{NINTH}"));
    let much = format!("ketama: 10.61% would move, more than the 10.00% of --max-moved (in {list})\n");
    assert_eq!(watch(&["--max-moved", "10%"]), (1, much));
    assert_eq!(published(&segment), 8);
    folder.file("list", "dialect = 'libketama'\nservers = []\n");
    assert_eq!(watch(&[]), (2, format!("ketama: the list has no server (in {list})\n")));
    folder.file("list", "a\n");
    let (code, error) = watch(&[]);
    assert!(code == 2 && error.contains("line 1") && error.contains("    1 | a\n"), "{error}");
    fs::remove_file(&list).unwrap();
    let (code, error) = watch(&[]);
    assert!(code == 2 && error.contains("No such file"), "{error}");
    assert_eq!(published(&segment), 8);
    let refused: [(&[&str], &str); 3] = [
        (&["watch", "-"], "standard input cannot be followed"),
        (&["watch", &list, "--keys", "-"], "cannot come from standard input"),
        (&["watch", &list, "--interval", "0"], "seconds are wanted"),
    ];
    for (arguments, message) in refused {
        let (code, _, error) = ketama(arguments, b"");
        assert!(code == 2 && error.contains(message), "{error}");
    }
}

#[test]
fn watch_follows_a_list_through_everything_that_happens_to_it() {
    let (folder, list, segment) = listed("follow");
    let told = format!("{}/told", folder.path());
    let process = Process::start(&[
        "watch",
        &list,
        "--publish",
        &segment,
        "--exec",
        &format!("echo $KETAMA_SERVERS >> {told}; echo told $KETAMA_SERVERS"),
    ]);
    process.line("told 8");
    assert_eq!(published(&segment), 8);
    // Written in place, and replaced.
    folder.file("list", &format!("{LIST}{NINTH}"));
    process.line("told 9");
    assert_eq!(published(&segment), 9);
    let next = folder.file("next", "a\t1\nb\t1\n");
    fs::rename(&next, &list).unwrap();
    process.line("told 2");
    // Broken, cut short, gone: said, and nothing is replaced.
    folder.file("list", "a\n");
    process.line("Unable to find delimiter (line 1");
    folder.file("list", "");
    process.line("No valid server definitions");
    folder.file("list", "dialect = 'libketama'\nservers = []\n");
    process.line("the list has no server");
    fs::remove_file(&list).unwrap();
    process.line("No such file");
    assert_eq!(published(&segment), 2);
    folder.file("list", "a\t1\nb\t1\n");
    process.line("good again, and as it was");
    // A volume whose link is swapped.
    for (name, text) in [("one", "c\t1\n"), ("two", "c\t1\nd\t1\ne\t1\n")] {
        folder.file(&format!("{name}/list"), text);
    }
    let link = |name: &str| {
        let (new, link) = (format!("{}/new", folder.path()), format!("{}/link", folder.path()));
        symlink(name, &new).unwrap();
        fs::rename(&new, &link).unwrap();
    };
    link("one");
    let (new, inside) = (format!("{}/new", folder.path()), "link/list");
    symlink(inside, &new).unwrap();
    fs::rename(&new, &list).unwrap();
    process.line("told 1");
    link("two");
    process.line("told 3");
    assert_eq!(published(&segment), 3);
    assert_eq!(fs::read_to_string(&told).unwrap(), "8\n9\n2\n1\n3\n", "once for each change");
    assert_eq!(process.end(signal_hook::consts::SIGTERM), Some(0));
}

#[test]
fn watch_waits_for_a_list_and_ends_on_any_of_its_signals() {
    let folder = Folder::new("signals");
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGHUP] {
        let list = format!("{}/{signal}/list", folder.path());
        let process = Process::start(&["watch", &list]);
        process.line("No such file");
        folder.file(&format!("{signal}/list"), LIST);
        process.line("8 servers");
        assert_eq!(process.end(signal), Some(0));
    }
}

#[test]
fn watch_passes_the_wish_to_end_on_to_its_command() {
    let folder = Folder::new("pass-on");
    let list = folder.file("list", LIST);
    let command = "trap 'echo asked to end; exit 5' TERM; echo at work; while :; do sleep 0.01; done";
    let process = Process::start(&["watch", &list, "--exec", command]);
    process.line("at work");
    assert_eq!(process.end(signal_hook::consts::SIGTERM), Some(0));
}
