//! What the 2007 library left in the kernel: System V shared memory, looked at before anything is said about it, and the
//! removal of such objects.

use std::io;

/// Bytes of every shared memory object of the 2007 library.
pub(crate) const SIZE: usize = 524_288;

/// The project number `R` with which the 2007 library called `ftok`: the highest byte of its keys.
pub(crate) const PROJECT: u8 = b'R';

/// Where the points begin, and how long each is.
const POINTS: usize = 36;
const POINT: usize = 28;

/// A copy of a shared memory object's first [`SIZE`] bytes; the caller knows that it has as many.
///
/// # Errors
/// As `shmat`: no such object any more, or no right to read it.
pub(crate) fn read(id: i32) -> io::Result<Vec<u8>> {
    // SAFETY: the kernel chooses where it is mapped, for reading only.
    let start = unsafe { libc::shmat(id, std::ptr::null(), libc::SHM_RDONLY) };
    if start.addr() == usize::MAX {
        return Err(io::Error::last_os_error());
    }
    let mut bytes = vec![0; SIZE];
    // SAFETY: SIZE bytes are mapped there, as the caller knows, and as many are in `bytes`. Another process may be writing
    // them: any bytes will do.
    unsafe { std::ptr::copy_nonoverlapping(start.cast::<u8>(), bytes.as_mut_ptr(), SIZE) };
    // SAFETY: it was mapped above, and nothing refers to it any more.
    unsafe { libc::shmdt(start) };
    Ok(bytes)
}

/// Whether the bytes are a ring as the 2007 library keeps it: a number of points that fit, ascending, each with an address
/// that ends.
pub(crate) fn is_ring(bytes: &[u8]) -> bool {
    let Some((number, rest)) = bytes.split_first_chunk::<4>() else { return false };
    let number = i32::from_ne_bytes(*number);
    let Some(points) = rest.get(POINTS - number.to_ne_bytes().len()..) else { return false };
    let (points, _) = points.as_chunks::<POINT>();
    let Some(points) =
        usize::try_from(number).ok().filter(|&number| number > 0).and_then(|n| points.get(..n))
    else {
        return false;
    };
    let place = |point: &[u8; POINT]| point.first_chunk::<4>().map(|bytes| u32::from_ne_bytes(*bytes));
    points.is_sorted_by_key(place) && points.iter().all(|point| point[4] != 0 && point[4..].contains(&0))
}

/// Removes a shared memory object; processes that have it mapped keep it.
///
/// # Errors
/// As `shmctl`: no right to remove it.
pub(crate) fn remove_memory(id: i32) -> io::Result<()> {
    // SAFETY: this command takes no pointer.
    result(unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) })
}

/// Removes a set of semaphores.
///
/// # Errors
/// As `semctl`: no right to remove it.
pub(crate) fn remove_semaphores(id: i32) -> io::Result<()> {
    // SAFETY: this command takes no fourth argument.
    result(unsafe { libc::semctl(id, 0, libc::IPC_RMID) })
}

fn result(status: i32) -> io::Result<()> {
    if status == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Objects as the 2007 library makes them, for tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// The bytes of a ring.
    pub(crate) fn ring(points: &[(u32, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; SIZE];
        bytes[..4].copy_from_slice(&(points.len() as i32).to_ne_bytes());
        for (index, (place, address)) in points.iter().enumerate() {
            let start = POINTS + index * POINT;
            bytes[start..start + 4].copy_from_slice(&place.to_ne_bytes());
            bytes[start + 4..start + 4 + address.len()].copy_from_slice(address);
        }
        bytes
    }

    /// A new shared memory object that holds these bytes.
    pub(crate) fn memory(key: i32, mode: i32, bytes: &[u8]) -> io::Result<i32> {
        // SAFETY: the call takes no pointer.
        let id = unsafe { libc::shmget(key, bytes.len(), libc::IPC_CREAT | libc::IPC_EXCL | mode) };
        result(id)?;
        // SAFETY: the kernel chooses where it is mapped.
        let start = unsafe { libc::shmat(id, std::ptr::null(), 0) };
        // SAFETY: as many bytes were asked for above; the tests stop at a failure before anything else uses them.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), start.cast::<u8>(), bytes.len()) };
        // SAFETY: it was mapped above.
        result(unsafe { libc::shmdt(start) })?;
        Ok(id)
    }

    /// A new set of so many semaphores.
    pub(crate) fn semaphores(key: i32, mode: i32, count: i32) -> io::Result<i32> {
        // SAFETY: the call takes no pointer.
        let id = unsafe { libc::semget(key, count, libc::IPC_CREAT | libc::IPC_EXCL | mode) };
        result(id)?;
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::ring;
    use super::*;

    #[test]
    fn what_is_not_there_cannot_be_removed() {
        let is_invalid = |removed: io::Result<()>| removed.unwrap_err().raw_os_error() == Some(libc::EINVAL);
        assert!(is_invalid(remove_memory(-1)) && is_invalid(remove_semaphores(-1)));
    }

    #[test]
    fn only_rings_are_taken_for_rings() {
        assert!(is_ring(&ring(&[(1, b"10.0.1.1:11211"), (1, b"10.0.1.2:11211"), (9, b"a")])));
        assert!(!is_ring(&ring(&[(2, b"a"), (1, b"b")])), "points descend");
        assert!(!is_ring(&ring(&[(1, b"")])), "no address");
        assert!(!is_ring(&ring(&[(1, &[b'a'; 24])])), "an address without end");
        assert!(!is_ring(&ring(&[])), "no point");
        let mut many = ring(&[(1, b"a")]);
        for count in [-1, 20_000] {
            many[..4].copy_from_slice(&i32::to_ne_bytes(count));
            assert!(!is_ring(&many), "{count} points");
        }
        assert!(!is_ring(b"short"));
    }
}
