//! The streams of a command, which are passed on to ours.

use std::{
    fs::File,
    io,
    os::{
        fd::AsFd as _,
        unix::fs::{FileTypeExt as _, MetadataExt as _},
    },
};

/// An output stream of the command, and ours to which it is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// Our stream itself: the buffer of the standard library would delay what has no line feed yet.
    pub(super) fn open(self) -> io::Result<File> {
        let owned = match self {
            Stream::Stdout => io::stdout().as_fd().try_clone_to_owned(),
            Stream::Stderr => io::stderr().as_fd().try_clone_to_owned(),
        };
        owned.map(File::from)
    }
}

/// Whether our standard output goes to a program or a file and our standard error does not go there too. Terminals and
/// `/dev/null` are neither.
pub(super) fn is_stdout_for_others() -> io::Result<bool> {
    let (stdout, stderr) = (Stream::Stdout.open()?.metadata()?, Stream::Stderr.open()?.metadata()?);
    let is_same = (stdout.dev(), stdout.ino()) == (stderr.dev(), stderr.ino());
    Ok(!stdout.file_type().is_char_device() && !is_same)
}
