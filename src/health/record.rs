//! What one server has been through: failures, successes and the passing of time, turned into a state. No clock, no lock.

use super::event::Change;
use super::settings::{After, Settings};
use std::time::Duration;

/// The state of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is used.
    Up,
    /// It failed, but is not ejected: its keys are refused for a while.
    Resting,
    /// It is ejected.
    Out,
    /// It is ejected or has failures on its account, and the next look-up that meets it gets it as a trial.
    Trial,
    /// Its time out is over, but every request is refused (libmemcached's "marked dead").
    Refused,
    /// It was taken out by hand.
    Down,
}

/// One server's record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    by_hand: bool,
    /// Ejected, and not back yet.
    ejected: bool,
    /// Failures since the last success that counts.
    failures: u32,
    /// Successes in a row while it is out.
    successes: u32,
    /// Whether a trial is under way.
    on_trial: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Up,
    /// Used, with failures that a trial after this time may forgive.
    Watched(Duration),
    Resting(Duration),
    /// None: not brought back by time.
    Out(Option<Duration>),
    Trial,
    Refused,
}

impl Record {
    /// A clean record.
    pub fn new(by_hand: bool) -> Self {
        Self { by_hand, ejected: false, failures: 0, successes: 0, on_trial: false, phase: Phase::Up }
    }

    /// The state as of the last call that told the time.
    pub fn state(&self) -> State {
        match self.phase {
            _ if self.by_hand => State::Down,
            Phase::Up | Phase::Watched(_) => State::Up,
            Phase::Resting(_) => State::Resting,
            Phase::Out(_) => State::Out,
            Phase::Trial => State::Trial,
            Phase::Refused => State::Refused,
        }
    }

    /// Neither ejected nor taken out by hand.
    pub fn is_alive(&self) -> bool {
        !self.by_hand && !self.ejected
    }

    /// Nothing to its discredit: a success changes nothing.
    pub fn is_clean(&self) -> bool {
        self.phase == Phase::Up && self.failures == 0
    }

