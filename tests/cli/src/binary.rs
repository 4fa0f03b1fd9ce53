//! The built binary `jp`.

use std::{
    io::{self, Read as _},
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use contract::target::Target;

/// The path of the binary, which is built first. `JP` can name another one, for example that of a release.
///
/// # Panics
///
/// When it cannot be built.
pub fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if let Some(path) = std::env::var_os("JP") {
            return path.into();
        }
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "job-progress-cli", "--bin", "jp"]);
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(built.as_ref().is_ok_and(|status| status.success()), "jp cannot be built: {built:?}");
        // This test is target/<profile>/deps/<name>.
        let test = std::env::current_exe().ok();
        match test.as_deref().and_then(|test| test.parent()?.parent()) {
            Some(folder) => folder.join("jp"),
            None => panic!("the folder of this test is unknown: {test:?}"),
        }
    })
}

/// The command `jp` with these arguments, and with the settings of the server under test in its environment.
pub fn jp(arguments: &[&str]) -> Command {
    let mut command = bare(arguments);
    command.env("JOB_PROGRESS_URL", &Target::get().base_url).env("JOB_PROGRESS_KEY", &Target::get().key);
    command
}

/// The command `jp` with these arguments and without settings.
pub fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(path());
    let settings = ["URL", "KEY", "TOKEN", "SIGNING_SECRET", "PROJECT"];
    for name in settings {
        command.env_remove(format!("JOB_PROGRESS_{name}"));
    }
    command.args(arguments).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// What a command has printed, and its exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code, -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs a command to its end, with standard error in the same pipe as standard output, as `2>&1` does.
///
/// # Panics
///
/// When it cannot be started.
pub fn run_joined(mut command: Command) -> (i32, Vec<u8>) {
    let mut joined = || -> io::Result<_> {
        let (mut reader, writer) = io::pipe()?;
        let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
        // It has the other end of the pipe, which would never close.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut written = Vec::new();
        reader.read_to_end(&mut written)?;
        Ok((child.wait()?.code().unwrap_or(-1), written))
    };
    joined().unwrap_or_else(|error| panic!("the command cannot be run: {error}"))
}

/// Runs a command to its end.
///
/// # Panics
///
/// When it cannot be started.
pub fn run(mut command: Command) -> Ended {
    match command.output() {
        Ok(output) => output.into(),
        Err(error) => panic!("{command:?}: {error}"),
    }
}
