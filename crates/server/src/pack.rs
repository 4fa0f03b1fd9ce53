//! Makes the executable `job-progress` complete; `cargo xtask dist` runs it.
//!
//! `job-progress-pack EXECUTABLE PROGRAM RUNTIME CONFIG ASSETS`

use std::{env, path::Path};

use anyhow::{Result, bail};
use server::contents;

fn main() -> Result<()> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let [executable, program, runtime, config, assets] = args.as_slice() else {
        bail!(
            "expected five paths: the executable to write, the program, the runtime, its configurations, the static files"
        );
    };
    let [executable, program, runtime, config, assets] = [executable, program, runtime, config, assets].map(Path::new);
    contents::append(executable, program, runtime, config, assets)
}
