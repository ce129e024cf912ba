//! What the old functions share: the rings of the files rolled so far, and the continua that are alive.
//!
//! One lock guards it, held for a look-up in a table and never while a file is read. Each step under the lock leaves
//! the state whole, so a poisoned lock is taken all the same. It is held across `fork`, so that the child of a threaded
//! parent finds it free.

use super::continuum::{Rolled, empty};
use super::libketama::continuum;
use crate::segment::source::{Identity, Source};
use std::cell::UnsafeCell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

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
    view: Box<UnsafeCell<continuum>>,
    rolled: Option<Arc<Rolled>>,
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
        let view = Box::new(UnsafeCell::new(view));
        let pointer = view.get();
        self.live.insert(pointer as usize, Handle { view, rolled });
        pointer
    }

    /// Takes a struct back; what is not alive is left alone.
    pub fn take_back(&mut self, pointer: *mut continuum) {
        let Some(mut handle) = self.live.remove(&(pointer as usize)) else { return };
        *handle.view.get_mut() = empty();
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

static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);

/// The state, locked.
pub(super) fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The guard of the thread that forks, from `prepare` to `release`; touched only with the lock held.
struct Held(UnsafeCell<Option<MutexGuard<'static, State>>>);
// SAFETY: only the thread that holds the lock reads or writes the cell.
unsafe impl Sync for Held {}
static HELD: Held = Held(UnsafeCell::new(None));

extern "C" fn prepare() {
    let guard = lock();
    // SAFETY: this thread holds the lock.
    unsafe { *HELD.0.get() = Some(guard) };
}

extern "C" fn release() {
    // SAFETY: this thread took the lock in `prepare`; in the child it is the copy of that thread.
    drop(unsafe { (*HELD.0.get()).take() });
}

/// Runs when the library is loaded, before any thread of the caller can be inside it.
extern "C" fn load() {
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    if !REGISTERED.swap(true, Ordering::Relaxed) {
        LazyLock::force(&STATE);
        // SAFETY: the three functions stay loaded: the C library forgets them when this one is unloaded.
        unsafe { libc::pthread_atfork(Some(prepare), Some(release), Some(release)) };
    }
}

/// Runs when the library is unloaded or the process ends: gives back what no continuum needs. Continua that the caller
/// has not smoked stay whole, for a thread may still use them.
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
