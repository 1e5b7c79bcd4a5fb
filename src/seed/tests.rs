use std::io;

use base64ct::{Base64, Encoding};
use proptest::prelude::*;

use super::*;
use crate::plan::nodes::markers::NodeSecret;

/// Randomness that everybody knows.
struct Known(u64);

impl Randomness for Known {
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        for byte in bytes {
            // SplitMix64.
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed ^ mixed >> 31) as u8;
        }
        Ok(())
    }
}

/// 2026-11-25.
const NOW: Moment = Moment { seconds: 1_795_564_800 };

fn made(seed: u64) -> Secrets {
    generate("main", NOW, &mut Known(seed)).unwrap_or_else(|error| panic!("{error}"))
}

/// With what somebody else gives, too.
fn complete(seed: u64) -> Secrets {
    let mut secrets = made(seed);
    for (secret, text) in [
        (NodeSecret::SnapshotAccessKey, "AKIAIOSFODNN7EXAMPLE"),
        (NodeSecret::SnapshotSecretKey, "wJalrXUtnFEMI/K7MDENG+bPxRfiCY_EXAMPLE-KEY"),
    ] {
        secrets.insert(secret, Secret::new(text.to_owned())).unwrap();
    }
    secrets
}

#[test]
fn everything_is_made_and_belongs_together() {
    let secrets = made(1);
    for secret in NodeSecret::ALL.into_iter().filter(|secret| !secret.given()) {
        let text = secrets.get(secret).unwrap_or_else(|| panic!("{} is not made", secret.name()));
        assert_eq!(check(secret, text.reveal()), Ok(()), "{}", secret.name());
    }
    assert_eq!(secrets.check_pairs(), Ok(()));
}

#[test]
fn the_same_randomness_makes_the_same_and_another_makes_nothing_alike() {
    assert_eq!(made(1), made(1));
    let (one, two) = (made(1), made(2));
    for secret in NodeSecret::ALL.into_iter().filter(|secret| !secret.given()) {
        assert_ne!(one.get(secret), two.get(secret), "{}", secret.name());
    }
}

