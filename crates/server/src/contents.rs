//! What the executable contains behind its own code: the runtime, its configurations with the worker, and the static files.
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

/// The name of the folder with the configurations in the archive.
const CONFIG: &str = "config";

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
pub fn append(executable: &Path, program: &Path, runtime: &Path, config: &Path, assets: &Path) -> Result<()> {
    // The file of a server that runs cannot be written, but it can be replaced.
    let _ = fs::remove_file(executable);
    let mut file = File::create(executable).with_context(|| format!("cannot write {}", executable.display()))?;
    let start = io::copy(&mut File::open(program)?, &mut file)?;
    let mut archive = tar::Builder::new(zstd::Encoder::new(&file, LEVEL)?);
    // The runtime makes the ETag of a file from its size and its time, so the times are kept: with the same time everywhere,
    // a browser would take a changed file of the same size for the one that it has.
    archive.mode(tar::HeaderMode::Complete);
    archive.append_path_with_name(runtime, RUNTIME)?;
    archive.append_dir_all(CONFIG, config)?;
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
    /// The folder of the configurations.
    pub config: PathBuf,
}

impl Contents {
    /// Finds them.
    ///
    /// # Errors
    ///
    /// This program was not made by `cargo xtask dist`, or its file was cut off.
    pub fn find() -> Result<Contents> {
        Contents::of(&env::current_exe().context("cannot find the file of this program")?)
    }

    fn of(path: &Path) -> Result<Contents> {
        let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
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
        Ok(Unpacked { runtime: folder.join(RUNTIME), config: folder.join(CONFIG), folder })
    }
}

impl Unpacked {
    /// Removes the file of the runtime and its configuration once it runs. The system keeps the file for as long as it does;
    /// the configuration, which may contain a secret, has been read.
    ///
    /// # Errors
    ///
    /// The data folder is not writable any more.
    pub fn remove_runtime(&self) -> Result<()> {
        fs::remove_file(&self.runtime).with_context(|| format!("cannot remove {}", self.runtime.display()))?;
        fs::remove_dir_all(&self.config).with_context(|| format!("cannot remove {}", self.config.display()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_unpacked_with_its_time_in_place_of_what_was_there() {
        let dir = env::temp_dir().join(format!("job-progress-contents-{}", std::process::id()));
        let (assets, data, executable) = (dir.join("assets"), dir.join("data"), dir.join("executable"));
        let config = dir.join("config");
        fs::create_dir_all(&assets).unwrap();
        fs::create_dir_all(&config).unwrap();
        fs::create_dir_all(data.join(FOLDER).join("older")).unwrap();
        for (path, text) in [
            (dir.join("program"), "program"),
            (dir.join("runtime"), "runtime"),
            (assets.join("a.js"), "a"),
            (config.join("c"), "c"),
        ] {
            fs::write(path, text).unwrap();
        }
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        File::options().write(true).open(assets.join("a.js")).unwrap().set_modified(time).unwrap();
        assert!(Contents::of(&dir.join("program")).is_err());

        append(&executable, &dir.join("program"), &dir.join("runtime"), &config, &assets).unwrap();
        assert!(fs::read(&executable).unwrap().starts_with(b"program"));
        let unpacked = Contents::of(&executable).unwrap().unpack(&data).unwrap();
        assert_eq!(fs::read_to_string(&unpacked.runtime).unwrap(), "runtime");
        let file = unpacked.folder.join(ASSETS).join("a.js");
        assert_eq!(
            (fs::read_to_string(&file).unwrap().as_str(), fs::metadata(&file).unwrap().modified().unwrap()),
            ("a", time)
        );
        assert!(!unpacked.folder.join("older").exists());
        assert_eq!(fs::read_to_string(unpacked.config.join("c")).unwrap(), "c");
        unpacked.remove_runtime().unwrap();
        assert!(!unpacked.config.exists() && !unpacked.runtime.exists());
        unpacked.remove().unwrap();
        assert!(!data.join(FOLDER).exists());
        fs::remove_dir_all(&dir).unwrap();
    }
}
