//! Commands that need the rights of root.

use std::process::Command;

use crate::steps;

/// A command that runs with the rights of root: as it is, or through a `sudo` that asks for no password. `None` without either.
pub(crate) fn command(program: &str) -> Option<Command> {
    if steps::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0") {
        return Some(Command::new(program));
    }
    steps::output(Command::new("sudo").args(["-n", "true"])).ok()?;
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", program]);
    Some(sudo)
}
