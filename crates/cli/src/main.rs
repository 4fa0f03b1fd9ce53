//! The command `jp`: reports, watches and controls jobs of a `job-progress` server from a terminal.
//!
//! [`commands`] has a file for each subcommand. All of them share the settings of the server, the output and the HTTP calls
//! here, and end with an [`exit::Exit`].
//!
//! # What this crate does not do
//!
//! It decides nothing about streams: `client` says when to connect, and its driver `client::native` does it.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "a program has a clock")]

mod api;
mod commands;
mod delivery;
mod document_view;
mod exit;
mod failure;
mod follower;
mod job_ids;
mod job_name;
mod log_line;
mod offline_token;
mod output;
mod page;
mod progress;
mod settings;
mod warnings;

use std::process::ExitCode;

use clap::Parser;

use crate::{commands::Command, exit::Exit, failure::Failure, output::Output, settings::Settings};

/// Report, watch and control jobs of a job-progress server.
#[derive(Debug, Parser)]
#[command(name = "jp", version, max_term_width = 100, after_help = exit::help())]
struct Arguments {
    #[command(flatten)]
    settings: Settings,

    /// Print JSON, one value a line
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.json);
    let exit = arguments.command.run(&arguments.settings, output).unwrap_or_else(|failure| {
        // A reader that has gone, as in `jp status x | head -1`, is no failure.
        if let Failure::OutputClosed = failure {
            return Exit::Success;
        }
        output.notice(format_args!("jp: {failure}"));
        failure.exit()
    });
    ExitCode::from(exit.code())
}
