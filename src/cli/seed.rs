//! `groundplan seed`: what machines boot from, with its secrets, outside the repository.

use anyhow::{Context, anyhow, bail};
use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use zeroize::Zeroizing;

use super::Exit;
use super::output::Output;
use super::secrets::{self, IdentityArgs};
use crate::diag::one_of;
use crate::emit::bundle::RepoPath;
use crate::publish::lock::{Digest, LOCK, Lock};
use crate::seed::{self, Files, Secrets};

/// Arguments of `groundplan seed`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groundplan seed --all --secrets secrets/main.age --identity key.txt --into ~/seeds/main
  groundplan seed web-1 web-2 --secrets secrets/main.sops.yaml --into ~/seeds/main
  groundplan seed --all --secrets 'command:vault kv get -field=file estate/main' --into ~/seeds/main
  groundplan seed --all --secrets env --into ~/seeds/main   GROUNDPLAN_SECRET_PKI_CA_CRT and so on

For each machine a folder with user-data, meta-data, network-config and seed.iso, the same as a NoCloud volume \
(label cidata). Files are 0600, folders 0700. A folder in a git work tree, or one that others can read, is refused. A \
compiled file that was changed by hand is refused. Either all machines are written or none. Delete what is written as \
soon as the machines have booted: whoever reads it can become the cluster.")]
pub(super) struct SeedArgs {
    /// The machines
    #[arg(value_name = "MACHINE", required_unless_present = "all")]
    machines: Vec<String>,
    /// All machines of the cluster
    #[arg(long, conflicts_with = "machines")]
    all: bool,
    /// An age or SOPS file, `env`, or `command:` and what the shell is to run
    #[arg(long, value_name = "SOURCE")]
    secrets: String,
    #[command(flatten)]
    identities: IdentityArgs,
    /// The folder to write into, outside of any repository
    #[arg(long, value_name = "FOLDER")]
    into: Utf8PathBuf,
    /// The folder that was compiled into
    #[arg(long, short, default_value = "output", value_name = "FOLDER")]
    output: Utf8PathBuf,
    /// The cluster [default: the only one]
    #[arg(long)]
    cluster: Option<String>,
}

/// What a NoCloud volume holds; the last one may be missing.
const FILES: [&str; 3] = ["user-data", "meta-data", "network-config"];

pub(super) fn run(args: &SeedArgs, output: &Output) -> anyhow::Result<Exit> {
    // Before any secret is read.
    seed::refuse_public(&args.into)?;
    let compiled = Compiled::open(&args.output)?;
    let cluster = compiled.cluster(args.cluster.as_deref())?;
    let known = compiled.machines(&cluster)?;
    let chosen = if args.all { known.clone() } else { args.machines.clone() };
    for name in &chosen {
        if !known.contains(name) {
            let help = one_of(name, known.iter().map(String::as_str));
            output.error(&anyhow!("there is no machine `{name}` in {cluster}; {help}"));
            return Ok(Exit::Usage);
        }
    }
    let secrets = read(args)?;
    if !secrets.cluster.is_empty() && secrets.cluster != cluster {
        bail!("these are the secrets of the cluster `{}`, not of `{cluster}`", secrets.cluster);
    }
    let mut machines = Vec::new();
    for name in chosen {
        let files = compiled.seed(&cluster, &name, &secrets)?;
        machines.push((name, files));
    }
    seed::place(&args.into, &machines)?;
    output.note(&format!("{}: {} machines of {cluster}", args.into, machines.len()));
    output.note("delete it as soon as they have booted");
    Ok(Exit::Fine)
}

fn read(args: &SeedArgs) -> anyhow::Result<Secrets> {
    if args.secrets == "env" {
        return Ok(seed::from_environment()?);
    }
    let Some(command) = args.secrets.strip_prefix("command:") else {
        return secrets::open(Utf8Path::new(&args.secrets), &args.identities);
    };
    let plain = seed::from_command(command)?;
    let secrets = Secrets::parse(&plain).context("what the command printed")?;
    secrets.check_pairs().context("what the command printed")?;
    Ok(secrets)
}

/// A folder that was compiled into.
struct Compiled<'a> {
    folder: &'a Utf8Path,
    lock: Lock,
}

impl<'a> Compiled<'a> {
    fn open(folder: &'a Utf8Path) -> anyhow::Result<Self> {
        let path = folder.join(LOCK);
        let bytes = fs_err::read(&path).context("nothing was compiled into this folder")?;
        let lock = Lock::parse(&bytes).with_context(|| path.to_string())?;
        Ok(Self { folder, lock })
    }

    /// Cluster, machine and file of each path that is one of a machine.
    fn paths(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.lock.files.keys().filter_map(|path| {
            let mut parts = path.as_str().split('/');
            let mut next = || parts.next();
            let (clusters, cluster, machines) = (next()?, next()?, next()?);
            let (machine, file) = (next()?, next()?);
            let fits = clusters == "clusters" && machines == "machines" && next().is_none();
            (fits && FILES.contains(&file)).then_some((cluster, machine, file))
        })
    }

    fn cluster(&self, wanted: Option<&str>) -> anyhow::Result<String> {
        let mut clusters: Vec<&str> = self.paths().map(|(cluster, ..)| cluster).collect();
        clusters.dedup();
        match (wanted, clusters.as_slice()) {
            (Some(wanted), known) if known.contains(&wanted) => Ok(wanted.to_owned()),
            (None, [only]) => Ok((*only).to_owned()),
            (_, []) => bail!("{} holds no machine", self.folder),
            (Some(wanted), known) => {
                let help = one_of(wanted, known.iter().copied());
                bail!("no machine of a cluster `{wanted}` was compiled; {help}")
            }
            (None, known) => bail!("say which with --cluster: {}", known.join(", ")),
        }
    }

    fn machines(&self, cluster: &str) -> anyhow::Result<Vec<String>> {
        let of_cluster = self.paths().filter(|(known, ..)| *known == cluster);
        let mut machines: Vec<String> = of_cluster.map(|(_, name, _)| name.to_owned()).collect();
        machines.dedup();
        if machines.is_empty() {
            bail!("{} holds no machine of {cluster}", self.folder);
        }
        Ok(machines)
    }

    /// What a machine boots from, with its secrets.
    fn seed(&self, cluster: &str, machine: &str, secrets: &Secrets) -> anyhow::Result<Files> {
        let mut files: Files = Vec::new();
        for file in FILES {
            let path = format!("clusters/{cluster}/machines/{machine}/{file}");
            let Some(text) = self.text(&path)? else {
                if file == "network-config" {
                    continue;
                }
                bail!("{path} was not compiled");
            };
            let rendered = seed::render(&text, secrets).with_context(|| path.clone())?;
            files.push((file, Zeroizing::new(rendered.as_bytes().to_vec())));
        }
        let parts: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        let image = seed::volume(&parts);
        files.push(("seed.iso", image));
        Ok(files)
    }

    /// The text of a compiled file, exactly as it was compiled.
    fn text(&self, path: &str) -> anyhow::Result<Option<String>> {
        let Some(digest) = self.lock.files.get(&RepoPath::new(path)?) else { return Ok(None) };
        let bytes = fs_err::read(self.folder.join(path))?;
        if Digest::of(&bytes) != *digest {
            bail!(
                "{path} is not as it was compiled; compile again, and change the blueprint instead"
            );
        }
        Ok(Some(String::from_utf8(bytes).with_context(|| path.to_owned())?))
    }
}
