//! The functions of `include/ketama.h`, called by two threads while the list changes. The input is what each thread
//! does.
//!
//! The model is the list's history: which texts it had, and when each was put in place. What a roll gives has to be the
//! ring of a text that was there at some moment of the call, by the naive reading and the naive ring.

#![expect(unsafe_code, reason = "calls through the C interface")]

use super::naive;
use arbitrary::{Arbitrary, Unstructured};
use ketama::capi::libketama::{
    continuum, ketama_error, ketama_get_server, ketama_hashi, ketama_roll, ketama_smoke, mcs,
};
use std::ffi::{CStr, CString};
use std::fs;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError, RwLock};

/// The longest address that a record can hold.
const LONGEST: usize = 23;

/// One call, or one change.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Step {
    Roll,
    Smoke(u8),
    Lookup(u8, u32),
    /// Another file takes the list's name.
    Replace(u8),
    /// The list is written over, while nobody rolls.
    Overwrite(u8),
    Remove,
}

/// The texts that a list can have: rings of one to three servers, and texts that are no list.
const TEXTS: [&[u8]; 8] = [
    b"10.0.0.1:11211 1\n",
    b"10.0.0.1:11211 1\n10.0.0.2:11211 2\n",
    b"10.0.0.2:11211 2\n10.0.0.1:11211 1\n",
    b"a 3\nb 3\na-address-of-23-bytes-ab 9\n",
    b"10.0.0.1:11211 1\n10.0.0.2:11211 3\n",
    b"",
    b"10.0.0.1:11211 0\n",
    b"# nothing\n",
];

