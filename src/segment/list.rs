//! A server list as bytes and back: the sections `list`, `index` and `servers` of a segment.

use super::layout::refused;
use crate::dialect::Dialect;
use crate::dialect::option::Value;
use crate::error::{Error, ErrorKind};
use crate::memory;
use crate::server::{OptionalFields, Server, Weight};
use crate::server_list::ServerList;

/// The three sections.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub list: Vec<u8>,
    pub index: Vec<u8>,
    pub servers: Vec<u8>,
}

/// Flags of a server.
const DOWN: u8 = 1;
const BACKUP: u8 = 2;
const FRACTION: u8 = 4;

/// Which optional fields follow, in this order.
const LABEL: u8 = 1;
const ID: u8 = 2;
const GUID: u8 = 4;
const HOST: u8 = 8;
const PORT: u8 = 16;
const VNODES: u8 = 32;
const TOKENS: u8 = 64;
const ZONE: u8 = 128;

/// Writes a list.
pub(super) fn encode(list: &ServerList) -> Result<Sections, Error> {
    let mut sections = Sections::default();
    let out = &mut sections.list;
    put_bytes(out, list.dialect.name.as_bytes())?;
    put_u32(out, list.replicas.unwrap_or(0));
    put_u32(out, list.options.set_values().count() as u32);
    for (name, value) in list.options.set_values() {
        put_bytes(out, name.as_bytes())?;
        match value {
            Value::Bool(value) => out.extend([0, u8::from(*value)]),
            Value::Int(value) => {
                out.push(1);
                out.extend(value.to_ne_bytes());
            }
            Value::Text(value) => {
                out.push(2);
                put_bytes(out, value.as_bytes())?;
            }
        }
    }
    memory::reserve(&mut sections.index, 4 * list.servers.len(), "the server list")?;
    for server in &list.servers {
        let offset = u32::try_from(sections.servers.len()).map_err(|_| too_large())?;
        put_u32(&mut sections.index, offset);
        put_server(&mut sections.servers, server)?;
    }
    Ok(sections)
}

fn too_large() -> Error {
    Error::new(ErrorKind::Limit, "the server list is too large for a segment")
}

fn put_u32(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_ne_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    put_u32(out, u32::try_from(bytes.len()).map_err(|_| too_large())?);
    out.extend(bytes);
    Ok(())
}

fn put_server(out: &mut Vec<u8>, server: &Server) -> Result<(), Error> {
    let fields: &OptionalFields = &server.fields;
    let texts = [&fields.label, &fields.guid, &fields.host, &fields.zone];
    let texts: usize = texts.into_iter().flatten().map(Vec::len).sum();
    let tokens = fields.tokens.as_ref().map_or(0, |tokens| size_of_val(&tokens[..]));
    // What has the same size in all servers is not more.
    memory::reserve(out, 64 + server.name.len() + texts + tokens, "the server list")?;
    put_bytes(out, &server.name)?;
    out.push(0);
    let (fraction, weight) = match server.weight {
        Weight::Integer(weight) => (0, weight.to_ne_bytes()),
        Weight::Fraction(weight) => (FRACTION, weight.to_ne_bytes()),
    };
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    out.push(flag(server.down, DOWN) | flag(server.backup, BACKUP) | fraction);
    out.push(
        flag(fields.label.is_some(), LABEL)
            | flag(fields.id.is_some(), ID)
            | flag(fields.guid.is_some(), GUID)
            | flag(fields.host.is_some(), HOST)
            | flag(fields.port.is_some(), PORT)
            | flag(fields.vnodes.is_some(), VNODES)
            | flag(fields.tokens.is_some(), TOKENS)
            | flag(fields.zone.is_some(), ZONE),
    );
    out.extend(weight);
    put_u32(out, server.line);
    let text =
        |out: &mut Vec<u8>, text: &Option<Vec<u8>>| text.as_ref().map_or(Ok(()), |text| put_bytes(out, text));
    let number = |out: &mut Vec<u8>, number: Option<u32>| number.into_iter().for_each(|n| put_u32(out, n));
    text(out, &fields.label)?;
    number(out, fields.id);
    text(out, &fields.guid)?;
    text(out, &fields.host)?;
    number(out, fields.port.map(u32::from));
    number(out, fields.vnodes);
    if let Some(tokens) = &fields.tokens {
        put_u32(out, u32::try_from(tokens.len()).map_err(|_| too_large())?);
        tokens.iter().for_each(|token| out.extend(token.to_ne_bytes()));
    }
    text(out, &fields.zone)
}

