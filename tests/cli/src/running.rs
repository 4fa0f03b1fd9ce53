//! A running command, and what it prints line by line.

use std::{
    io::{BufRead as _, BufReader, Read},
    process::{Child, Command, Stdio},
};

/// A running command; dropping it ends it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    out: Lines,
    err: Lines,
}

impl Running {
    /// Starts a command.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start(mut command: Command) -> Running {
        let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (out, err) = (Lines::new(child.stdout.take()), Lines::new(child.stderr.take()));
        Running { child, out, err }
    }

    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard output.
    ///
    /// # Panics
    ///
    /// When the command has ended.
    pub fn line(&mut self) -> String {
        self.out.next().unwrap_or_else(|| panic!("the command has ended without another line"))
    }

    /// The next line of standard error.
    ///
    /// # Panics
    ///
    /// When the command has ended.
    pub fn notice(&mut self) -> String {
        self.err.next().unwrap_or_else(|| panic!("the command has ended without another notice"))
    }

    /// The lines of standard output that follow, and the exit code, -1 after a signal.
    pub fn rest(mut self) -> (Vec<String>, i32) {
        let lines = self.out.by_ref().collect();
        (lines, self.child.wait().ok().and_then(|status| status.code()).unwrap_or(-1))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a pipe.
struct Lines(BufReader<Box<dyn Read + Send>>);

impl Lines {
    fn new(pipe: Option<impl Read + Send + 'static>) -> Lines {
        match pipe {
            Some(pipe) => Lines(BufReader::new(Box::new(pipe))),
            None => panic!("the output of the command is not piped"),
        }
    }
}

impl Iterator for Lines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(1..) => Some(line.trim_end_matches('\n').to_owned()),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}
