//! Makes the executable `job-progress` complete; `cargo xtask dist` runs it.
//!
//! `job-progress-pack EXECUTABLE PROGRAM RUNTIME ASSETS`

use std::{env, path::Path};

use anyhow::{Result, bail};
use server::contents;

fn main() -> Result<()> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let [executable, program, runtime, assets] = args.as_slice() else {
        bail!("expected four paths: the executable to write, the program, the runtime, the static files");
    };
    contents::append(Path::new(executable), Path::new(program), Path::new(runtime), Path::new(assets))
}
