//! Signals to processes.

use std::{fs, process::Command};

/// Sends a signal, such as `TERM`, with the program `kill`.
///
/// # Panics
///
/// When there is no such process.
pub fn send(signal: &str, pid: u32) {
    let status = Command::new("kill").args(["-s", signal, &pid.to_string()]).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "kill {pid}: {status:?}");
}

/// The state of a process, such as `S` (it sleeps) or `T` (it is stopped); `None` if there is no such process.
pub fn state(pid: u32) -> Option<char> {
    // Linux has it in a file, macOS only in `ps`.
    if let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) {
        return stat.rsplit(") ").next()?.chars().next();
    }
    let output = Command::new("ps").args(["-o", "state=", "-p", &pid.to_string()]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().chars().next()
}
