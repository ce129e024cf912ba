//! When a server counts as dead and when it is tried again: one rule with numbers that differ from software to software.

use crate::error::{Error, ErrorKind};
use std::time::Duration;

/// When a server counts as dead and when it is tried again.
///
/// [`Dialect::health`](crate::Dialect::health) has those of a dialect's own software; change single fields where its
/// users can: `Settings { failures: 5, ..ring.dialect().health }`. A time that has begun ends when it is over to the
/// nanosecond: a server that is out for 30 s from second 10 on is back at second 40.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// A server is ejected when this many requests in a row have failed; 0: never.
    pub failures: u32,
    /// An ejected server is back when this many requests or checks in a row have succeeded; 0: successes do not bring
    /// it back.
    pub successes: u32,
    /// How long an ejected server stays out; None: until `successes` bring it back.
    pub retry: Option<Duration>,
    /// What happens when that time is over.
    pub after: After,
    /// How long the keys of a server are refused after a failure that does not eject it.
    pub rest: Duration,
    /// While some server is out: the probability, 0 to 1, with which a look-up ignores that and answers from the ring of
    /// all servers, so that a dead one is discovered when it lives again.
    pub explore: f64,
    /// Where the sequence of random numbers for `explore` starts.
    pub seed: u64,
    /// Whether a list's only server is never ejected.
    pub spares_single: bool,
    /// Whether the ring stays as it was when the last server is ejected; its keys are then refused.
    pub keeps_last_ring: bool,
}

/// What happens to an ejected server when its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It is back, and its failures are counted from 0.
    Fresh,
    /// It is back, and the next failure ejects it again.
    Once,
    /// One look-up gets it, as a trial. If that request succeeds it is back; until then it stays out for another such
    /// time, after which there is another trial. A server with fewer failures than would eject it also has them forgiven
    /// only by a request that was made a full such time after the last failure.
    Trial,
    /// It has its keys again, but every request is refused.
    Refused,
}

impl Settings {
    /// No server is ever ejected but by hand.
    pub const NEVER: Self = Self {
        failures: 0,
        successes: 0,
        retry: None,
        after: After::Fresh,
        rest: Duration::ZERO,
        explore: 0.0,
        seed: 0,
        spares_single: false,
        keeps_last_ring: false,
    };

    /// Out after 3 failures in a row, for 30 s; back before that when a request succeeds; then one failure is enough.
    /// These numbers are this library's.
    pub const GENERAL: Self = Self {
        failures: 3,
        successes: 1,
        retry: Some(Duration::from_secs(30)),
        after: After::Once,
        ..Self::NEVER
    };

    /// Whether a failure changes anything.
    pub(super) fn counts_failures(&self) -> bool {
        self.failures > 0 || !self.rest.is_zero()
    }

    /// Checks that the numbers go together.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] if `explore` is not in 0 to 1, if an ejected server could never come back (no `retry`, no
    /// `successes`), or if `after` is [`After::Trial`] and `retry` is not above 0.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Option, message));
        if !(0.0..=1.0).contains(&self.explore) {
            return refuse(format!("`explore` is a probability from 0 to 1, not {}", self.explore));
        }
        if self.failures > 0 && self.retry.is_none() && self.successes == 0 {
            return refuse("without `retry` and `successes` no ejected server would come back".to_owned());
        }
        if self.failures > 0 && self.after == After::Trial && self.retry.unwrap_or_default().is_zero() {
            return refuse("trials need a `retry` above 0".to_owned());
        }
        Ok(())
    }
}

impl Default for Settings {
    /// [`Settings::GENERAL`].
    fn default() -> Self {
        Self::GENERAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let usable = Settings::default();
        assert!(usable.check().is_ok());
        assert!(Settings::NEVER.check().is_ok());
        for explore in [-0.01, 1.01, f64::NAN, f64::INFINITY] {
            assert!(Settings { explore, ..usable }.check().is_err(), "{explore}");
        }
        assert!(Settings { retry: None, successes: 0, ..usable }.check().is_err());
        assert!(Settings { retry: None, successes: 1, ..usable }.check().is_ok());
        assert!(Settings { after: After::Trial, retry: None, ..usable }.check().is_err());
        assert!(Settings { after: After::Trial, retry: Some(Duration::ZERO), ..usable }.check().is_err());
        assert!(Settings { failures: 0, after: After::Trial, retry: None, ..usable }.check().is_ok());
    }
}
