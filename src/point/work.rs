//! Threads that share the building of a large ring. They have ended when the ring is there.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

/// Fewer points than this are placed and sorted sooner than a thread is started for them.
pub(super) const SHARED_FROM: usize = 1 << 17;

/// Threads that work on one ring at the most.
const MOST_WORKERS: usize = 8;

/// How many threads share the work on so many points, the caller's included.
pub(super) fn workers(points: usize) -> usize {
    if points < SHARED_FROM {
        return 1;
    }
    thread::available_parallelism().map_or(1, NonZero::get).min(MOST_WORKERS)
}

/// Does all jobs, with a thread for each. Where a thread cannot be had, the others do its work; one job needs none.
pub(super) fn together<J: Send>(jobs: Vec<J>, work: impl Fn(J) + Sync) {
    let others = jobs.len().saturating_sub(1);
    let queue = Mutex::new(jobs.into_iter());
    let next = || queue.lock().ok()?.next();
    let run = || {
        while let Some(job) = next() {
            work(job);
        }
    };
    thread::scope(|scope| {
        for _ in 0..others {
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        run();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_job_is_done_once() {
        for count in [0, 1, 2, 9, 100] {
            let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            together(done.iter().collect(), |job: &AtomicUsize| _ = job.fetch_add(1, Ordering::Relaxed));
            assert!(done.iter().all(|job| job.load(Ordering::Relaxed) == 1), "{count}");
        }
    }
}
