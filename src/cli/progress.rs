//! Progress of long work, drawn on standard error if that is a terminal.

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// A bar that goes away when the work is done. Drawn nowhere unless standard error is a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of a file of this many bytes.
    pub fn of_bytes(size: u64) -> Self {
        Self::styled(ProgressBar::new(size), "{wide_bar} {bytes} of {total_bytes}, {eta} left")
    }

    /// Of this many keys.
    pub fn of_keys(count: u64) -> Self {
        Self::styled(ProgressBar::new(count), "{wide_bar} {human_pos} of {human_len} keys, {eta} left")
    }

    /// Of so many dialects and options to try.
    pub fn of_candidates(count: usize) -> Self {
        Self::styled(ProgressBar::new(count as u64), "{wide_bar} {human_pos} of {human_len} tried")
    }

    /// Of bytes without a known end.
    pub fn open() -> Self {
        Self::styled(ProgressBar::new_spinner(), "{spinner} {bytes} read, {bytes_per_sec}")
    }

    /// Drawn nowhere: the answers themselves show the progress.
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// So much more is done.
    pub fn advance(&self, amount: u64) {
        self.0.inc(amount);
    }

    fn styled(bar: ProgressBar, template: &str) -> Self {
        // A template that cannot be read leaves the default style.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_draw_target(indicatif::ProgressDrawTarget::stderr_with_hz(4));
        Self(bar.with_finish(ProgressFinish::AndClear))
    }
}
