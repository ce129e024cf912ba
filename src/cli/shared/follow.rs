//! Waiting: until a list may have changed, until a command has ended, or until the end is asked for by a signal.

#[cfg(target_os = "linux")]
use crate::segment::Watch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a list is looked at in any case: file systems of other machines do not tell of changes.
const SELDOM: Duration = Duration::from_secs(30);

/// How often it is looked at where nothing tells of changes.
const OFTEN: Duration = Duration::from_secs(1);

/// A list is read when nothing has happened to it for so long: whoever copies over a file cuts it short first.
const QUIET: Duration = Duration::from_millis(100);

/// And after so long in any case.
const PATIENCE: Duration = Duration::from_secs(2);

/// What wakes a process that follows a list.
pub(super) struct Follow {
    /// None where files cannot be watched.
    #[cfg(target_os = "linux")]
    watch: Option<Watch>,
    interval: Duration,
    /// Readable after a signal.
    signals: UnixStream,
    stop: Arc<AtomicBool>,
}

impl Follow {
    /// Starts to follow. A list that cannot be watched is looked at each `interval`.
    ///
    /// # Errors
    /// If signals cannot be caught.
    pub fn new(path: &Path, interval: Option<Duration>) -> io::Result<Self> {
        let (signals, written) = UnixStream::pair()?;
        signals.set_nonblocking(true)?;
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            // The flag first: it is set when the pipe wakes.
            flag::register(signal, Arc::clone(&stop))?;
            pipe::register(signal, written.try_clone()?)?;
        }
        pipe::register(SIGCHLD, written)?;
        #[cfg(target_os = "linux")]
        let (watch, usual) = match Watch::new(path) {
            Ok(watch) => (Some(watch), SELDOM),
            Err(_) => (None, OFTEN),
        };
        #[cfg(not(target_os = "linux"))]
        let usual = OFTEN;
        let interval = interval.unwrap_or(usual);
        #[cfg(target_os = "linux")]
        return Ok(Self { watch, interval, signals, stop });
        #[cfg(not(target_os = "linux"))]
        Ok(Self { interval, signals, stop })
    }

    /// Waits until the list may have changed; false if the end was asked for. What happens to the list from then on is
    /// told by the next call.
    pub fn changed(&mut self) -> bool {
        let end = Instant::now() + self.interval;
        while !self.is_stopped() {
            let left = end.saturating_duration_since(Instant::now());
            if self.wait(left) || left.is_zero() {
                self.settle();
                return !self.is_stopped();
            }
        }
        false
    }

    /// Waits until a command has ended; passes the wish to end on to it.
    pub fn ended(&mut self, child: &mut Child) -> io::Result<ExitStatus> {
        let mut is_told = false;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if self.is_stopped() && !is_told {
                is_told = true;
                // It may have ended just now.
                let _ = Pid::from_raw(child.id().cast_signed()).map(|pid| kill_process(pid, Signal::TERM));
            }
            self.poll(None, OFTEN);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Waits until nothing more happens to the list.
    fn settle(&mut self) {
        let end = Instant::now() + PATIENCE;
        loop {
            #[cfg(target_os = "linux")]
            if let Some(watch) = &mut self.watch {
                watch.drain();
            }
            if !self.wait(QUIET) || Instant::now() > end || self.is_stopped() {
                return;
            }
        }
    }

    /// Waits until something happens to the list, a signal comes, or the time is over: true for the first.
    fn wait(&mut self, most: Duration) -> bool {
        #[cfg(target_os = "linux")]
        let watch = self.watch.as_ref().map(AsFd::as_fd);
        #[cfg(not(target_os = "linux"))]
        let watch = None;
        self.poll(watch, most)
    }

    /// The same for any descriptor.
    fn poll(&self, file: Option<BorrowedFd<'_>>, most: Duration) -> bool {
        let mut ready = vec![PollFd::new(&self.signals, PollFlags::IN)];
        ready.extend(file.map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN)));
        let most = Timespec { tv_sec: most.as_secs().cast_signed(), tv_nsec: most.subsec_nanos().into() };
        // An interrupted call is told apart from nothing by nobody: the caller looks at the flag.
        let woken = poll(&mut ready, Some(&most)).is_ok_and(|count| count > 0);
        let file = woken && ready.get(1).is_some_and(|file| !file.revents().is_empty());
        let mut signals = [0; 64];
        while (&self.signals).read(&mut signals).is_ok_and(|count| count > 0) {}
        file
    }
}