#[test]
fn without_randomness_nothing_is_made() {
    struct Nothing;
    impl Randomness for Nothing {
        fn fill(&mut self, _: &mut [u8]) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
    assert!(matches!(generate("main", NOW, &mut Nothing), Err(NotMade::Randomness(_))));
}

#[test]
fn a_rotation_changes_a_pair_and_nothing_else() {
    let before = made(1);
    let mut after = before.clone();
    regenerate(NodeSecret::EtcdCaKey, &mut after, NOW, &mut Known(9)).unwrap();
    assert_eq!(after.check_pairs(), Ok(()));
    let (access, store) = (NodeSecret::SnapshotAccessKey, NodeSecret::SnapshotSecretKey);
    regenerate(store, &mut after, NOW, &mut Known(9)).unwrap();
    assert_eq!((partners(access), after.get(store)), (&[][..], None));
    for secret in NodeSecret::ALL {
        let changed = before.get(secret) != after.get(secret);
        let of_pair = partners(NodeSecret::EtcdCaKey).contains(&secret);
        assert_eq!(changed, of_pair, "{}", secret.name());
    }
}

#[test]
fn what_is_spelled_reads_back_and_what_was_changed_does_not() {
    let mut secrets = complete(1);
    secrets.recipients = vec!["age1x".to_owned()];
    let text = secrets.to_text();
    assert_eq!(Secrets::parse(text.as_bytes()), Ok(secrets.clone()));

    let twice = text.replacen("\"secrets\": {", "\"secrets\": {\"kubeadm/token\": \"s3cr3t\",", 1);
    let unknown = text.replacen("kubeadm/token", "kubeadm/tokn", 1);
    let number = text.replacen("\"secrets\": {", "\"secrets\": {\"kubeadm/token\": 123456789,", 1);
    let cut = &text[..text.len() / 2];
    for broken in [&*twice, &*unknown, &*number, cut, "", "[]", "\"s3cr3t\""] {
        let error = Secrets::parse(broken.as_bytes()).unwrap_err().to_string();
        assert!(!error.contains("s3cr3t") && !error.contains("123456789"), "{error}");
    }
    assert!(Secrets::parse(unknown.as_bytes()).unwrap_err().to_string().contains("kubeadm/token"));
}

#[test]
fn a_secret_is_never_shown() {
    let secrets = complete(1);
    let shown = format!("{secrets:?}");
    for secret in secrets.names() {
        assert!(!shown.contains(secrets.get(secret).unwrap().reveal()), "{}", secret.name());
    }
}

#[test]
fn each_type_refuses_what_is_not_of_it() {
    let (one, two) = (made(1), made(2));
    let key = one.get(NodeSecret::ClusterCaKey).unwrap();
    let locked = key.reveal().replacen('\n', "\nProc-Type: 4,ENCRYPTED\n", 1);
    for (secret, text) in [
        (NodeSecret::ClusterCaCertificate, key.reveal()),
        (NodeSecret::ClusterCaKey, one.get(NodeSecret::ClusterCaCertificate).unwrap().reveal()),
        (NodeSecret::ClusterCaKey, locked.as_str()),
        (NodeSecret::ServiceAccountPublicKey, key.reveal()),
        (NodeSecret::BootstrapToken, "abcdef.0123456789abcdeF"),
        (NodeSecret::BootstrapToken, "abcdef0123456789abcdef"),
        (NodeSecret::EncryptionKey, "c2hvcnQ="),
        (NodeSecret::EncryptionKey, "not base64 at all, and of no length"),
        (NodeSecret::ClusterCaPin, "sha256:12"),
        (NodeSecret::SnapshotAccessKey, "-starts-like-an-option"),
        (NodeSecret::SnapshotSecretKey, "two\nlines"),
        (NodeSecret::SnapshotSecretKey, "a \"quote"),
    ] {
        assert!(check(secret, text).is_err(), "{} takes {text}", secret.name());
    }
    let mut mixed = one.clone();
    mixed.insert(NodeSecret::ClusterCaKey, two.get(NodeSecret::ClusterCaKey).unwrap()).unwrap();
    assert!(mixed.check_pairs().is_err());
}

#[test]
fn a_leaf_is_no_authority() {
    // From the same key, but without `CA:TRUE`: what a person pastes by mistake.
    let leaf = include_str!("leaf.pem");
    assert_eq!(check(NodeSecret::ClusterCaCertificate, leaf), Err(Flaw::NoAuthority));
}

#[test]
fn markers_become_secrets_and_none_is_left() {
    let secrets = complete(1);
    let text = NodeSecret::ALL.map(|secret| format!("  - \"{}\"\n", secret.marker())).concat();
    let rendered = render(&text, &secrets).unwrap();
    assert_eq!(rendered.lines().count(), NodeSecret::ALL.len());
    for (secret, line) in NodeSecret::ALL.into_iter().zip(rendered.lines()) {
        let value = line.trim_start_matches("  - \"").trim_end_matches('"');
        let known = secrets.get(secret).unwrap();
        let plain = Base64::encode_string(known.reveal().as_bytes());
        assert!(value == known.reveal() || value == plain, "{}", secret.name());
    }
}

#[test]
fn what_cannot_be_rendered_is_refused_by_line() {
    let secrets = made(1);
    let hidden = Base64::encode_string(b"token: @@SECRET:kubeadm/token@@\n");
    for (text, line) in [
        ("a\n@@SECRET:no/such@@", 2),
        ("@@SECRET:pki/ca.key@@", 1),
        ("\n\n@@SECRET:kubeadm/token\n@@", 3),
        (&*format!("x: |\n  {hidden}\n"), 2),
    ] {
        let error = render(text, &secrets).unwrap_err().to_string();
        assert!(error.contains(&format!("line {line}")), "{error}");
    }
    let error = render("@@SECRET:kubeadm/token@@", &Secrets::new("main")).unwrap_err();
    assert_eq!(error, NotRendered::Missing { line: 1, secret: NodeSecret::BootstrapToken });
}

#[test]
fn age_files_open_for_their_recipients_and_for_nobody_else() {
    let (one, two) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
    let recipients = [recipient(&one.to_public().to_string()).unwrap()];
    let sealed = seal(&recipients, b"plain").unwrap();
    assert_eq!(Vault::of(&sealed).unwrap(), Vault::Age);
    let opens = |identity| open(&sealed, &[Box::new(identity) as Box<dyn age::Identity>]);
    assert_eq!(**opens(one).unwrap(), *b"plain");
    assert!(matches!(opens(two), Err(NotOpened::NoIdentity)));
    assert!(matches!(seal(&[], b"plain"), Err(NotOpened::Nobody)));
    assert!(recipient("age1nonsense").is_err());
}

#[test]
fn plain_secrets_are_not_taken_for_a_vault() {
    assert!(matches!(Vault::of(made(1).to_text().as_bytes()), Err(NotOpened::Plain)));
    assert!(matches!(Vault::of(b"hello"), Err(NotOpened::Unknown)));
}

/// Reads an image as a reader without extensions and one with Joliet would.
fn files_of(image: &[u8], descriptor: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let word = |at: usize| u32::from_le_bytes(image[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(&image[descriptor * 2048 + 1..][..5], b"CD001");
    let root = word(descriptor * 2048 + 156 + 2) * 2048;
    let mut at = root;
    let mut files = Vec::new();
    while image[at] != 0 {
        let (length, name) = (image[at] as usize, image[at + 32] as usize);
        if image[at + 25] & 2 == 0 {
            let (start, size) = (word(at + 2) * 2048, word(at + 10));
            files.push((
                image[at + 33..at + 33 + name].to_vec(),
                image[start..start + size].to_vec(),
            ));
        }
        at += length;
    }
    files
}

proptest! {
    #[test]
    fn what_goes_into_an_image_comes_out(
        user in prop::collection::vec(any::<u8>(), 0..9000),
        meta in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        let image = volume(&[("user-data", &user), ("meta-data", &meta)]);
        prop_assert_eq!(image.len() % 2048, 0);
        let plain = files_of(&image, 16);
        let expected = vec![(b"META_DAT.;1".to_vec(), meta.clone()), (b"USER_DAT.;1".to_vec(), user.clone())];
        prop_assert_eq!(plain, expected);
        let joliet = files_of(&image, 17);
        let wide = |name: &str| name.bytes().flat_map(|b| [0, b]).collect::<Vec<u8>>();
        prop_assert_eq!(joliet, vec![(wide("meta-data"), meta), (wide("user-data"), user)]);
    }

    #[test]
    fn reading_secrets_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Secrets::parse(&bytes);
        let _ = Vault::of(&bytes);
    }
}
