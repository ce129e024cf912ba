//! Threads that share the building of a large ring. They have ended when the ring is there.
//!
//! The caller may be a C program that counts on having one thread: no signal is delivered to these.

use crate::memory;
#[cfg(unix)]
use nix::sys::signal::{SigSet, SigmaskHow};
use std::num::NonZero;
use std::sync::{LazyLock, Mutex};
use std::thread;

/// Fewer points than this are placed and sorted sooner than a thread is started for them.
pub(super) const SHARED_FROM: usize = 1 << 17;

/// Threads that work on one ring at the most.
const MOST_WORKERS: usize = 8;

/// Processors that this process may use, when that was first asked: each answer takes several system calls.
static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get));

/// Address space that a thread takes: its stack, and what the C library sets aside for its allocations.
const THREAD: usize = (2 + 2 * 64) << 20;

/// Bytes that the work on a point takes for a while: a copy to sort, and its entry in the index.
const POINT: usize = 32;

/// How many threads share the work on so many points, the caller's included. One where address space is so short that
/// threads would take what the points need.
pub(crate) fn workers(points: usize) -> usize {
    if points < SHARED_FROM {
        return 1;
    }
    let workers = (*PROCESSORS).min(MOST_WORKERS);
    let room = points.saturating_mul(POINT).saturating_add(workers * THREAD);
    if memory::room(room, "threads").is_ok() { workers } else { 1 }
}

/// Does all jobs, each when the one before it has been begun, with so many threads, the caller's included. Where a thread
/// cannot be had, the others do its work.
pub(crate) fn together<J: Send>(workers: usize, jobs: Vec<J>, work: impl Fn(J) + Sync) {
    let others = workers.min(jobs.len()).saturating_sub(1);
    if others == 0 {
        return jobs.into_iter().for_each(work);
    }
    let queue = Mutex::new(jobs.into_iter());
    let next = || queue.lock().ok()?.next();
    let run = || {
        while let Some(job) = next() {
            work(job);
        }
    };
    thread::scope(|scope| {
        without_signals(|| {
            for _ in 0..others {
                if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                    break;
                }
            }
        });
        run();
    });
}

/// Starts threads while this one has all signals blocked, for a thread begins with those blocked that its maker has blocked.
fn without_signals(start: impl FnOnce()) {
    #[cfg(unix)]
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK);
    start();
    #[cfg(unix)]
    if let Ok(before) = before {
        // Fails for no mask that the system has given.
        let _ = before.thread_set_mask();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_job_is_done_once() {
        for count in [0, 1, 2, 9, 100] {
            let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            together(count / 2, done.iter().collect(), |job: &AtomicUsize| {
                _ = job.fetch_add(1, Ordering::Relaxed)
            });
            assert!(done.iter().all(|job| job.load(Ordering::Relaxed) == 1), "{count}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_caller_is_delivered_signals() {
        use nix::sys::signal::{SigSet, Signal};
        let caller = thread::current().id();
        let before = SigSet::thread_get_mask().unwrap();
        let begun = std::sync::Barrier::new(3);
        together(3, vec![(); 3], |()| {
            // All three threads have a job before one takes another.
            begun.wait();
            let blocked = SigSet::thread_get_mask().unwrap().contains(Signal::SIGTERM);
            assert_eq!(blocked, thread::current().id() != caller);
        });
        assert_eq!(SigSet::thread_get_mask().unwrap(), before);
    }
}
