//! Addresses, ranges of addresses and networks, of IPv4 and IPv6.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::IpNet;

use super::leaf::{Invalid, Kind, leaf, show};

leaf! {
    /// An IPv4 or IPv6 address.
    #[derive(Copy)]
    pub struct Address(IpAddr);
    kind: Kind::Text,
    pattern: "^[0-9a-fA-F:.]+$",
    examples: ["10.20.0.1", "fd00::1"],
}

leaf! {
    /// A network in CIDR notation, without bits of a host: `10.20.0.0/24`.
    #[derive(Copy)]
    pub struct Cidr(IpNet);
    kind: Kind::Text,
    pattern: "^[0-9a-fA-F:.]+/[0-9]{1,3}$",
    examples: ["10.20.0.0/24", "fd00::/64"],
}

leaf! {
    /// Addresses from the first to the last: `10.20.40.100-10.20.40.200`.
    #[derive(Copy)]
    pub struct AddressRange {
        first: Address,
        last: Address,
    }
    kind: Kind::Text,
    pattern: "^[0-9a-fA-F:.]+-[0-9a-fA-F:.]+$",
    examples: ["10.20.40.100-10.20.40.200"],
}

impl Address {
    /// The address.
    pub const fn ip(self) -> IpAddr {
        self.0
    }

    /// Whether it is of IPv4.
    pub const fn is_ipv4(self) -> bool {
        self.0.is_ipv4()
    }

    fn number(self) -> u128 {
        match self.0 {
            IpAddr::V4(ip) => ip.to_bits().into(),
            IpAddr::V6(ip) => ip.to_bits(),
        }
    }

    /// The address `steps` further on, if there is one.
    pub fn checked_add(self, steps: u128) -> Option<Self> {
        let number = self.number().checked_add(steps)?;
        Some(Self(match self.0 {
            IpAddr::V4(_) => Ipv4Addr::from_bits(u32::try_from(number).ok()?).into(),
            IpAddr::V6(_) => std::net::Ipv6Addr::from_bits(number).into(),
        }))
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self(ip)
    }
}

impl Cidr {
    /// The network as the `ipnet` crate has it.
    pub const fn net(self) -> IpNet {
        self.0
    }

    /// Whether it is of IPv4.
    pub const fn is_ipv4(self) -> bool {
        matches!(self.0, IpNet::V4(_))
    }

    /// The number of leading bits that are the network's.
    pub fn prefix_len(self) -> u8 {
        self.0.prefix_len()
    }

    /// The first address, which is the network's own.
    pub fn first(self) -> Address {
        Address(self.0.network())
    }

    /// The last address, which for IPv4 is the broadcast address.
    pub fn last(self) -> Address {
        Address(self.0.broadcast())
    }

    /// The address with this number, the network's own being 0.
    pub fn nth(self, number: u128) -> Option<Address> {
        self.first().checked_add(number).filter(|address| self.contains(*address))
    }

    /// Whether the address is in the network.
    pub fn contains(self, address: Address) -> bool {
        self.0.contains(&address.0)
    }

    /// Whether all of `other` is in the network.
    pub fn contains_network(self, other: Self) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether any address is in both.
    pub fn overlaps(self, other: Self) -> bool {
        self.0.contains(&other.0) || other.0.contains(&self.0)
    }
}

impl AddressRange {
    /// From `first` to `last`, if they are in order and of the same family.
    pub fn new(first: Address, last: Address) -> Option<Self> {
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// The first address.
    pub const fn first(self) -> Address {
        self.first
    }

    /// The last address.
    pub const fn last(self) -> Address {
        self.last
    }

    /// How many addresses there are; the whole of IPv6 counts one less.
    pub fn count(self) -> u128 {
        (self.last.number() - self.first.number()).saturating_add(1)
    }

    /// Whether the address is one of them.
    pub fn contains(self, address: Address) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && (self.first..=self.last).contains(&address)
    }

    /// Whether any address is in both.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }

    /// Whether all of it is in the network.
    pub fn is_within(self, network: Cidr) -> bool {
        network.contains(self.first) && network.contains(self.last)
    }
}