/// Runs both threads' steps.
pub fn check(data: &[u8]) {
    let mut random = Unstructured::new(data);
    let Ok(first) = random.arbitrary::<u8>() else { return };
    let mut steps = [Vec::new(), Vec::new()];
    for at in 0..48 {
        match random.arbitrary() {
            Ok(step) if !random.is_empty() => steps[at % 2].push(step),
            _ => break,
        }
    }
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = lock(&ONE_AT_A_TIME);
    let list = List::new(text(first));
    std::thread::scope(|scope| {
        let threads = steps.each_ref().map(|steps| scope.spawn(|| run(&list, steps)));
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

fn text(number: u8) -> usize {
    usize::from(number) % TEXTS.len()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A list and what it was.
struct List {
    path: PathBuf,
    /// The texts in turn, None while there is no file. The last one may not be in place yet, or already.
    history: Mutex<Vec<Option<usize>>>,
    /// Held by those who roll, and alone by who overwrites.
    whole: RwLock<()>,
    /// Held by who changes the list.
    change: Mutex<()>,
}

impl List {
    fn new(first: usize) -> Self {
        let path = super::folder("capi").join("list");
        fs::write(&path, TEXTS[first]).expect("there is room");
        let history = Mutex::new(vec![Some(first)]);
        Self { path, history, whole: RwLock::new(()), change: Mutex::new(()) }
    }

    /// Changes the list. That it may have changed is told before it has; that others may not have it any more is known
    /// only to those who begin after it has.
    fn change(&self, text: Option<usize>, change: impl FnOnce()) {
        let _change = lock(&self.change);
        lock(&self.history).push(text);
        change();
        // Twice: whoever begins now cannot meet the one before.
        lock(&self.history).push(text);
    }
}

/// A continuum, and what it shows.
struct Rolled {
    pointer: *mut continuum,
    text: Option<usize>,
}

fn run(list: &List, steps: &[Step]) {
    let path = CString::new(list.path.to_str().expect("it is ASCII")).expect("it has no NUL");
    let mut rolled: Vec<Rolled> = Vec::new();
    for step in steps {
        match *step {
            Step::Roll => rolled.extend(roll(list, &path)),
            Step::Smoke(which) => {
                if !rolled.is_empty() {
                    let one = rolled.swap_remove(usize::from(which) % rolled.len());
                    // SAFETY: it is a continuum of a roll that nobody else has.
                    unsafe { ketama_smoke(one.pointer) };
                    // SAFETY: as before; smoking it again does no harm.
                    unsafe { ketama_smoke(one.pointer) };
                }
            }
            Step::Lookup(which, key) => {
                if !rolled.is_empty() {
                    look_up(&rolled[usize::from(which) % rolled.len()], key);
                }
            }
            Step::Replace(number) => list.change(Some(text(number)), || {
                let other = list.path.with_extension("new");
                fs::write(&other, TEXTS[text(number)]).expect("there is room");
                fs::rename(&other, &list.path).expect("the folder is ours");
            }),
            Step::Overwrite(number) => {
                let _whole = list.whole.write().unwrap_or_else(PoisonError::into_inner);
                list.change(Some(text(number)), || {
                    fs::write(&list.path, TEXTS[text(number)]).expect("there is room");
                });
            }
            Step::Remove => list.change(None, || drop(fs::remove_file(&list.path))),
        }
    }
    for one in &rolled {
        look_up(one, 7);
        // SAFETY: it is a continuum of a roll that nobody else has.
        unsafe { ketama_smoke(one.pointer) };
    }
}

/// Rolls the list and says what the continuum shows.
fn roll(list: &List, path: &CStr) -> Option<Rolled> {
    let _whole = list.whole.read().unwrap_or_else(PoisonError::into_inner);
    // Between the two entries of a change, the text before it may still be there.
    let begin = {
        let history = lock(&list.history);
        history.len() - 1 - usize::from(history.len().is_multiple_of(2))
    };
    let mut pointer: *mut continuum = std::ptr::null_mut();
    // SAFETY: both pointers are to live values of the right types.
    let code = unsafe { ketama_roll(&raw mut pointer, path.as_ptr().cast_mut()) };
    // SAFETY: it is never NULL, and this thread has made no call since.
    let error = unsafe { CStr::from_ptr(ketama_error()) };
    let met: Vec<Option<usize>> = {
        let history = lock(&list.history);
        history[begin..].to_vec()
    };
    let shown = (!pointer.is_null()).then(|| records(pointer));
    if code == 1 {
        assert_eq!(error, c"");
        let shown = shown.expect("a good roll gives a continuum");
        let text = met.iter().flatten().copied().find(|&text| ring(text).is_some_and(|ring| *ring == shown));
        assert!(text.is_some(), "{} records that are of no text of {met:?}", shown.len());
        return Some(Rolled { pointer, text });
    }
    assert_eq!(code, 0);
    assert_ne!(error, c"");
    let is_bad = |text: &Option<usize>| text.is_none_or(|text| ring(text).is_none());
    assert!(met.iter().any(is_bad), "{error:?}, but all of {met:?} are good");
    let shown = shown?;
    // The last good ring, or nothing.
    let text = (0..TEXTS.len()).find(|&text| ring(text).is_some_and(|ring| *ring == shown));
    assert!(text.is_some() || shown.is_empty());
    Some(Rolled { pointer, text })
}

fn records(pointer: *mut continuum) -> Records {
    // SAFETY: it is a continuum of a roll that was not smoked.
    let view = unsafe { &*pointer };
    let record = |index: usize| record(view.array.cast::<mcs>().wrapping_add(index));
    (0..view.numpoints as usize).map(record).collect()
}

fn record(record: *mut mcs) -> (u32, Vec<u8>) {
    // SAFETY: it lies in the array of a continuum that was not smoked.
    let point = unsafe { (*record).point };
    let ip = record.cast::<std::ffi::c_char>().wrapping_add(4);
    // SAFETY: addresses end with a NUL, in the padding behind `ip` if they are long.
    (point, unsafe { CStr::from_ptr(ip) }.to_bytes().to_vec())
}

/// Point and address of each record of a continuum.
type Records = Vec<(u32, Vec<u8>)>;

/// The naive ring of each text; None where it is no list.
static RINGS: LazyLock<Vec<Option<Records>>> = LazyLock::new(|| {
    let ring = |text: &&[u8]| {
        let servers = naive::list::read(text, LONGEST).ok()?;
        let points = naive::ketama::points(&servers)?;
        Some(points.iter().map(|&(place, server)| (place, servers[server as usize].0.clone())).collect())
    };
    TEXTS.iter().map(ring).collect()
});

fn ring(text: usize) -> Option<&'static Records> {
    RINGS[text].as_ref()
}

fn look_up(rolled: &Rolled, key: u32) {
    let key = CString::new(key.to_string()).expect("digits");
    // SAFETY: a C string, and a continuum that was not smoked.
    let found = unsafe { ketama_get_server(key.as_ptr().cast_mut(), rolled.pointer) };
    let Some(text) = rolled.text else { return assert!(found.is_null()) };
    let ring = ring(text).expect("it was found by its ring");
    let points: Vec<_> = ring.iter().map(|&(place, _)| (place, 0)).collect();
    let index = naive::ketama::lookup(&points, key.as_bytes()).expect("there are points");
    assert_eq!(record(found), ring[index]);
    // SAFETY: a C string.
    let hash = unsafe { ketama_hashi(key.as_ptr().cast_mut()) };
    assert_eq!(hash, naive::ketama::words(key.as_bytes())[0]);
}
