//! Publishers, readers and handles as models, of which every order of steps is tried that threads can come to (loom).
//!
//! The code of the control page and of a refresh is that of `control.rs` and `handle.rs`. Models stand in for the rest: one
//! number for what a segment's name leads to, which a rename sets and an open reads; one for the ring in use. Not modelled:
//! the files, and how arc-swap keeps a ring for those who still look keys up in it, which is that crate's own affair.

use crate::segment::control::{Generation, Seen, begin, end};
use crate::segment::handle::renew;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::sync::{Arc, Mutex};
use loom::thread;

/// A control page, and what the segment's name leads to.
struct Page {
    generation: AtomicU64,
    name: AtomicU64,
}

impl Generation for Page {
    // As in `impl Generation for AtomicU64`.
    fn load(&self) -> u64 {
        let number = self.generation.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        number
    }

    fn store(&self, number: u64) {
        self.generation.store(number, Ordering::Release);
    }
}

impl Page {
    fn new() -> Self {
        Self { generation: AtomicU64::new(0), name: AtomicU64::new(0) }
    }

    fn name(&self) -> u64 {
        self.name.load(Ordering::Acquire)
    }

    /// Puts another segment in place; may die before it is confirmed.
    fn publish(&self, segment: u64, dies: bool) {
        let announced = begin(self);
        self.name.store(segment, Ordering::Release);
        if !dies {
            end(self, announced);
        }
    }
}

/// Two publications, or one whose publisher dies before it confirms, and a reader.
#[test]
fn no_order_of_steps_lets_a_reader_miss_a_change() {
    for dies in [false, true] {
        loom::model(move || {
            let page = Arc::new(Page::new());
            let publisher = {
                let page = Arc::clone(&page);
                thread::spawn(move || {
                    page.publish(1, dies);
                    if !dies {
                        page.publish(2, false);
                    }
                })
            };
            let look = || (Seen::now(&*page), page.name());
            let (mut seen, mut found) = look();
            if !seen.is_current(&*page) {
                (seen, found) = look();
            }
            publisher.join().unwrap();
            // Now nothing moves: if the reader thinks itself up to date, it has to be.
            let newest = page.name();
            assert!(found == newest || !seen.is_current(&*page), "{found} taken for {newest}");
        });
    }
}

/// A handle that follows the page.
struct Handle {
    page: Arc<Page>,
    /// The ring in use: the segment in which it lies.
    current: AtomicU64,
    seen: AtomicU64,
    /// The segment that was found last.
    last: Mutex<u64>,
}

impl Handle {
    fn new(page: &Arc<Page>) -> Self {
        let (current, seen) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { page: Arc::clone(page), current, seen, last: Mutex::new(0) }
    }

    /// As `Handle::is_stale`.
    fn is_stale(&self) -> bool {
        !Seen::from(self.seen.load(Ordering::Acquire)).is_current(&*self.page)
    }

    /// As `Handle::refresh`; what is opened may be younger than what was seen of the name before.
    fn refresh(&self) -> bool {
        let mut last = self.last.lock().unwrap();
        let look = || {
            let changed = self.page.name() != *last;
            *last = if changed { self.page.name() } else { *last };
            Ok(changed.then_some(*last))
        };
        let take = |segment| self.current.store(segment, Ordering::Release);
        let remember = |seen| self.seen.store(seen, Ordering::Release);
        renew(|| Seen::now(&*self.page).number(), look, take, remember).unwrap()
    }

    fn ring(&self) -> u64 {
        self.current.load(Ordering::Acquire)
    }
}

/// What was published before is found by every thread that is not told to refresh, though another one is at it.
#[test]
fn who_is_not_stale_has_the_ring_that_was_published_before() {
    loom::model(|| {
        let page = Arc::new(Page::new());
        let handle = Arc::new(Handle::new(&page));
        page.publish(1, false);
        let other = {
            let handle = Arc::clone(&handle);
            thread::spawn(move || handle.refresh())
        };
        if !handle.is_stale() {
            assert_eq!(handle.ring(), 1, "not stale");
        }
        let mine = handle.refresh();
        assert_eq!(handle.ring(), 1, "refreshed");
        // One of the two took the ring, and the other one learnt that there was nothing left to do.
        assert!(mine != other.join().unwrap());
    });
}

/// Two threads refresh while a publisher works, or dies at it.
#[test]
fn no_order_of_steps_takes_a_handle_back_or_leaves_it_behind() {
    for dies in [false, true] {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(move || {
            let page = Arc::new(Page::new());
            let handle = Arc::new(Handle::new(&page));
            let publisher = {
                let page = Arc::clone(&page);
                thread::spawn(move || {
                    page.publish(1, false);
                    page.publish(2, dies);
                })
            };
            let other = {
                let handle = Arc::clone(&handle);
                thread::spawn(move || handle.refresh())
            };
            let before = handle.ring();
            handle.refresh();
            let after = handle.ring();
            assert!(before <= after, "{before}, then {after}");
            publisher.join().unwrap();
            other.join().unwrap();
            let ring = handle.ring();
            assert!(after <= ring, "{after}, then {ring}");
            assert!(ring == 2 || handle.is_stale(), "{ring} taken for 2");
            handle.refresh();
            assert_eq!((handle.ring(), handle.is_stale()), (2, dies));
        });
    }
}
