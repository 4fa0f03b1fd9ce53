//! Work that a person can cancel and pause on the page.
use std::{thread, time::Duration};

use job_progress::{Client, ControlRequest, Job};

fn work(job: &Job) -> Result<(), &'static str> {
    for frame in job.track(0..200) {
        if job.is_pause_requested() {
            job.paused();
            while job.control().is_none_or(|control| control.request == ControlRequest::Pause) {
                thread::sleep(Duration::from_millis(100));
            }
            job.resumed();
        }
        if job.is_cancel_requested() {
            return Err("cancelled");
        }
        job.log(format!("frame {frame} is rendered"));
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let controls = [ControlRequest::Cancel, ControlRequest::Pause];
    client.job("render-7").controls(controls).run(work)?;
    Ok(())
}
