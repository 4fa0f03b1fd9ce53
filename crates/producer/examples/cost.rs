//! Measures what a call of `update` costs, and shows that the server gets the true last state.
//!
//! `JOB_PROGRESS_URL=… JOB_PROGRESS_KEY=… cargo run --release --package job-progress --example cost`
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::{error::Error, hint::black_box, time::Instant};

use job_progress::{Client, Status};

/// How often `update` is called.
const UPDATES: u32 = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let id = format!("cost-{}", std::process::id());
    let job = Client::from_env()?.job(&id).start();
    let started = Instant::now();
    for done in 1..=UPDATES {
        job.update(black_box(done), UPDATES);
    }
    let each = started.elapsed().as_secs_f64() * 1e6 / f64::from(UPDATES);
    job.complete();
    let status = job.status();
    job.close()?;
    println!("{each:.3} µs per update; job {id}, last known state {}", status.map_or("none", Status::as_str));
    Ok(())
}
