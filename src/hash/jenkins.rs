//! Jenkins' lookup3 (`hashlittle`) with initial value 13: the `jenkins` of libmemcached and twemproxy.

/// lookup3 of a message. The empty one gives the start value, unmixed.
#[must_use]
pub fn jenkins(message: &[u8]) -> u32 {
    const INITIAL: u32 = 13;
    let start = 0xdead_beefu32.wrapping_add(message.len() as u32).wrapping_add(INITIAL);
    if message.is_empty() {
        return start;
    }
    let mut state = [start; 3];
    // A last block of twelve bytes is not mixed but finished, like a shorter one filled with zeros.
    let (body, last) = message.split_at((message.len() - 1) / 12 * 12);
    for block in body.as_chunks().0 {
        add(&mut state, block);
        mix(&mut state);
    }
    let mut block = [0; 12];
    block[..last.len()].copy_from_slice(last);
    add(&mut state, &block);
    finish(state)
}

fn add(state: &mut [u32; 3], block: &[u8; 12]) {
    for (sum, word) in state.iter_mut().zip(block.as_chunks().0) {
        *sum = sum.wrapping_add(u32::from_le_bytes(*word));
    }
}

fn mix(state: &mut [u32; 3]) {
    let [mut a, mut b, mut c] = *state;
    a = a.wrapping_sub(c) ^ c.rotate_left(4);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(6);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(8);
    b = b.wrapping_add(a);
    a = a.wrapping_sub(c) ^ c.rotate_left(16);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(19);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(4);
    b = b.wrapping_add(a);
    *state = [a, b, c];
}

fn finish([mut a, mut b, mut c]: [u32; 3]) -> u32 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

#[cfg(test)]
mod tests {
    //! Table made with libmemcached 1.1.4.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    fn every_length_agrees_with_libmemcached() {
        agree(
            jenkins,
            &[
                0xdeadbefc, 0xa25ff40c, 0x9a541afd, 0x7c3394ea, 0xd8cca100, 0xe8ae905a, 0x415a6d1a,
                0x77b23150, 0x2925883f, 0x0b98f0c4, 0x5f2b225f, 0x05a819a8, 0x31fab621, 0x9047b51a,
                0x6bb46e71, 0x7c5ff3f4, 0x6e78a079, 0x1b288478, 0x66e99ba8, 0x0e23e8a9, 0x9b706f7e,
                0x87c793c3, 0xbc5ac482, 0x54ec6b34, 0x80f4280c, 0x30473e0c, 0xe3ea5fdd, 0x96aaa19f,
                0x1e87fd45, 0xef63afe7, 0xe4424b73, 0x6a91dd08, 0x7038692a, 0x329c4f3c, 0x444885c2,
                0x4174be0b, 0xfcce2d43, 0xaaed0915, 0x80095725, 0xfbd75914, 0x156cd66b,
            ],
        );
    }
}
