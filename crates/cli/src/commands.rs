//! The subcommands, each in a file of its own.

mod status;

use clap::Subcommand;

use crate::{exit::Exit, failure::Failure, output::Output, settings::Settings};

/// A subcommand and its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show one job
    Status(status::Arguments),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(self, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
        match self {
            Command::Status(arguments) => status::run(&arguments, settings, *output),
        }
    }
}
