//! What a chart is called.

use std::str::FromStr;

use super::leaf::{Invalid, Kind, as_written, leaf, show};
use super::url::Url;

leaf! {
    /// The name of a chart: `podinfo`, `crd.projectcalico.org.v1`.
    pub struct ChartName(String);
    kind: Kind::Text,
    pattern: "^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$",
    examples: ["podinfo"],
}

as_written!(ChartName);

impl FromStr for ChartName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let ends = text.bytes().next().is_some_and(plain) && text.bytes().last().is_some_and(plain);
        if ends && text.len() <= 100 && text.bytes().all(|b| plain(b) || b"._-".contains(&b)) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(format!("{} is no name of a chart", show(text))).help(
            "write it as in its Chart.yaml, such as `podinfo`; where it is goes into `repository`",
        ))
    }
}

leaf! {
    /// Where charts are: `https://charts.acme.example`, or an OCI registry `oci://registry.acme.example/charts`.
    pub struct ChartRepository(String);
    kind: Kind::Text,
    pattern: "^(https|oci)://[a-z0-9.\\[\\]:-]+([/][!-~]*)?$",
    examples: ["https://charts.acme.example", "oci://registry.acme.example/charts"],
}

as_written!(ChartRepository);

impl ChartRepository {
    /// The registry with its path, without a scheme, if it is one.
    pub fn registry(&self) -> Option<&str> {
        self.0.strip_prefix("oci://").map(|registry| registry.trim_end_matches('/'))
    }
}

impl FromStr for ChartRepository {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // A registry is an address with another scheme.
        let address = match text.strip_prefix("oci://") {
            Some(rest) => format!("https://{rest}"),
            None => text.to_owned(),
        };
        let url: Url = address.parse()?;
        if !url.is_encrypted() {
            return Err(Invalid::new(format!("{} is not encrypted", show(text)))
                .help("write `https://…` or `oci://…`: whoever changes a chart on its way runs what he likes"));
        }
        Ok(Self(text.to_owned()))
    }
}

leaf! {
    /// The digest of an OCI manifest: `sha256:` and 64 hexadecimal digits.
    pub struct ChartDigest(String);
    kind: Kind::Text,
    pattern: "^sha256:[0-9a-f]{64}$",
    examples: ["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
}

as_written!(ChartDigest);

impl FromStr for ChartDigest {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix("sha256:").unwrap_or_default();
        let fine = digits.len() == 64
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if fine {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(format!("{} is no digest", show(text)))
            .help("write `sha256:` and 64 hexadecimal digits in lower case"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_digests_are_read() {
        for good in ["podinfo", "crd.projectcalico.org.v1", "x"] {
            assert!(good.parse::<ChartName>().is_ok(), "{good}");
        }
        for bad in ["", "Pod", "a/b", "-a", "a-"] {
            assert!(bad.parse::<ChartName>().is_err(), "{bad}");
        }
        for (good, registry) in [
            ("https://charts.acme.example", None),
            ("oci://quay.io/jetstack/charts/", Some("quay.io/jetstack/charts")),
        ] {
            assert_eq!(good.parse::<ChartRepository>().expect(good).registry(), registry);
        }
        for bad in ["http://charts.acme.example", "charts.acme.example", "oci://u:p@x/y"] {
            assert!(bad.parse::<ChartRepository>().is_err(), "{bad}");
        }
        assert!(format!("sha256:{}", "0a".repeat(32)).parse::<ChartDigest>().is_ok());
        for bad in ["sha256:0a", "0a", &format!("sha256:{}", "0A".repeat(32))] {
            assert!(bad.parse::<ChartDigest>().is_err(), "{bad}");
        }
    }
}
