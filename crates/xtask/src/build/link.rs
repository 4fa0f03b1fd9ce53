//! The linker of the element: rustc's own, without the exports that the element does not need, and with a smaller stack.
//!
//! Crates that ours depend on export functions of their own: `leptos` exports the streams of its server functions. An
//! export is a root for the linker, so it stays, with all functions it calls and all data it names: 5 KB of gzip. rustc
//! passes each export to the linker by name. This program takes the linker's place, changes the arguments, and then becomes
//! the linker.
//!
//! The stack is below all data, so its size is part of each address of data in the code. A smaller one makes each of them a
//! byte shorter.

use std::{env, ffi::OsString, os::unix::process::CommandExt, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{process, setup, steps};

/// The first argument with which rustc calls a linker of this kind.
pub(crate) const CALLED_WITH: &str = "-flavor";

/// The environment variable that names the real linker.
const LLD: &str = "XTASK_RUST_LLD";

/// Parts of the names of exports that are not ours.
pub(super) const NOT_OURS: &[&str] = &["intounderlying", "_WASM_SPLIT_MARKER"];

/// The stack that rustc asks for, and the one that the element gets: it has no recursion. A stack that overflows ends at
/// address 0, so that it traps.
const STACK: (&str, &str) = ("stack-size=1048576", "stack-size=65536");

/// Makes `cargo` link through this program if rustc's linker is found. Otherwise the element works too, and is larger.
pub(super) fn wrap_linker(cargo: &mut Command) -> Result<()> {
    let print = |what: &str| steps::output(Command::new("rustc").args(["--print", what]));
    let dir = PathBuf::from(print("sysroot")?).join("lib/rustlib").join(print("host-tuple")?).join("bin");
    let lld = dir.join(format!("rust-lld{}", env::consts::EXE_SUFFIX));
    if lld.is_file() {
        let target = setup::WASM.to_uppercase().replace('-', "_");
        cargo.env(format!("CARGO_TARGET_{target}_LINKER"), process::current_exe()?).env(LLD, lld);
    }
    Ok(())
}

/// What rustc calls: becomes the linker.
///
/// # Errors
///
/// When no export was removed or no stack was made smaller: then this program has no effect any more, which only the size of
/// the element would show.
pub(crate) fn command() -> Result<()> {
    let lld = env::var_os(LLD).with_context(|| format!("{LLD} is not set; only rustc calls this"))?;
    let called: Vec<OsString> = env::args_os().skip(1).collect();
    let mut kept = without_foreign_exports(&called);
    if kept.len() == called.len() {
        bail!(
            "rustc asks for no export with {} in its name: has leptos renamed them, or are the arguments in a response \
             file? Update NOT_OURS in crates/xtask/src/build/link.rs, or remove that file if it is not needed any more",
            NOT_OURS.join(" or ")
        );
    }
    let (asked, given) = (OsString::from(STACK.0), OsString::from(STACK.1));
    let Some(size) = kept.iter_mut().find(|arg| ***arg == asked) else {
        bail!("rustc asks for no {}; update STACK in crates/xtask/src/build/link.rs", STACK.0);
    };
    *size = &given;
    let error = Command::new(&lld).args(kept).exec();
    Err(error).with_context(|| format!("cannot run {}", lld.display()))
}

fn without_foreign_exports(args: &[OsString]) -> Vec<&OsString> {
    let mut kept: Vec<&OsString> = Vec::new();
    for arg in args {
        let is_export = kept.last().is_some_and(|before| *before == "--export");
        let name = arg.to_string_lossy();
        if is_export && NOT_OURS.iter().any(|part| name.contains(part)) {
            kept.pop();
        } else {
            kept.push(arg);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::without_foreign_exports;

    #[test]
    fn only_exports_of_other_crates_are_removed() {
        let args = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        let called = args("-flavor wasm --export style_3f --export intounderlyingsink_close_58 -o intounderlying.wasm");
        let wanted = args("-flavor wasm --export style_3f -o intounderlying.wasm");
        assert!(without_foreign_exports(&called).into_iter().eq(&wanted));
    }
}
