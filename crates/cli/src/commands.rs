//! The subcommands, each in a file of its own.

mod completions;
mod control;
mod delete;
mod list;
mod logs;
mod pipe;
mod report;
mod run;
mod status;
mod token;
mod watch;

use clap::Subcommand;
use control::{CancelArguments, CancelOptions};
use protocol::control::ControlRequest;

use crate::{exit::Exit, failure::Failure, output::Output, settings::Settings};

/// A subcommand and its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a command and report it as a job
    Run(run::Arguments),
    /// Copy standard input to standard output and report the bytes as a job
    Pipe(pipe::Arguments),
    /// Send one report of a job
    Report(report::Arguments),
    /// Show the live progress of jobs until they end
    Watch(watch::Arguments),
    /// Show a table of jobs
    List(list::Arguments),
    /// Show one job
    Status(status::Arguments),
    /// Show the log of a job
    Logs(logs::Arguments),
    /// Request that jobs be cancelled
    Cancel(CancelArguments),
    /// Request that jobs pause
    Pause(control::Arguments),
    /// Request that paused jobs continue
    Resume(control::Arguments),
    /// Begin another attempt of jobs that have failed, were cancelled or timed out
    Retry(control::Arguments),
    /// Delete jobs with their logs
    Delete(delete::Arguments),
    /// Mint a token, for example for a page that shows jobs
    Token(token::Arguments),
    /// Print the completion script of a shell
    Completions(completions::Arguments),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(self, settings: &Settings, output: Output) -> Result<Exit, Failure> {
        match self {
            Command::Run(arguments) => run::run(arguments, settings, output),
            Command::Pipe(arguments) => pipe::run(&arguments, settings, output),
            Command::Report(arguments) => report::run(&arguments, settings, output),
            Command::Watch(arguments) => watch::run(arguments, settings, output),
            Command::List(arguments) => list::run(arguments, settings, output),
            Command::Status(arguments) => status::run(&arguments, settings, output),
            Command::Logs(arguments) => logs::run(&arguments, settings, output),
            Command::Cancel(arguments) => {
                let CancelArguments { shared, force, children } = arguments;
                control::run(ControlRequest::Cancel, shared, CancelOptions { force, children }, settings, output)
            }
            Command::Pause(arguments) => {
                control::run(ControlRequest::Pause, arguments, CancelOptions::default(), settings, output)
            }
            Command::Resume(arguments) => {
                control::run(ControlRequest::Resume, arguments, CancelOptions::default(), settings, output)
            }
            Command::Retry(arguments) => {
                control::run(ControlRequest::Retry, arguments, CancelOptions::default(), settings, output)
            }
            Command::Delete(arguments) => delete::run(arguments, settings, output),
            Command::Token(arguments) => token::run(arguments, settings, output),
            Command::Completions(arguments) => completions::run(&arguments, output),
        }
    }
}
