//! Which address a machine has in a segment.
//!
//! A pool has addresses of its own in every segment: those that are written, or 32 by its position. A machine's is
//! counted from their beginning, past those that something else in the network has. So one more machine, or a pool
//! behind the others, moves none.

use std::net::IpAddr;

use crate::component::SegmentOf;
use crate::k8s::network::{Address, AddressRange};

/// How many addresses a pool has in a segment where nothing is written.
pub const BLOCK: u128 = 32;

/// The addresses of the pool at a position in a segment; `None` where the segment ends before them.
pub fn block(segment: &SegmentOf, position: usize) -> Option<AddressRange> {
    let (first, last) = segment.segment.range;
    let (first, last) = (Address::from(first), Address::from(last));
    let begin = first.checked_add(BLOCK * position as u128).filter(|begin| *begin <= last)?;
    let end = begin.checked_add(BLOCK - 1).filter(|end| *end <= last).unwrap_or(last);
    AddressRange::new(begin, end)
}

/// The addresses of a range that nothing else has, in order.
pub fn free<'a>(range: AddressRange, segment: &'a SegmentOf) -> impl Iterator<Item = IpAddr> + 'a {
    let mut next = Some(range.first());
    let all = std::iter::from_fn(move || {
        let address = next.filter(|address| *address <= range.last())?;
        next = address.checked_add(1);
        Some(address.ip())
    });
    all.filter(move |address| {
        !segment.taken.iter().any(|((first, last), ..)| first <= address && address <= last)
    })
}
