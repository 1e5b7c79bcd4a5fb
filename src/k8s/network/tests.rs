use super::*;
use crate::k8s::leaf::check::{bad, good, lawful};

fn net(text: &str) -> Cidr {
    text.parse().unwrap()
}

fn ip(text: &str) -> Address {
    text.parse().unwrap()
}

#[test]
fn addresses_are_of_either_family() {
    lawful::<Address>();
    good::<Address>(&[("10.20.0.1", "10.20.0.1"), ("FD00::0:1", "fd00::1")]);
    let rule = "write an address such as `10.20.0.1` or `fd00::1`";
    bad::<Address>(&[
        ("10.0.0.256", "`10.0.0.256` is not an IP address", rule),
        ("10.0.0.1/24", "`10.0.0.1/24` is not an IP address", "write `10.0.0.1`"),
        ("010.0.0.1", "`010.0.0.1` is not an IP address", "write `10.0.0.1`"),
        ("[fd00::1]", "`[fd00::1]` is not an IP address", "write `fd00::1`"),
        ("host", "`host` is not an IP address", rule),
    ]);
    assert_eq!(ip("10.0.0.255").checked_add(1), Some(ip("10.0.1.0")));
    assert_eq!(ip("255.255.255.255").checked_add(1), None);
}

#[test]
fn networks_have_no_bits_of_a_host() {
    lawful::<Cidr>();
    good::<Cidr>(&[
        ("10.20.0.0/24", "10.20.0.0/24"),
        ("FD00::/64", "fd00::/64"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ]);
    let rule = "write a network such as `10.20.0.0/24`";
    bad::<Cidr>(&[
        (
            "10.0.0.1/24",
            "`10.0.0.1/24` has bits of a host, a network is needed",
            "write `10.0.0.0/24`",
        ),
        ("10.0.0.0", "`10.0.0.0` has no prefix length", rule),
        ("10.1.2.3", "`10.1.2.3` has no prefix length", "write `10.1.2.3/32`"),
        ("10.0.0.0/33", "`10.0.0.0/33` has a prefix that is too long", "prefixes are 0 to 32"),
        ("fd00::/129", "`fd00::/129` has a prefix that is too long", "prefixes are 0 to 128"),
        (
            "10.0.0.0/255.255.255.0",
            "`10.0.0.0/255.255.255.0` does not end in a prefix length",
            "write `10.0.0.0/24`",
        ),
        ("pods/16", "`pods/16` does not begin with an IP address", rule),
        ("", "`` has no prefix length", rule),
    ]);
    assert!(net("10.0.0.0/16").overlaps(net("10.0.3.0/24")));
    assert!(net("10.0.3.0/24").overlaps(net("10.0.0.0/16")));
    assert!(!net("10.0.0.0/16").overlaps(net("10.1.0.0/16")));
    assert!(!net("10.0.0.0/16").overlaps(net("fd00::/64")));
    assert!(net("10.0.0.0/16").contains_network(net("10.0.0.0/16")));
    assert!(net("10.20.0.0/24").contains(ip("10.20.0.1")));
    assert_eq!(net("10.20.0.0/24").nth(5), Some(ip("10.20.0.5")));
    assert_eq!(net("10.20.0.0/24").nth(256), None);
}

#[test]
fn ranges_run_forwards() {
    lawful::<AddressRange>();
    good::<AddressRange>(&[
        ("10.20.40.100-10.20.40.200", "10.20.40.100-10.20.40.200"),
        ("fd00::1-fd00::f", "fd00::1-fd00::f"),
    ]);
    let rule = "write the first and the last address, such as `10.20.40.100-10.20.40.200`";
    bad::<AddressRange>(&[
        ("10.0.0.9-10.0.0.1", "`10.0.0.9-10.0.0.1` runs backwards", "write `10.0.0.1-10.0.0.9`"),
        ("10.0.0.1-9", "`10.0.0.1-9` is not a range of addresses", "write `10.0.0.1-10.0.0.9`"),
        (
            "10.0.0.1 - 10.0.0.9",
            "`10.0.0.1 - 10.0.0.9` is not a range of addresses",
            "write `10.0.0.1-10.0.0.9`",
        ),
        ("10.0.0.0/30", "`10.0.0.0/30` is not a range of addresses", "write `10.0.0.0-10.0.0.3`"),
        ("10.0.0.1", "`10.0.0.1` is not a range of addresses", "write `10.0.0.1-10.0.0.1`"),
        ("10.0.0.1-fd00::1", "`10.0.0.1-fd00::1` mixes IPv4 and IPv6", rule),
        ("all", "`all` is not a range of addresses", rule),
    ]);
    let range: AddressRange = "10.20.40.100-10.20.40.200".parse().unwrap();
    assert_eq!(range.count(), 101);
    assert!(range.is_within(net("10.20.40.0/24")));
    assert!(range.contains(ip("10.20.40.150")));
    assert!(range.overlaps("10.20.40.200-10.20.40.201".parse().unwrap()));
    assert!(!range.overlaps("10.20.40.201-10.20.40.202".parse().unwrap()));
}