    /// When time alone will change the state; None: never.
    pub fn due(&self) -> Option<Duration> {
        match self.phase {
            Phase::Watched(until) | Phase::Resting(until) | Phase::Out(Some(until)) => Some(until),
            Phase::Up | Phase::Out(None) | Phase::Trial | Phase::Refused => None,
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration, settings: &Settings) -> Option<Change> {
        if self.due().is_none_or(|due| now < due) {
            return None;
        }
        match (self.phase, settings.after) {
            (Phase::Out(_), After::Fresh) => self.back(0),
            (Phase::Out(_), After::Once) => self.back(settings.failures.saturating_sub(1)),
            (Phase::Out(_), After::Refused) => {
                self.phase = Phase::Refused;
                None
            }
            (Phase::Out(_), After::Trial) | (Phase::Watched(_), _) => {
                self.phase = Phase::Trial;
                None
            }
            _ => {
                self.phase = Phase::Up;
                None
            }
        }
    }

    /// A request or check failed. `spared`: this server must not be ejected.
    pub fn failed(&mut self, now: Duration, settings: &Settings, spared: bool) -> Option<Change> {
        if self.phase == Phase::Refused {
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        self.successes = 0;
        self.on_trial = false;
        let later = |wait: Duration| now.saturating_add(wait);
        if settings.failures > 0 && self.failures >= settings.failures && !spared {
            self.phase = Phase::Out(settings.retry.map(later));
            if settings.after == After::Fresh {
                self.failures = 0;
            }
            return (!std::mem::replace(&mut self.ejected, true)).then_some(Change::Ejected);
        }
        match self.phase {
            Phase::Out(_) => {}
            _ if !settings.rest.is_zero() => self.phase = Phase::Resting(later(settings.rest)),
            _ if settings.after == After::Trial && !spared => {
                self.phase = Phase::Watched(later(settings.retry.unwrap_or_default()));
            }
            _ => self.phase = Phase::Up,
        }
        None
    }

    /// A request or check succeeded.
    pub fn succeeded(&mut self, settings: &Settings) -> Option<Change> {
        match self.phase {
            Phase::Up | Phase::Resting(_) | Phase::Trial | Phase::Refused => self.back(0),
            Phase::Out(_) | Phase::Watched(_) if self.on_trial => self.back(0),
            Phase::Watched(_) => None,
            Phase::Out(_) => {
                if settings.after == After::Fresh {
                    self.failures = 0;
                }
                self.successes = self.successes.saturating_add(1);
                let enough = settings.successes > 0 && self.successes >= settings.successes;
                if enough { self.back(0) } else { None }
            }
        }
    }

    /// A look-up takes the trial; false if there is none to be taken.
    pub fn take_trial(&mut self, now: Duration, settings: &Settings) -> bool {
        if self.phase != Phase::Trial {
            return false;
        }
        let again = now.saturating_add(settings.retry.unwrap_or_default());
        self.phase = if self.ejected { Phase::Out(Some(again)) } else { Phase::Watched(again) };
        self.on_trial = true;
        true
    }

    fn back(&mut self, failures: u32) -> Option<Change> {
        let ejected = self.ejected;
        *self = Self { failures, ..Self::new(self.by_hand) };
        ejected.then_some(Change::Rediscovered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const TWICE: Settings = Settings { failures: 2, retry: Some(s(30)), ..Settings::NEVER };

    #[test]
    fn a_success_starts_the_count_anew() {
        let mut record = Record::new(false);
        for second in 0..10 {
            assert_eq!(record.failed(s(second), &TWICE, false), None);
            assert_eq!(record.succeeded(&TWICE), None);
        }
        assert_eq!(record.state(), State::Up);
    }

    #[test]
    fn a_failure_while_out_prolongs_the_time() {
        let once = Settings { failures: 1, after: After::Once, ..TWICE };
        let mut record = Record::new(false);
        assert_eq!(record.failed(s(0), &once, false), Some(Change::Ejected));
        assert_eq!(record.failed(s(20), &once, false), None);
        assert_eq!(record.tick(s(49), &once), None);
        assert_eq!(record.tick(s(50), &once), Some(Change::Rediscovered));
    }

    #[test]
    fn a_success_while_out_starts_the_count_anew_only_where_the_time_would_have() {
        for (after, until) in [(After::Fresh, s(30)), (After::Once, s(50))] {
            let settings = Settings { successes: 2, after, ..TWICE };
            let mut record = Record::new(false);
            record.failed(s(0), &settings, false);
            assert_eq!(record.failed(s(0), &settings, false), Some(Change::Ejected));
            // Two of them eject again, which prolongs the time, but for the success between them.
            record.failed(s(10), &settings, false);
            assert_eq!(record.succeeded(&settings), None);
            record.failed(s(20), &settings, false);
            assert_eq!((record.state(), record.due()), (State::Out, Some(until)), "{after:?}");
        }
    }

    #[test]
    fn a_record_is_clean_until_a_failure_and_after_a_success() {
        let mut record = Record::new(false);
        assert!(record.is_clean());
        record.failed(s(0), &TWICE, false);
        assert!(!record.is_clean());
        record.succeeded(&TWICE);
        assert!(record.is_clean());
    }

    #[test]
    fn a_refused_server_stays_so_until_it_succeeds() {
        let settings = Settings { failures: 1, after: After::Refused, ..TWICE };
        let mut record = Record::new(false);
        assert_eq!(record.failed(s(0), &settings, false), Some(Change::Ejected));
        record.tick(s(30), &settings);
        assert_eq!(record.state(), State::Refused);
        assert_eq!(record.failed(s(31), &settings, false), None);
        assert!(!record.take_trial(s(31), &settings));
        assert_eq!((record.state(), record.due()), (State::Refused, None));
        assert_eq!(record.succeeded(&settings), Some(Change::Rediscovered));
        assert_eq!(record.state(), State::Up);
    }

    #[test]
    fn times_at_the_end_of_the_range_do_not_overflow() {
        let mut record = Record::new(false);
        record.failed(Duration::MAX, &TWICE, false);
        assert_eq!(record.failed(Duration::MAX, &TWICE, false), Some(Change::Ejected));
        assert_eq!(record.due(), Some(Duration::MAX));
        assert_eq!(record.tick(Duration::MAX, &TWICE), Some(Change::Rediscovered));
    }

    #[test]
    fn what_was_taken_out_by_hand_stays_so_whatever_is_reported() {
        let mut record = Record::new(true);
        record.failed(s(0), &TWICE, false);
        record.failed(s(0), &TWICE, false);
        record.succeeded(&TWICE);
        record.tick(s(99), &TWICE);
        assert_eq!(record.state(), State::Down);
        assert!(!record.is_alive());
    }
}
