//! The data of the worker that the tests share.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
};

use anyhow::Result;
use nix::sys::statvfs::statvfs;

use crate::{files, project::Project};

/// A file system in memory, on Linux.
const MEMORY: &str = "/dev/shm";

/// Bytes that must be free there, which is several times what the tests write.
const ROOM: u64 = 4 << 30;

/// A folder that is deleted when the value is dropped.
pub(super) struct TestData(PathBuf);

impl TestData {
    /// An empty folder: in memory where there is room, because compilers write to the disk while some tests run, and a write that
    /// the worker has to wait for took eleven seconds then.
    ///
    /// # Errors
    ///
    /// When a former folder cannot be deleted.
    pub(super) fn new(project: &Project) -> Result<Self> {
        let memory = Path::new(MEMORY);
        let has_room = statvfs(memory).is_ok_and(|of| of.blocks_available().saturating_mul(of.fragment_size()) >= ROOM);
        let folder = if has_room {
            // Each clone has its own, which a run finds that follows one that was killed.
            let mut clone = DefaultHasher::new();
            project.root.hash(&mut clone);
            memory.join(format!("job-progress-test-{:016x}", clone.finish()))
        } else {
            project.scratch()?.join("test-data")
        };
        files::remove(&folder)?;
        Ok(Self(folder))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }
}

impl Drop for TestData {
    fn drop(&mut self) {
        // The next run deletes what is left.
        let _ = files::remove(&self.0);
    }
}
