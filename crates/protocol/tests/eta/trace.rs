//! Reads the recorded traces.

use std::{fs, path::Path};

use protocol::{
    Timestamp,
    eta::{PhaseKey, Sample},
};

/// One recorded run.
pub(crate) struct Trace {
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
}

/// One line of a trace.
#[derive(Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) ms: u64,
    pub(crate) done: f64,
    pub(crate) total: f64,
    pub(crate) unit: String,
    pub(crate) step: Option<String>,
}

impl Row {
    fn parse(line: &str) -> Row {
        let fields: Vec<&str> = line.split(' ').collect();
        let [ms, done, total, unit, step] = fields[..] else { panic!("five fields are expected: {line}") };
        Row {
            ms: ms.parse().unwrap(),
            done: done.parse().unwrap(),
            total: total.parse().unwrap(),
            unit: unit.into(),
            step: (step != "-").then(|| step.into()),
        }
    }

    pub(crate) fn sample(&self) -> Sample {
        let step = self.step.as_deref();
        let phase = if self.unit == "%" { PhaseKey::percent(step) } else { PhaseKey::units(Some(&self.unit), step) };
        Sample {
            at: Timestamp::from_millis(1_700_000_000_000 + self.ms),
            done: self.done,
            total: Some(self.total),
            phase,
        }
    }

    /// Whether the next row counts on towards the same total.
    pub(crate) fn same_course(&self, next: &Row) -> bool {
        self.unit == next.unit && self.total == next.total && self.done <= next.done
    }

    /// Whether the next row counts half of the work at once, which nobody did in that time.
    pub(crate) fn skips_to(&self, next: &Row) -> bool {
        next.done - self.done > self.total / 2.0
    }

    /// Whether the next row counts on in the same phase.
    pub(crate) fn same_phase(&self, next: &Row) -> bool {
        self.same_course(next) && self.step == next.step
    }
}

/// All traces, by name.
pub(crate) fn all() -> Vec<Trace> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let mut traces: Vec<Trace> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| Trace {
            name: path.file_stem().unwrap().to_str().unwrap().into(),
            rows: fs::read_to_string(&path)
                .unwrap()
                .lines()
                .filter(|line| !line.starts_with('#'))
                .map(Row::parse)
                .collect(),
        })
        .collect();
    traces.sort_by(|a, b| a.name.cmp(&b.name));
    traces
}