impl From<Cidr> for AddressRange {
    fn from(network: Cidr) -> Self {
        Self { first: network.first(), last: network.last() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl FromStr for Address {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Ok(ip) = text.parse() {
            return Ok(Self(ip));
        }
        let near = text.trim().trim_matches(['[', ']']);
        let near = near.split_once(['/', '%']).map_or(near, |(address, _)| address);
        let near = near.parse().ok().map(Self).or_else(|| without_zeros(near).map(Self));
        Err(Invalid::new(format!("{} is not an IP address", show(text)))
            .write_or(near, "write an address such as `10.20.0.1` or `fd00::1`"))
    }
}

impl FromStr for Cidr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |why: &str| Invalid::new(format!("{} {why}", show(text)));
        let help = "write a network such as `10.20.0.0/24`";
        let Some((address, prefix)) = text.split_once('/') else {
            let near = text.parse().ok().and_then(|ip| IpNet::new(ip, prefix_of_one(ip)?).ok());
            return Err(invalid("has no prefix length").write_or(near, help));
        };
        let Ok(ip) = address.parse::<IpAddr>() else {
            let near = without_zeros(address)
                .and_then(|ip| Some(IpNet::new(ip, prefix.parse().ok()?).ok()?.trunc()));
            return Err(invalid("does not begin with an IP address").write_or(near, help));
        };
        let longest = if ip.is_ipv4() { 32 } else { 128 };
        if !prefix.bytes().all(|b| b.is_ascii_digit()) {
            let mask = prefix.parse().ok().and_then(|mask| IpNet::with_netmask(ip, mask).ok());
            return Err(invalid("does not end in a prefix length")
                .write_or(mask.map(|net| net.trunc()), help));
        }
        let net = prefix.parse().ok().and_then(|prefix: u8| IpNet::new(ip, prefix).ok());
        match net {
            None => Err(invalid("has a prefix that is too long")
                .help(format!("prefixes are 0 to {longest}"))),
            Some(net) if net.trunc() != net => {
                Err(invalid("has bits of a host, a network is needed").write(net.trunc()))
            }
            Some(net) => Ok(Self(net)),
        }
    }
}

impl FromStr for AddressRange {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |why: &str| Invalid::new(format!("{} {why}", show(text)));
        let help = "write the first and the last address, such as `10.20.40.100-10.20.40.200`";
        let Some((first, last)) = text.split_once('-') else {
            let net = text.parse::<IpNet>().ok().map(|net| Self::from(Cidr(net.trunc())));
            let one = text.parse().ok().map(|ip| Self { first: Address(ip), last: Address(ip) });
            return Err(invalid("is not a range of addresses").write_or(net.or(one), help));
        };
        let (Ok(from), Ok(to)) = (first.parse().map(Address), last.parse().map(Address)) else {
            let (first, last) = (first.trim(), last.trim());
            let stem = first.rsplit_once('.').map(|(stem, _)| format!("{stem}.{last}"));
            let to = last.parse().ok().or_else(|| stem?.parse().ok()).map(Address);
            let near = first.parse().ok().and_then(|from| Self::new(Address(from), to?));
            return Err(invalid("is not a range of addresses").write_or(near, help));
        };
        Self::new(from, to).ok_or_else(|| {
            let why = if from > to { "runs backwards" } else { "mixes IPv4 and IPv6" };
            invalid(why).write_or(Self::new(to, from), help)
        })
    }
}

/// The prefix of one address. Zeros at the end mean a network, and how large it is only its owner knows.
fn prefix_of_one(ip: IpAddr) -> Option<u8> {
    match ip {
        IpAddr::V4(ip) => (ip.octets()[3] != 0).then_some(32),
        IpAddr::V6(ip) => (ip.segments()[7] != 0).then_some(128),
    }
}

/// `010.1.1.1` as decimal; some programs take the zero for octal, so nobody may write it.
fn without_zeros(text: &str) -> Option<IpAddr> {
    let parts: Option<Vec<String>> =
        text.split('.').map(|part| Some(part.parse::<u8>().ok()?.to_string())).collect();
    parts?.join(".").parse().ok()
}

#[cfg(test)]
mod tests;
