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

    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.0).into()
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
        let taken = events.take();
        assert_eq!(taken.len(), Events::KEPT);
        assert_eq!(taken.last().unwrap().at, Duration::from_secs(4999));
        assert!(events.take().is_empty());
    }
}
