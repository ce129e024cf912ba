//! What the old functions share: the rings of the files rolled so far, and the continua that are alive.
//!
//! One lock guards it, held for a look-up in a table and never while a file is read. Each step under the lock leaves
//! the state whole, a panic included. It is held across `fork`, so that the child of a threaded parent finds it free.

use super::continuum::{Rolled, empty};
use super::libketama::continuum;
use crate::segment::source::{Identity, Source};
use std::cell::UnsafeCell;
use std::collections::{HashMap, VecDeque};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

/// How many rings without a living continuum are kept for the next roll of their file.
const IDLE: usize = 16;

/// How many smoked structs wait before their memory is used again: until then, smoking one twice finds nothing, and
/// looking a key up in one gives NULL. A power of two, for no better reason than that it is enough.
const SMOKED: usize = 1024;

#[derive(Default)]
pub(super) struct State {
    files: HashMap<Vec<u8>, Kept>,
    live: HashMap<usize, Handle>,
    smoked: VecDeque<Handle>,
    rolls: u64,
}

/// The ring of a file.
struct Kept {
    source: Source,
    rolled: Arc<Rolled>,
    /// When the file was last rolled, counted in rolls.
    last: u64,
}

/// A struct given to C, and the ring that it shows.
struct Handle {
    /// From a `Box`, and no `Box` any more: that would claim to be the only way to the struct each time it is moved.
    view: *mut continuum,
    rolled: Option<Arc<Rolled>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: made by `hand_out` and taken out of all tables, so that nothing is reached through it from here on.
        drop(unsafe { Box::from_raw(self.view) });
    }
}

// SAFETY: the struct is reached through the lock, and through the pointer that C has; what C may do with it from several
// threads is the caller's affair, as with every struct of the old library.
unsafe impl Send for Handle {}

impl State {
    /// The ring of the file at `path` if it is known to be in this state.
    pub fn current(&mut self, path: &[u8], identity: &Identity) -> Option<Arc<Rolled>> {
        self.rolls += 1;
        let rolls = self.rolls;
        let kept = self
            .files
            .get_mut(path)
            .filter(|kept| kept.source.identity == *identity && !kept.source.fresh)?;
        kept.last = rolls;
        Some(Arc::clone(&kept.rolled))
    }

    /// The ring of the file at `path` if its content and modification time are still the same, now known as `source`.
    pub fn confirmed(&mut self, path: &[u8], source: &Source) -> Option<Arc<Rolled>> {
        let modified = source.identity.modified_seconds();
        let same = |kept: &&mut Kept| {
            kept.source.serves(source) && kept.source.identity.modified_seconds() == modified
        };
        let kept = self.files.get_mut(path).filter(same)?;
        kept.source = *source;
        Some(Arc::clone(&kept.rolled))
    }

    /// Keeps the ring that was built for a file; of rings without a living continuum, the longest unused goes.
    pub fn keep(&mut self, path: &[u8], source: Source, rolled: Arc<Rolled>) {
        let last = self.rolls;
        self.files.insert(path.to_vec(), Kept { source, rolled, last });
        let idle = || self.files.iter().filter(|(other, kept)| *other != path && kept.is_idle());
        if idle().count() > IDLE
            && let Some(oldest) = idle().min_by_key(|(_, kept)| kept.last).map(|(path, _)| path.clone())
        {
            self.files.remove(&oldest);
        }
    }

    /// The last good ring of a file, if a continuum still shows it.
    pub fn last_good(&self, path: &[u8]) -> Option<Arc<Rolled>> {
        self.files.get(path).filter(|kept| !kept.is_idle()).map(|kept| Arc::clone(&kept.rolled))
    }

    /// A new struct for C that shows a ring, or nothing.
    pub fn hand_out(&mut self, rolled: Option<Arc<Rolled>>) -> *mut continuum {
        let view = rolled.as_ref().map_or_else(empty, |rolled| rolled.view());
        let view = Box::into_raw(Box::new(view));
        self.live.insert(view as usize, Handle { view, rolled });
        view
    }

    /// Takes a struct back; what is not alive is left alone.
    pub fn take_back(&mut self, pointer: *mut continuum) {
        let Some(mut handle) = self.live.remove(&(pointer as usize)) else { return };
        // SAFETY: it is alive, as the table says, and what C does with it at the same time is the caller's affair.
        unsafe { handle.view.write(empty()) };
        handle.rolled = None;
        self.smoked.push_back(handle);
        if self.smoked.len() > SMOKED {
            self.smoked.pop_front();
        }
    }
}

impl Kept {
    /// No continuum shows the ring.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.rolled) == 1
    }
}

/// The state behind a mutex of C's: one that can be taken before `fork` and given back after it, and one that tools
/// which watch a caller's threads (valgrind's helgrind) know.
struct Shared {
    mutex: UnsafeCell<libc::pthread_mutex_t>,
    state: LazyLock<UnsafeCell<State>>,
}

// SAFETY: `state` is reached only through a `Locked`, of which there is one at a time.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared {
    mutex: UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER),
    state: LazyLock::new(UnsafeCell::default),
};

/// The right to use the state; gives the mutex back when dropped.
pub(super) struct Locked(());

impl Deref for Locked {
    type Target = State;

    fn deref(&self) -> &State {
        // SAFETY: this thread has the mutex, and the borrow ends before `self` gives it back.
        unsafe { &*SHARED.state.get() }
    }
}

impl DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut State {
        // SAFETY: as above, and `self` is borrowed alone.
        unsafe { &mut *SHARED.state.get() }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        give_back();
    }
}

/// The state, locked.
pub(super) fn lock() -> Locked {
    take();
    Locked(())
}

/// Takes the mutex, for a `Locked` or before `fork`.
extern "C" fn take() {
    // SAFETY: the mutex is initialised and never destroyed; no function of this module that holds it calls another one.
    unsafe { libc::pthread_mutex_lock(SHARED.mutex.get()) };
}

/// Gives the mutex back, after `fork` in the parent and in the child, which is the thread that took it.
extern "C" fn give_back() {
    // SAFETY: this thread has the mutex.
    unsafe { libc::pthread_mutex_unlock(SHARED.mutex.get()) };
}

/// Runs when the library is loaded, before any thread of the caller can be inside it.
extern "C" fn load() {
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    if !REGISTERED.swap(true, Ordering::Relaxed) {
        LazyLock::force(&SHARED.state);
        // SAFETY: the three functions stay loaded, or the C library forgets them with the object that they are in.
        unsafe { libc::pthread_atfork(Some(take), Some(give_back), Some(give_back)) };
    }
}

/// Runs when the process ends, or what the static library is linked into is unloaded: gives back what no continuum needs.
/// Continua that the caller has not smoked stay whole, for a thread may still use them.
extern "C" fn unload() {
    let mut state = lock();
    state.files = HashMap::new();
    state.smoked = VecDeque::new();
    if state.live.is_empty() {
        state.live = HashMap::new();
    }
}

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static LOAD: extern "C" fn() = load;

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".fini_array"))]
static UNLOAD: extern "C" fn() = unload;
