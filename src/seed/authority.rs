//! Keys and certificate authorities as kubeadm reads them.
//!
//! kubeadm takes authorities that stand in its folder of certificates before it runs, and makes every leaf from them
//! itself. It accepts RSA and ECDSA keys (`pkiutil.TryLoadKeyFromDisk`); these are ECDSA on P-256, spelled as kubeadm
//! spells its own (`EC PRIVATE KEY`), with the subject, the names and the ten years of its own authorities
//! (`pkiutil.NewCertificateAuthority`).

use std::io;
use std::str::FromStr;
use std::time::Duration;

use p256::SecretKey;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::{EncodePublicKey, LineEnding};
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::der::EncodePem;
use x509_cert::der::asn1::{GeneralizedTime, Ia5String};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, KeyUsage, KeyUsages, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};
use zeroize::Zeroizing;

use super::secrets::Secret;

/// Where keys come from.
pub trait Randomness {
    /// Fills the bytes.
    ///
    /// # Errors
    /// The system has no randomness to give.
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()>;
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Seconds since 1970.
    pub seconds: u64,
}

/// Why a secret could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// The system gives no randomness.
    #[error("the system gives no randomness: {0}")]
    Randomness(io::Error),
    /// The certificate cannot be expressed: the clock is far off.
    #[error("the certificate cannot be made; is the clock right?")]
    Certificate,
}

/// How long an authority is valid: kubeadm's `caCertificateValidityPeriod`.
const YEARS: u64 = 10;

/// How far back its beginning is put, for machines whose clock is late: kubeadm's own five minutes.
const BACKDATED: u64 = 300;

/// A private key.
pub(super) struct Key(SecretKey);

impl Key {
    /// A new key.
    pub(super) fn make(randomness: &mut dyn Randomness) -> Result<Self, NotMade> {
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            randomness.fill(&mut bytes[..]).map_err(NotMade::Randomness)?;
            // Zero and what is beyond the group's order are no keys: less than one in 2^32.
            if let Ok(key) = SecretKey::from_slice(&bytes[..]) {
                return Ok(Self(key));
            }
        }
    }

    /// The key as PEM.
    pub(super) fn private_pem(&self) -> Result<Secret, NotMade> {
        let pem = self.0.to_sec1_pem(LineEnding::LF).map_err(|_| NotMade::Certificate)?;
        Ok(Secret::new(pem))
    }

    /// The public half as PEM.
    pub(super) fn public_pem(&self) -> Result<Secret, NotMade> {
        let pem = self.0.public_key().to_public_key_pem(LineEnding::LF);
        Ok(Secret::new(Zeroizing::new(pem.map_err(|_| NotMade::Certificate)?)))
    }

    /// The certificate of an authority that has this key, as PEM.
    pub(super) fn authority(
        &self,
        name: &str,
        now: Moment,
        randomness: &mut dyn Randomness,
    ) -> Result<Secret, NotMade> {
        let mut serial = [0; 16];
        randomness.fill(&mut serial).map_err(NotMade::Randomness)?;
        // Positive, and of one length.
        serial[0] = serial[0] & 0x7f | 0x40;
        let pem = self.certificate(name, now, &serial).ok_or(NotMade::Certificate)?;
        Ok(Secret::new(Zeroizing::new(pem)))
    }

    fn certificate(&self, name: &str, now: Moment, serial: &[u8]) -> Option<String> {
        let signer = SigningKey::from(&self.0);
        let public = SubjectPublicKeyInfoOwned::from_key(signer.verifying_key()).ok()?;
        let begin = now.seconds.saturating_sub(BACKDATED);
        // As kubeadm counts: a year is 365 days of 24 hours.
        let end = now.seconds + YEARS * 365 * 86_400;
        let builder = CertificateBuilder::new(
            Authority {
                subject: Name::from_str(&format!("CN={name}")).ok()?,
                name: name.to_owned(),
            },
            SerialNumber::new(serial).ok()?,
            Validity::new(time(begin)?, time(end)?),
            public,
        );
        let certificate = builder.ok()?.build::<_, DerSignature>(&signer).ok()?;
        certificate.to_pem(LineEnding::LF).ok()
    }
}

fn time(seconds: u64) -> Option<Time> {
    let time = GeneralizedTime::from_unix_duration(Duration::from_secs(seconds)).ok()?;
    Some(Time::GeneralTime(time))
}

/// What kubeadm gives its own authorities.
struct Authority {
    subject: Name,
    name: String,
}

impl BuilderProfile for Authority {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        public: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let subject = tbs.subject();
        let usage =
            KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment | KeyUsages::KeyCertSign;
        // Go asks for the common name among the alternative names.
        let names = vec![GeneralName::DnsName(Ia5String::new(&self.name)?)];
        let none: &[Extension] = &[];
        Ok(vec![
            KeyUsage(usage).to_extension(subject, none)?,
            BasicConstraints { ca: true, path_len_constraint: None }.to_extension(subject, none)?,
            SubjectKeyIdentifier::try_from(public)?.to_extension(subject, none)?,
            SubjectAltName(names).to_extension(subject, none)?,
        ])
    }
}
