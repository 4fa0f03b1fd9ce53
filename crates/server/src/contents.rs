//! What the executable contains behind its own code: the runtime with the worker in it, and the static files.
//!
//! It is a tar archive, compressed with zstd; behind it are its length as eight bytes, and [`MARK`].

use std::{
    env,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// The last bytes of an executable with contents.
const MARK: &[u8; 8] = b"jobprog1";

/// Where the length and the mark begin, from the end of the file.
const TRAILER: i64 = -16;

/// The name of the runtime in the archive.
const RUNTIME: &str = "job-progress-runtime";

/// The name of the folder with the static files in the archive, as it is in the configuration of the runtime.
const ASSETS: &str = "assets";

/// How well the archive is compressed: level 19 takes a minute and saves a tenth.
const LEVEL: i32 = 9;

/// The folder into which they are unpacked, in the data folder. It holds nothing that a later start needs.
const FOLDER: &str = "run";

/// Writes `executable`: the file `program` and behind it the contents.
///
/// # Errors
///
/// A file cannot be read or written.
pub fn append(executable: &Path, program: &Path, runtime: &Path, assets: &Path) -> Result<()> {
    let mut file = File::create(executable).with_context(|| format!("cannot write {}", executable.display()))?;
    let start = io::copy(&mut File::open(program)?, &mut file)?;
    let mut archive = tar::Builder::new(zstd::Encoder::new(&file, LEVEL)?);
    archive.mode(tar::HeaderMode::Deterministic);
    archive.append_path_with_name(runtime, RUNTIME)?;
    archive.append_dir_all(ASSETS, assets)?;
    archive.into_inner()?.finish()?;
    let length = file.stream_position()?.saturating_sub(start);
    file.write_all(&length.to_le_bytes())?;
    file.write_all(MARK)?;
    Ok(())
}

/// The archive in the file of this program.
#[derive(Debug)]
pub struct Contents {
    file: File,
    start: u64,
    length: u64,
}

/// The unpacked contents.
#[derive(Debug)]
pub struct Unpacked {
    /// Their folder, in which the runtime finds the static files.
    pub folder: PathBuf,
    /// The runtime.
    pub runtime: PathBuf,
}

impl Contents {
    /// Finds them.
    ///
    /// # Errors
    ///
    /// This program was not made by `cargo xtask dist`, or its file was cut off.
    pub fn find() -> Result<Contents> {
        let path = env::current_exe().context("cannot find the file of this program")?;
        let mut file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (mut length, mut mark) = ([0; 8], [0; 8]);
        let end = file.seek(SeekFrom::End(TRAILER))?;
        file.read_exact(&mut length)?;
        file.read_exact(&mut mark)?;
        let length = u64::from_le_bytes(length);
        match end.checked_sub(length) {
            Some(start) if mark == *MARK => Ok(Contents { file, start, length }),
            _ => bail!(
                "{} is not complete: it contains no runtime. `cargo xtask dist` makes a complete one",
                path.display()
            ),
        }
    }

    /// Unpacks them into the data folder, in place of what an earlier start has left.
    ///
    /// # Errors
    ///
    /// The data folder is full or not writable.
    pub fn unpack(mut self, data: &Path) -> Result<Unpacked> {
        let folder = data.join(FOLDER);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        self.file.seek(SeekFrom::Start(self.start))?;
        let archive = zstd::Decoder::new(self.file.take(self.length))?;
        let unpacked = tar::Archive::new(archive).unpack(&folder);
        unpacked.with_context(|| format!("cannot unpack the runtime into {}", folder.display()))?;
        Ok(Unpacked { runtime: folder.join(RUNTIME), folder })
    }
}

impl Unpacked {
    /// Removes the file of the runtime once it runs: the system keeps it for as long as it does.
    ///
    /// # Errors
    ///
    /// The data folder is not writable any more.
    pub fn remove_runtime(&self) -> Result<()> {
        fs::remove_file(&self.runtime).with_context(|| format!("cannot remove {}", self.runtime.display()))
    }

    /// Removes everything, once the runtime has ended.
    ///
    /// # Errors
    ///
    /// The data folder is not writable any more.
    pub fn remove(&self) -> Result<()> {
        fs::remove_dir_all(&self.folder).with_context(|| format!("cannot remove {}", self.folder.display()))
    }
}
