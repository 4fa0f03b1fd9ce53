//! The command line.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser, ValueExt as _};

/// Where to listen if the command line names nothing.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Serve.
    Serve(Options),
    /// Copy a data folder.
    Backup {
        /// The data folder.
        data: PathBuf,
        /// The new folder.
        to: PathBuf,
    },
    /// Print the version.
    Version,
    /// Print the help.
    Help,
}

/// How to serve.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// The data folder.
    pub(crate) data: PathBuf,
}

/// Reads the command line.
///
/// # Errors
///
/// An argument is unknown, has a wrong value, or is missing.
pub(crate) fn parse(mut args: Parser) -> Result<Command> {
    let (mut listen, mut data, mut to, mut is_backup) = (None, None, None, false);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("listen") => {
                let address = args.value()?.string()?;
                let parsed = address.parse();
                listen = Some(
                    parsed.context("--listen must be an IP address and a port, such as 127.0.0.1:8787 or [::]:80")?,
                );
            }
            Arg::Value(command) if command == "backup" && !is_backup => is_backup = true,
            Arg::Long("to") => to = Some(PathBuf::from(args.value()?)),
            Arg::Long("data") => data = Some(PathBuf::from(args.value()?)),
            Arg::Long("version") | Arg::Short('V') => return Ok(Command::Version),
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let data = data.context("--data is missing: the folder for the databases of the jobs; see --help")?;
    match (is_backup, to, listen) {
        (false, None, listen) => Ok(Command::Serve(Options { listen: listen.unwrap_or(LISTEN), data })),
        (true, Some(to), None) => Ok(Command::Backup { data, to }),
        (true, None, None) => bail!("--to is missing: the new folder for the backup; see --help"),
        (true, _, Some(_)) => bail!("`backup` has no --listen; see --help"),
        (false, Some(_), _) => bail!("only `backup` has --to; see --help"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Command> {
        parse(Parser::from_args(args))
    }

    #[test]
    fn a_data_folder_is_enough_to_serve_on_this_machine_alone() {
        let serve = |listen: &str| Command::Serve(Options { listen: listen.parse().unwrap(), data: "/data".into() });
        assert_eq!(parsed(&["--data", "/data"]).unwrap(), serve("127.0.0.1:8787"));
        assert_eq!(parsed(&["--listen", "[::]:80", "--data=/data"]).unwrap(), serve("[::]:80"));
    }

    #[test]
    fn a_backup_has_a_data_folder_and_a_new_one() {
        let backup = Command::Backup { data: "/data".into(), to: "/copy".into() };
        assert_eq!(parsed(&["backup", "--data", "/data", "--to", "/copy"]).unwrap(), backup);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let message = |args: &[&str]| format!("{:#}", parsed(args).unwrap_err());
        assert!(message(&[]).contains("--data is missing"));
        assert!(message(&["--data", "/data", "--listen", "localhost:80"]).contains("--listen must be an IP address"));
        assert!(message(&["--date", "/data"]).contains("--date"));
        assert!(message(&["/data"]).contains("/data"));
        assert!(message(&["backup", "--data", "/data"]).contains("--to is missing"));
        assert!(message(&["backup", "--to", "/copy"]).contains("--data is missing"));
        assert!(message(&["--data", "/data", "--to", "/copy"]).contains("only `backup` has --to"));
    }
}
