//! The cost of a process, read from Linux.

use std::fs;

use anyhow::{Context, Result};

/// The processes of servers that serve the same jobs, and where they listen.
#[derive(Clone, Debug)]
pub struct Processes {
    /// The port of each.
    pub ports: Vec<u16>,
    /// The process ids whose costs count.
    pub pids: Vec<i32>,
    /// Whether they pass reports on as they are, instead of answering and sending documents with a `seq`.
    pub relay: bool,
}

impl Processes {
    /// The processor seconds that they have used.
    pub fn cpu_seconds(&self) -> Result<f64> {
        self.pids.iter().map(|pid| cpu_seconds(*pid)).sum()
    }

    /// Their resident memory in megabytes.
    pub fn memory_mb(&self) -> Result<f64> {
        self.pids.iter().map(|pid| memory_mb(*pid)).sum()
    }
}

/// The processor seconds that a process has used in all its threads.
pub fn cpu_seconds(pid: i32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    // The name may contain spaces, so the fields are counted behind it: fields 14 and 15, two of which precede the name.
    let fields: Vec<&str> = stat.rsplit_once(") ").context("the process has no stat")?.1.split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    // For programs Linux always counts a hundred ticks a second, independent of its own clock.
    Ok((ticks(11) + ticks(12)) / 100.0)
}

/// The milliseconds for which the first thread of a process was ready to run and had no processor. The event loop of workerd is
/// this thread.
pub fn waited_ms(pid: i32) -> Result<i64> {
    waited_ms_of(&pid.to_string())
}

/// The same of the thread that calls.
pub fn own_waited_ms() -> Result<i64> {
    waited_ms_of("thread-self")
}

fn waited_ms_of(process: &str) -> Result<i64> {
    let stat = fs::read_to_string(format!("/proc/{process}/schedstat")).context("Linux counts no waiting times")?;
    // The second of three fields, in nanoseconds (https://docs.kernel.org/scheduler/sched-stats.html).
    let nanos: i64 = stat.split(' ').nth(1).context("schedstat has no second field")?.parse()?;
    Ok(nanos / 1_000_000)
}

/// The resident memory of a process in megabytes.
pub fn memory_mb(pid: i32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024.0)
}

/// Whether a process has ended, even if its parent has not waited for it yet.
pub fn is_dead(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with('Z'))
}

/// A process and its descendants.
pub fn tree(pid: i32) -> Result<Vec<i32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(child) = entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        // A process that has ended since is none, and one that nobody has waited for has neither memory nor children.
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let Some((_, fields)) = stat.rsplit_once(") ") else { continue };
        if let Some(parent) = fields.split(' ').nth(1).and_then(|parent| parent.parse::<i32>().ok())
            && !fields.starts_with('Z')
        {
            parents.push((child, parent));
        }
    }
    let mut tree = vec![pid];
    let mut next = 0;
    while let Some(parent) = tree.get(next).copied() {
        tree.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| child));
        next += 1;
    }
    Ok(tree)
}

/// The process that is the only child of another one.
pub fn only_child(pid: i32) -> Result<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).context("Linux lists no children")?;
    children.trim().parse().with_context(|| format!("process {pid} has not one child: {children}"))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn a_tree_holds_the_process_and_those_that_it_has_started() {
        // The inner shell ends with its standard input, which is ours.
        let mut command = Command::new("sh");
        command.args(["-c", "sh -c 'echo $$; read line; exit'; exit"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (outer, inner) = (i32::try_from(shell.id()).unwrap(), line.trim().parse().unwrap());
        assert_eq!(tree(outer).unwrap(), [outer, inner]);
        assert_eq!(tree(inner).unwrap(), [inner]);
        drop(shell.stdin.take());
        shell.wait().unwrap();
    }
}
