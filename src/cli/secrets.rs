//! `groundplan secrets`: the secrets of a cluster's first boot, in an encrypted file.

use std::io::{Read, Write};

use anyhow::{Context, anyhow, bail};
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, Subcommand};

use super::Exit;
use super::output::Output;
use crate::diag::one_of;
use crate::k8s::name::Name;
use crate::plan::nodes::markers::NodeSecret;
use crate::seed::{self, Secret, Secrets, System, Vault};

/// Arguments of `groundplan secrets`.
#[derive(Debug, Args)]
pub(super) struct SecretsArgs {
    #[command(subcommand)]
    command: SecretsCommand,
}

#[derive(Debug, Subcommand)]
enum SecretsCommand {
    /// Make the secrets of a new cluster, straight into an encrypted file
    Init(InitArgs),
    /// Make one of them anew, with what belongs to it
    Rotate(RotateArgs),
    /// Put in one that somebody else gives: the keys of the store of etcd's snapshots
    Set(SetArgs),
    /// Tell which secrets a file holds, never their values
    List(ListArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  age-keygen -o ~/.config/groundplan/key.txt
  groundplan secrets init secrets/main.age --cluster main --recipient age1…
  groundplan secrets init secrets/main.sops.yaml --cluster main     by the rules of .sops.yaml

Makes the authorities of the cluster, of etcd and of the front proxy (ten years, ECDSA P-256), the keys that sign \
tokens of ServiceAccounts, the token with which machines join, and the key that encrypts Secrets in etcd. What others \
give, the keys of an S3 store of etcd's snapshots, is put in with `secrets set`. Secrets go from \
memory into the encrypted file; nothing else is written, nothing is printed. A file that is there is never overwritten. \
SOPS needs the program `sops`, 3.9 or newer; age needs no program.")]
struct InitArgs {
    /// The file to make: *.age for age, *.yaml or *.json for SOPS
    file: Utf8PathBuf,
    /// The cluster
    #[arg(long)]
    cluster: Name,
    /// Who will be able to read it: an age recipient; may be repeated
    #[arg(long, value_name = "age1…")]
    recipient: Vec<String>,
    /// A file of recipients, one a line
    #[arg(long, value_name = "FILE")]
    recipients_file: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groundplan secrets rotate kubeadm/token --file secrets/main.age --identity key.txt
  groundplan secrets rotate encryption/key --file secrets/main.sops.yaml

A certificate and its key are made anew together. The file is encrypted for the same recipients as before. A cluster \
that runs does not take over new authorities or keys by itself: its runbook `certificates.md` says how.")]
struct RotateArgs {
    /// The secret: see `groundplan secrets list`
    name: String,
    /// The encrypted file
    #[arg(long, value_name = "FILE")]
    file: Utf8PathBuf,
    #[command(flatten)]
    identities: IdentityArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groundplan secrets set etcd-store/access-key --file secrets/main.age --identity key.txt
  pass show s3/etcd | groundplan secrets set etcd-store/secret-key --file secrets/main.age --identity key.txt

The value is read from standard input, to its end, without the line break it may end with; it is never an argument, \
which others on the machine could see. The file is encrypted for the same recipients as before.")]
struct SetArgs {
    /// The secret: etcd-store/access-key or etcd-store/secret-key
    name: String,
    /// The encrypted file
    #[arg(long, value_name = "FILE")]
    file: Utf8PathBuf,
    #[command(flatten)]
    identities: IdentityArgs,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// The encrypted file
    file: Utf8PathBuf,
    #[command(flatten)]
    identities: IdentityArgs,
}

/// Who opens age files.
#[derive(Debug, Args)]
pub(super) struct IdentityArgs {
    /// A file of age identities that opens the secrets; may be repeated [default: $SOPS_AGE_KEY_FILE]
    #[arg(long, value_name = "FILE")]
    identity: Vec<Utf8PathBuf>,
}

pub(super) fn run(args: &SecretsArgs, output: &Output) -> anyhow::Result<Exit> {
    match &args.command {
        SecretsCommand::Init(args) => init(args, output),
        SecretsCommand::Rotate(args) => rotate(args, output),
        SecretsCommand::Set(args) => set(args, output),
        SecretsCommand::List(args) => list(args, output),
    }
}

fn init(args: &InitArgs, output: &Output) -> anyhow::Result<Exit> {
    let file = &args.file;
    if file.symlink_metadata().is_ok() {
        bail!(
            "{file} is there already; secrets are never overwritten (`secrets rotate` changes one)"
        );
    }
    let vault = vault_of(file)?;
    let recipients = recipients(args)?;
    let mut system = System;
    let mut secrets = seed::generate(args.cluster.as_str(), system.now(), &mut system)?;
    secrets.recipients = recipients;
    write(file, &seal(vault, file, &secrets)?, false)?;
    output.note(&format!("wrote {file}: {} secrets of {}", secrets.names().count(), args.cluster));
    output
        .note("next: commit it, keep the identity that opens it elsewhere, and `groundplan seed`");
    Ok(Exit::Fine)
}

fn recipients(args: &InitArgs) -> anyhow::Result<Vec<String>> {
    let listed = match &args.recipients_file {
        Some(file) => fs_err::read_to_string(file)?,
        None => String::new(),
    };
    let listed = listed.lines().map(str::trim);
    let listed = listed.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut all = Vec::new();
    for text in args.recipient.iter().map(String::as_str).chain(listed) {
        let recipient = seed::recipient(text)?;
        if !all.contains(&recipient) {
            all.push(recipient);
        }
    }
    Ok(all)
}

fn rotate(args: &RotateArgs, output: &Output) -> anyhow::Result<Exit> {
    let made = |secret: NodeSecret| !secret.computed() && !secret.given();
    let Some(secret) = named(&args.name, made, output) else { return Ok(Exit::Usage) };
    let bytes = fs_err::read(&args.file)?;
    let vault = Vault::of(&bytes).with_context(|| args.file.to_string())?;
    let mut secrets = open(&args.file, &args.identities)?;
    let mut system = System;
    seed::regenerate(secret, &mut secrets, system.now(), &mut system)?;
    write(&args.file, &seal(vault, &args.file, &secrets)?, true)?;
    for made in seed::partners(secret) {
        output.note(&format!("{}: {} is new", args.file, made.name()));
    }
    Ok(Exit::Fine)
}

fn set(args: &SetArgs, output: &Output) -> anyhow::Result<Exit> {
    let Some(secret) = named(&args.name, NodeSecret::given, output) else {
        return Ok(Exit::Usage);
    };
    let bytes = fs_err::read(&args.file)?;
    let vault = Vault::of(&bytes).with_context(|| args.file.to_string())?;
    let mut secrets = open(&args.file, &args.identities)?;
    let mut text = zeroize::Zeroizing::new(String::new());
    std::io::stdin().read_to_string(&mut text).context("cannot read the value")?;
    let value = text.trim_end_matches(['\r', '\n']).to_owned();
    secrets.insert(secret, Secret::new(value))?;
    write(&args.file, &seal(vault, &args.file, &secrets)?, true)?;
    output.note(&format!("{}: {} is there", args.file, secret.name()));
    Ok(Exit::Fine)
}

/// The secret of that name among those that a command is for.
fn named(name: &str, fits: fn(NodeSecret) -> bool, output: &Output) -> Option<NodeSecret> {
    let known = || NodeSecret::ALL.into_iter().filter(|secret| fits(*secret));
    let secret = known().find(|secret| secret.name() == name);
    if secret.is_none() {
        let help = one_of(name, known().map(NodeSecret::name));
        output.error(&anyhow!("there is no such secret as `{name}` for this; {help}"));
    }
    secret
}

fn list(args: &ListArgs, output: &Output) -> anyhow::Result<Exit> {
    let secrets = open(&args.file, &args.identities)?;
    let mut text = format!("cluster {}\n", secrets.cluster);
    for secret in NodeSecret::ALL {
        let state = match secrets.get(secret) {
            // Public, and what an operator compares.
            Some(pin) if secret.computed() => pin.reveal().to_owned(),
            Some(_) => "there".to_owned(),
            None if secret.given() => "not given".to_owned(),
            None => "missing".to_owned(),
        };
        text.push_str(&format!("{:<24} {state}\n", secret.name()));
    }
    output.result(&text)?;
    Ok(Exit::Fine)
}

fn vault_of(file: &Utf8Path) -> anyhow::Result<Vault> {
    Vault::named(file).with_context(|| {
        format!("{file} should end with .age (age), or with .yaml or .json (SOPS)")
    })
}

fn seal(vault: Vault, file: &Utf8Path, secrets: &Secrets) -> anyhow::Result<Vec<u8>> {
    let plain = secrets.to_text();
    let sealed = match vault {
        Vault::Age => seed::seal(&secrets.recipients, plain.as_bytes())?,
        Vault::Sops => {
            let sealed = seed::sops_encrypt(file, &secrets.recipients, plain.as_bytes());
            sealed.context("SOPS files are made by the program `sops`, 3.9 or newer")?
        }
    };
    // Whatever the program was, what is written must be encrypted.
    if Vault::of(&sealed).ok() != Some(vault) {
        bail!("what would be written is not encrypted; nothing was written");
    }
    Ok(sealed)
}

/// Writes the encrypted file in one step.
fn write(file: &Utf8Path, sealed: &[u8], replace: bool) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_str().is_empty());
    let folder = folder.unwrap_or(Utf8Path::new("."));
    fs_err::create_dir_all(folder)?;
    let mut staged = tempfile::Builder::new().prefix(".groundplan-").tempfile_in(folder)?;
    staged.write_all(sealed)?;
    staged.as_file().sync_all()?;
    let placed = if replace { staged.persist(file) } else { staged.persist_noclobber(file) };
    placed.map_err(|error| error.error).with_context(|| format!("cannot write {file}"))?;
    Ok(())
}

/// The secrets of an encrypted file.
pub(super) fn open(file: &Utf8Path, identities: &IdentityArgs) -> anyhow::Result<Secrets> {
    let bytes = fs_err::read(file)?;
    let plain = match Vault::of(&bytes).with_context(|| file.to_string())? {
        Vault::Age => seed::open(&bytes, &identities.read()?)
            .with_context(|| format!("cannot open {file}"))?,
        Vault::Sops => seed::sops_decrypt(file).context("SOPS files are opened by `sops`")?,
    };
    let secrets = Secrets::parse(&plain).with_context(|| file.to_string())?;
    secrets.check_pairs().with_context(|| file.to_string())?;
    Ok(secrets)
}

impl IdentityArgs {
    fn read(&self) -> anyhow::Result<Vec<Box<dyn age::Identity>>> {
        let mut files = self.identity.clone();
        if files.is_empty() {
            let known = std::env::var("SOPS_AGE_KEY_FILE").ok();
            let known = known.filter(|file| !file.is_empty());
            files.push(known.map(Utf8PathBuf::from).context(
                "an age file is opened with an identity: give --identity, or set SOPS_AGE_KEY_FILE",
            )?);
        }
        let mut all = Vec::new();
        for file in files {
            let bytes = zeroize::Zeroizing::new(fs_err::read(&file)?);
            all.extend(seed::identities(&bytes).with_context(|| file.to_string())?);
        }
        Ok(all)
    }
}
