//! The element's linker: rustc's own, without the exports that nobody asks the element for.
//!
//! Crates that ours depend on export functions of their own: `leptos` brings the streams of its server functions. What
//! is exported is a root to the linker, so it stays, with all it calls and all data it names: 5 KB of gzip. rustc asks
//! the linker for each export by name; we stand in between and leave those out.

use crate::{process, setup, steps};
use anyhow::{Context, Result};
use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// What rustc says first when it calls a linker of this kind.
pub(crate) const CALLED_WITH: &str = "-flavor";

/// Names the linker that does the work.
const LLD: &str = "XTASK_RUST_LLD";

/// What the names of exports hold that are not ours.
const NOT_OURS: &[&str] = &["intounderlying", "_WASM_SPLIT_MARKER"];

/// Lets `cargo` link through us, where rustc's own linker is found. Without it the element works too, and is heavier.
pub(super) fn wrap_linker(cargo: &mut Command) -> Result<()> {
    let tell = |what: &str| steps::output(Command::new("rustc").args(["--print", what]));
    let dir = PathBuf::from(tell("sysroot")?).join("lib/rustlib").join(tell("host-tuple")?).join("bin");
    let lld = dir.join(format!("rust-lld{}", env::consts::EXE_SUFFIX));
    if lld.is_file() {
        let target = setup::WASM.to_uppercase().replace('-', "_");
        cargo.env(format!("CARGO_TARGET_{target}_LINKER"), process::current_exe()?).env(LLD, lld);
    }
    Ok(())
}

/// What rustc calls: becomes the linker.
pub(crate) fn command() -> Result<()> {
    let lld = env::var_os(LLD).with_context(|| format!("{LLD} is not set; this is called by rustc alone"))?;
    let error = Command::new(&lld).args(without_foreign_exports(env::args_os().skip(1))).exec();
    Err(error).with_context(|| format!("cannot run {}", lld.display()))
}

fn without_foreign_exports(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut kept: Vec<OsString> = Vec::new();
    for arg in args {
        let is_export = kept.last().is_some_and(|before| before == "--export");
        let name = arg.to_string_lossy();
        if is_export && NOT_OURS.iter().any(|word| name.contains(word)) {
            kept.pop();
        } else {
            kept.push(arg);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::without_foreign_exports;
    use std::ffi::OsString;

    #[test]
    fn exports_of_others_are_left_out_and_all_else_stays() {
        let args = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        let called = args("-flavor wasm --export style_3f --export intounderlyingsink_close_58 -o intounderlying.wasm");
        let wanted = args("-flavor wasm --export style_3f -o intounderlying.wasm");
        assert_eq!(without_foreign_exports(called.into_iter()), wanted);
    }
}
