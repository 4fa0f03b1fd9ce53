//! The warnings of the producer, on standard error.

use log::{LevelFilter, Log, Metadata, Record};

use crate::output::Output;

/// Prints the warnings of the crate `job_progress`.
struct Warnings(Output);

impl Log for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("job_progress")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.notice(format_args!("jp: {}", record.args()));
        }
    }

    fn flush(&self) {}
}

/// Shows warnings from now on.
pub(crate) fn show(output: Output) {
    // A program sets its logger once; `jp` calls this once.
    if log::set_boxed_logger(Box::new(Warnings(output))).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}
