//! Events: which server was ejected or rediscovered, and when. Kept until the caller takes them.

use std::collections::VecDeque;
use std::time::Duration;

/// What happened to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It gets no more keys, or its keys are refused.
    Ejected,
    /// It is back.
    Rediscovered,
}

/// Something that happened to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its index in the server list.
    pub server: u32,
    /// What happened.
    pub change: Change,
    /// When it was noticed: the time that was passed to the call that brought it about.
    pub at: Duration,
}

/// The events that nobody has taken yet.
#[derive(Debug, Default)]
pub(super) struct Events(VecDeque<Event>);

impl Events {
    /// How many are kept: a caller that takes none must not exhaust memory.
    const KEPT: usize = 4096;

    pub fn push(&mut self, event: Event) {
        if self.0.len() >= Self::KEPT {
            self.0.pop_front();
        }
        self.0.push_back(event);
    }

    /// The oldest events, at most `most` of them.
    pub fn take(&mut self, most: usize) -> Vec<Event> {
        self.0.drain(..most.min(self.0.len())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_events_are_kept() {
        let mut events = Events::default();
        for second in 0..5000 {
            events.push(Event { server: 0, change: Change::Ejected, at: Duration::from_secs(second) });
        }
        assert_eq!(events.take(1)[0].at, Duration::from_secs(5000 - Events::KEPT as u64));
        events.push(Event { server: 1, change: Change::Rediscovered, at: Duration::from_secs(5000) });
        let taken = events.take(usize::MAX);
        assert_eq!(taken.len(), Events::KEPT);
        assert_eq!(taken.last().unwrap().at, Duration::from_secs(5000));
        assert!(events.take(1).is_empty());
    }
}
