//! What a new cluster needs, made.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::authority::{Key, Moment, NotMade, Randomness};
use super::secrets::{Secret, Secrets};
use crate::plan::nodes::markers::NodeSecret;

/// Every secret of a new cluster but those that somebody else gives.
///
/// # Errors
/// The system gives no randomness.
pub fn generate(
    cluster: &str,
    now: Moment,
    randomness: &mut dyn Randomness,
) -> Result<Secrets, NotMade> {
    let mut secrets = Secrets::new(cluster);
    for secret in NodeSecret::ALL {
        let is_first = partners(secret).first() == Some(&secret);
        if !secret.computed() && !secret.given() && is_first {
            regenerate(secret, &mut secrets, now, randomness)?;
        }
    }
    Ok(secrets)
}

/// What is made together with a secret, the secret among it: a certificate and its key. Nothing, of what is given.
pub fn partners(secret: NodeSecret) -> &'static [NodeSecret] {
    use NodeSecret::{
        BootstrapToken, ClusterCaCertificate, ClusterCaKey, ClusterCaPin, EncryptionKey,
        EtcdCaCertificate, EtcdCaKey, FrontProxyCaCertificate, FrontProxyCaKey, ServiceAccountKey,
        ServiceAccountPublicKey, SnapshotAccessKey, SnapshotSecretKey,
    };
    match secret {
        ClusterCaCertificate | ClusterCaKey | ClusterCaPin => &[ClusterCaCertificate, ClusterCaKey],
        EtcdCaCertificate | EtcdCaKey => &[EtcdCaCertificate, EtcdCaKey],
        FrontProxyCaCertificate | FrontProxyCaKey => &[FrontProxyCaCertificate, FrontProxyCaKey],
        ServiceAccountPublicKey | ServiceAccountKey => {
            &[ServiceAccountPublicKey, ServiceAccountKey]
        }
        BootstrapToken => &[BootstrapToken],
        EncryptionKey => &[EncryptionKey],
        SnapshotAccessKey | SnapshotSecretKey => &[],
    }
}

/// Makes a secret, and what is made together with it, anew. What somebody else gives stays as it is.
///
/// # Errors
/// The system gives no randomness.
pub fn regenerate(
    secret: NodeSecret,
    secrets: &mut Secrets,
    now: Moment,
    randomness: &mut dyn Randomness,
) -> Result<(), NotMade> {
    // The names are those of kubeadm's own authorities.
    let made = match partners(secret) {
        [certificate @ NodeSecret::ClusterCaCertificate, key] => {
            authority("kubernetes", *certificate, *key, now, randomness)?
        }
        [certificate @ NodeSecret::EtcdCaCertificate, key] => {
            authority("etcd-ca", *certificate, *key, now, randomness)?
        }
        [certificate @ NodeSecret::FrontProxyCaCertificate, key] => {
            authority("front-proxy-ca", *certificate, *key, now, randomness)?
        }
        [public @ NodeSecret::ServiceAccountPublicKey, private] => {
            let key = Key::make(randomness)?;
            vec![(*public, key.public_pem()?), (*private, key.private_pem()?)]
        }
        [NodeSecret::EncryptionKey] => {
            let mut bytes = Zeroizing::new([0; 32]);
            randomness.fill(&mut bytes[..]).map_err(NotMade::Randomness)?;
            vec![(secret, Secret::new(Zeroizing::new(Base64::encode_string(&bytes[..]))))]
        }
        [NodeSecret::BootstrapToken] => vec![(secret, token(randomness)?)],
        _ => Vec::new(),
    };
    for (secret, text) in made {
        if let Err(error) = secrets.insert(secret, text) {
            crate::bug!("a secret was made wrong: {error}");
        }
    }
    Ok(())
}

fn authority(
    name: &str,
    certificate: NodeSecret,
    key: NodeSecret,
    now: Moment,
    randomness: &mut dyn Randomness,
) -> Result<Vec<(NodeSecret, Secret)>, NotMade> {
    let made = Key::make(randomness)?;
    Ok(vec![(certificate, made.authority(name, now, randomness)?), (key, made.private_pem()?)])
}

/// A bootstrap token: `[a-z0-9]{6}.[a-z0-9]{16}`, each letter as likely as the others.
fn token(randomness: &mut dyn Randomness) -> Result<Secret, NotMade> {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = Zeroizing::new(String::with_capacity(23));
    while text.len() < 23 {
        let mut byte = Zeroizing::new([0; 1]);
        randomness.fill(&mut byte[..]).map_err(NotMade::Randomness)?;
        // 252 is the largest multiple of 36: what is beyond would favour the first letters.
        if byte[0] >= 252 {
            continue;
        }
        if text.len() == 6 {
            text.push('.');
        }
        text.push(char::from(LETTERS[usize::from(byte[0] % 36)]));
    }
    Ok(Secret::new(text))
}
