//! A wall clock that a test sets, by a library that is loaded before libc.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::PathBuf,
    process::Command,
};

use bench::{
    key::Key,
    server::{Folder, Kind, Server},
};

/// A wall clock that a server has and the test sets.
pub(crate) struct OffsetClock {
    library: PathBuf,
    file: PathBuf,
}

impl OffsetClock {
    /// The right time.
    pub(crate) fn new(folder: &Folder) -> OffsetClock {
        let (library, file) = (folder.path().join("offset.so"), folder.path().join("offset"));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/offset_clock/offset.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(source)
            .status();
        assert!(compiled.expect("a C compiler, which Rust needs too").success());
        fs::write(&file, 0_i64.to_ne_bytes()).unwrap();
        OffsetClock { library, file }
    }

    /// Sets the clock so many seconds before or after the right time, also of a server that is running.
    pub(crate) fn set(&self, seconds: i64) {
        let millis = seconds * 1_000;
        // The file keeps its length: the server has mapped it.
        File::options().write(true).open(&self.file).unwrap().write_all_at(&millis.to_ne_bytes(), 0).unwrap();
    }

    /// Starts a server with this clock.
    pub(crate) fn server(&self, folder: &Folder, key: &Key) -> Server {
        let variables = [("LD_PRELOAD", self.library.as_path()), ("CLOCK_OFFSET", self.file.as_path())];
        Server::with_environment(Kind::Ours, &variables, folder, key).unwrap()
    }
}
