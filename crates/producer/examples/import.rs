//! Imports files and shows the progress live.
use std::{fs, io, thread, time::Duration};

use job_progress::Client;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let job = client.job("import-42").unit("files").start();
    if let Some(page) = job.links().and_then(|links| links.page) {
        println!("Watch it: {page}");
    }

    for entry in job.track(fs::read_dir(".")?.collect::<io::Result<Vec<_>>>()?) {
        job.message(format!("Reading {}", entry.file_name().display()));
        job.log(format!("{} bytes", entry.metadata()?.len()));
        thread::sleep(Duration::from_millis(100)); // your work
    }
    job.complete();
    Ok(())
}