/// Reads a list. Nothing is taken for granted of the bytes.
pub(super) fn decode(list: &[u8], index: &[u8], servers: &[u8]) -> Result<ServerList, Error> {
    let damaged = || refused("the server list is damaged");
    let mut list = header(list)?.ok_or_else(damaged)?;
    let count = index.len() / size_of::<u32>();
    // Each may have all fields; what is written in them is not longer than its entry.
    let most = 2 * (size_of::<Server>() + size_of::<OptionalFields>());
    let bytes = count.saturating_mul(most).saturating_add(servers.len());
    memory::room(bytes, format_args!("{count} servers"))?;
    memory::reserve(&mut list.servers, count, format_args!("{count} servers"))?;
    for number in 0..count {
        let bytes = entry(index, servers, number).ok_or_else(damaged)?;
        list.servers.push(Server::default());
        let server = list.servers.last_mut();
        server.and_then(|server| read_server(server, &mut Reader(bytes))).ok_or_else(damaged)?;
    }
    Ok(list)
}

/// The bytes from a server's entry on.
fn entry<'a>(index: &[u8], servers: &'a [u8], number: usize) -> Option<&'a [u8]> {
    let offset = Reader(index.get(number.checked_mul(4)?..)?).u32()?;
    servers.get(offset as usize..)
}

/// The name of a server and the NUL behind it.
pub(super) fn name<'a>(index: &[u8], servers: &'a [u8], number: usize) -> Option<&'a [u8]> {
    let bytes = entry(index, servers, number)?;
    let length = Reader(bytes).u32()? as usize;
    bytes.get(4..length.checked_add(5)?).filter(|name| name.last() == Some(&0))
}

/// The dialect and the options.
fn header(bytes: &[u8]) -> Result<Option<ServerList>, Error> {
    let mut reader = Reader(bytes);
    let Some(name) = reader.text() else { return Ok(None) };
    let mut list = ServerList::new(Dialect::named(name)?, Vec::new());
    let (Some(replicas), Some(count)) = (reader.u32(), reader.u32()) else { return Ok(None) };
    list.replicas = Some(replicas).filter(|&replicas| replicas > 0);
    for _ in 0..count {
        let Some((name, value)) = option(&mut reader) else { return Ok(None) };
        list.options.set(name, value)?;
    }
    Ok(Some(list))
}

fn option<'a>(reader: &mut Reader<'a>) -> Option<(&'a str, Value)> {
    let name = reader.text()?;
    let value = match reader.byte()? {
        0 => Value::Bool(reader.byte()? != 0),
        1 => Value::Int(i64::from_ne_bytes(reader.array()?)),
        2 => Value::Text(reader.text()?.to_owned()),
        _ => return None,
    };
    Some((name, value))
}

/// Reads a server where it stands in the list, which saves a copy.
#[inline]
fn read_server(server: &mut Server, reader: &mut Reader) -> Option<()> {
    let length = reader.u32()? as usize;
    server.name.set(reader.0, length)?;
    reader.take(length)?;
    let [0, flags, set] = reader.array()? else { return None };
    let weight = reader.array()?;
    server.weight = if flags & FRACTION == 0 {
        Weight::Integer(i64::from_ne_bytes(weight))
    } else {
        Weight::Fraction(f64::from_ne_bytes(weight))
    };
    (server.down, server.backup) = (flags & DOWN != 0, flags & BACKUP != 0);
    server.line = reader.u32()?;
    // Most servers have nothing else.
    if set != 0 {
        server.fields = optional_fields(set, reader)?.into();
    }
    Some(())
}

