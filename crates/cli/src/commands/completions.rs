//! `jp completions`: prints the completion script of a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::{exit::Exit, failure::Failure, output::Output};

/// The arguments of `jp completions`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut crate::Arguments::command(), "jp", &mut script);
    output.line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Success)
}
