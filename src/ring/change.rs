//! Rings that differ from another one in a server: built anew, or sharing what is the same in both.

use super::{Ring, refused};
use crate::error::{Error, ErrorKind};
use crate::server::{Server, Weight};

impl Ring {
    /// The ring of the same list with other servers down, one flag for each server in list order.
    ///
    /// # Errors
    /// [`ErrorKind::Server`] if the number of flags is not that of the servers; else as [`Ring::build`].
    pub fn with_down(&self, down: &[bool]) -> Result<Self, Error> {
        let mut list = self.list().copy()?;
        if down.len() != list.servers.len() {
            let message = format!("{} flags for {} servers", down.len(), list.servers.len());
            return Err(Error::new(ErrorKind::Server, message));
        }
        for (server, &down) in list.servers.iter_mut().zip(down) {
            server.down = down;
        }
        if self.rule.rebuilds() {
            return Self::build(list);
        }
        let rule = self.rule.clone();
        Ok(Self::of(list, rule))
    }

    /// Builds the ring of a changed list: the same dialect and options, the servers as `edit` leaves them.
    ///
    /// # Errors
    /// As [`Ring::build`].
    pub fn changed(&self, edit: impl FnOnce(&mut Vec<Server>)) -> Result<Self, Error> {
        let mut list = self.list().copy()?;
        edit(&mut list.servers);
        Self::build(list)
    }

    /// The ring of the list with one server more, at its end.
    ///
    /// # Errors
    /// As [`Ring::build`].
    pub fn with_server(&self, server: Server) -> Result<Self, Error> {
        self.changed(|servers| servers.push(server))
    }

    /// The ring of the list without a server; of several with this name, the first. Later indices fall by one.
    ///
    /// # Errors
    /// [`ErrorKind::Server`] if there is no such server; else as [`Ring::build`].
    pub fn without(&self, name: &[u8]) -> Result<Self, Error> {
        self.edited(name, |servers, index| drop(servers.remove(index)))
    }

    /// The ring of the list with another weight for one server.
    ///
    /// # Errors
    /// As [`Ring::without`].
    pub fn reweighted(&self, name: &[u8], weight: impl Into<Weight>) -> Result<Self, Error> {
        self.edited(name, |servers, index| servers[index].weight = weight.into())
    }

    /// The ring of the list with another name for one server. The name is what most dialects hash: keys move as if the
    /// server had been replaced, unless it has a label.
    ///
    /// # Errors
    /// As [`Ring::without`].
    pub fn renamed(&self, name: &[u8], new: &[u8]) -> Result<Self, Error> {
        self.edited(name, |servers, index| servers[index].name = new.into())
    }

    /// The ring of the list with one server down, or up again.
    ///
    /// # Errors
    /// As [`Ring::without`].
    pub fn marked(&self, name: &[u8], down: bool) -> Result<Self, Error> {
        self.edited(name, |servers, index| servers[index].down = down)
    }

    /// The ring of the list in which `edit` has changed the server called `name`.
    fn edited(&self, name: &[u8], edit: impl FnOnce(&mut Vec<Server>, usize)) -> Result<Self, Error> {
        match self.index_of(name) {
            Some(index) => self.changed(|servers| edit(servers, index as usize)),
            None => Err(refused(&Server::new(name, 1), "no such server in the list")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::ring;
    use super::*;

    #[test]
    fn a_changed_ring_is_the_ring_of_the_changed_list() {
        let old = ring(&[("a:1", 3), ("b:1", 2)]);
        let new = old.reweighted(b"b:1", 9).unwrap();
        let built = ring(&[("a:1", 3), ("b:1", 9)]);
        for number in 0..500 {
            let key = format!("key-{number}");
            assert_eq!(new.lookup(key.as_bytes()), built.lookup(key.as_bytes()));
        }
        assert!(old.without(b"x").is_err());
        assert_eq!(old.without(b"a:1").unwrap().lookup(b"key"), Some(0));
        let (renamed, more) =
            (old.renamed(b"a:1", b"c").unwrap(), old.with_server(Server::new("c", 3)).unwrap());
        assert_eq!((renamed.index_of(b"c"), more.index_of(b"c")), (Some(0), Some(2)));
        assert!(old.marked(b"b:1", true).unwrap().servers()[1].down);
    }
}