/// The fields of a server that not all have.
fn optional_fields(set: u8, reader: &mut Reader) -> Option<OptionalFields> {
    let mut fields = OptionalFields::default();
    let has = |field| set & field != 0;
    let text = |reader: &mut Reader| Some(reader.bytes()?.to_vec());
    fields.label = reader.optional(has(LABEL), text)?;
    fields.id = reader.optional(has(ID), Reader::u32)?;
    fields.guid = reader.optional(has(GUID), text)?;
    fields.host = reader.optional(has(HOST), text)?;
    fields.port = reader.optional(has(PORT), |reader| u16::try_from(reader.u32()?).ok())?;
    fields.vnodes = reader.optional(has(VNODES), Reader::u32)?;
    fields.tokens = reader.optional(has(TOKENS), |reader| {
        let count = reader.u32()?;
        let bytes = reader.take((count as usize).checked_mul(8)?)?;
        Some(bytes.as_chunks().0.iter().map(|token| i64::from_ne_bytes(*token)).collect())
    })?;
    fields.zone = reader.optional(has(ZONE), text)?;
    Some(fields)
}

/// Bytes yet to be read; every read beyond them gives None.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_ne_bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// The outer None: the bytes end too soon.
    fn optional<T>(&mut self, wanted: bool, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if wanted { read(self).map(Some) } else { Some(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_list_comes_back() {
        let mut list = ServerList::new(Dialect::named("haproxy").unwrap(), Vec::new());
        list.options.set_text("hash-type", "consistent").unwrap();
        list.options.set_text("max-points", "77").unwrap();
        list.replicas = Some(3);
        list.servers.push(Server::new("plain:1", i64::MIN));
        let fields = OptionalFields {
            label: Some(b"label".to_vec()),
            id: Some(u32::MAX),
            guid: Some(b"".to_vec()),
            host: Some(b"10.0.0.1".to_vec()),
            port: Some(u16::MAX),
            vnodes: Some(1),
            tokens: Some(vec![i64::MIN, -1, 0, i64::MAX]),
            zone: Some(b"z\0\xff".to_vec()),
        };
        list.servers.push(Server {
            down: true,
            backup: true,
            line: 9,
            fields: fields.into(),
            ..Server::new("full", 0.25)
        });
        // Names at and beyond the size up to which they stand in the server itself, and none.
        list.servers.extend([24, 25, 300, 0].map(|length| Server::new("n".repeat(length), 1)));
        let Sections { list: head, index, servers } = encode(&list).unwrap();
        let read = decode(&head, &index, &servers).unwrap();
        assert_eq!(read.servers, list.servers);
        assert_eq!((read.dialect.name, read.replicas), ("haproxy", Some(3)));
        let set = |list: &ServerList| format!("{:?}", list.options.set_values().collect::<Vec<_>>());
        assert_eq!(set(&read), set(&list));
        assert_eq!(name(&index, &servers, 0), Some(&b"plain:1\0"[..]));
        assert_eq!(name(&index, &servers, 1), Some(&b"full\0"[..]));
        assert_eq!(name(&index, &servers, 6), None);
    }

    #[test]
    fn options_that_are_true_or_false_come_back_and_replicas_that_were_not_set_do_not() {
        for value in [false, true] {
            let mut list = ServerList::new(Dialect::named("goketama").unwrap(), Vec::new());
            list.options.set("weighted", Value::Bool(value)).unwrap();
            let Sections { list: head, index, servers } = encode(&list).unwrap();
            let read = decode(&head, &index, &servers).unwrap();
            assert_eq!(read.options.set_values().collect::<Vec<_>>(), [("weighted", &Value::Bool(value))]);
            assert_eq!(read.replicas, None);
        }
    }

    #[test]
    fn a_list_that_ends_too_soon_is_refused() {
        let mut zoned = Server::new("b", 2);
        zoned.fields.zone = Some(b"z".to_vec());
        let servers = vec![Server::new("a:1", 1), zoned];
        let list = ServerList::new(Dialect::named("nginx").unwrap(), servers);
        let Sections { list: head, index, servers } = encode(&list).unwrap();
        for end in 0..head.len() {
            assert!(decode(&head[..end], &index, &servers).is_err(), "{end}");
        }
        for end in 0..servers.len() {
            assert!(decode(&head, &index, &servers[..end]).is_err(), "{end}");
        }
    }
}
