//! The metrics of a server, in the OpenMetrics format (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).

use std::{collections::BTreeMap, fmt::Write as _};

use crate::rate_limit::Class;

/// The media type of the format.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The upper bounds of the buckets for the time to a response: milliseconds, and the same in seconds as the format has them.
const BUCKETS: [(u64, &str); 11] = [
    (5, "0.005"),
    (10, "0.01"),
    (25, "0.025"),
    (50, "0.05"),
    (100, "0.1"),
    (250, "0.25"),
    (500, "0.5"),
    (1_000, "1.0"),
    (2_500, "2.5"),
    (10_000, "10.0"),
    (60_000, "60.0"),
];

/// What a server has counted since its start. The number of series is bounded: names of jobs and projects are in none.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// By the template of the route and the status.
    requests: BTreeMap<(&'static str, u16), u64>,
    durations: BTreeMap<&'static str, Durations>,
    streams: u64,
    open_streams: u64,
    reports: u64,
    refused: BTreeMap<&'static str, u64>,
    /// By the class of the object.
    rows: BTreeMap<&'static str, u64>,
    index_calls: u64,
    parent_calls: u64,
}

/// The classes of the objects that write rows, as a metric names them.
const OBJECTS: [&str; 2] = ["job", "index"];

/// The times to the responses of a route.
#[derive(Clone, Debug, Default)]
struct Durations {
    /// How many were in each bucket and in none below; those above the last bucket are only in `count`.
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum_ms: u64,
}

impl Metrics {
    /// Counts a response; `route` is the template of its route, or `-`. The response of a stream is its beginning.
    pub fn answered(&mut self, route: &'static str, status: u16, millis: u64) {
        increase(self.requests.entry((route, status)).or_default(), 1);
        let durations = self.durations.entry(route).or_default();
        if let Some(index) = BUCKETS.iter().position(|(bound, _)| millis <= *bound)
            && let Some(bucket) = durations.buckets.get_mut(index)
        {
            increase(bucket, 1);
        }
        increase(&mut durations.count, 1);
        increase(&mut durations.sum_ms, millis);
    }

    /// Counts reports that were answered.
    pub fn reported(&mut self, reports: usize) {
        increase(&mut self.reports, u64::try_from(reports).unwrap_or(u64::MAX));
    }

    /// Counts a stream that was opened.
    pub fn stream_opened(&mut self) {
        increase(&mut self.streams, 1);
        increase(&mut self.open_streams, 1);
    }

    /// Counts a stream that has ended.
    pub fn stream_ended(&mut self) {
        self.open_streams = self.open_streams.saturating_sub(1);
    }

    /// Counts a request that a rate limit has refused.
    pub fn refused(&mut self, class: Class) {
        increase(self.refused.entry(class.name()).or_default(), 1);
    }

    /// Counts rows that the object of a job has written; an alarm that is set is one.
    pub fn job_wrote(&mut self, rows: usize) {
        self.wrote("job", rows);
    }

    /// Counts rows that a shard of an index has written.
    pub fn index_wrote(&mut self, rows: usize) {
        self.wrote("index", rows);
    }

    fn wrote(&mut self, object: &'static str, rows: usize) {
        increase(self.rows.entry(object).or_default(), u64::try_from(rows).unwrap_or(u64::MAX));
    }

    /// Counts a call of a job's object to the index.
    pub fn index_called(&mut self) {
        increase(&mut self.index_calls, 1);
    }

    /// Counts a call of a job's object to that of its parent.
    pub fn parent_called(&mut self) {
        increase(&mut self.parent_calls, 1);
    }

    /// All metrics as text; `jobs` is the number of jobs that may be in memory now, if it is known.
    ///
    /// ```
    /// let mut metrics = engine::metrics::Metrics::default();
    /// metrics.answered("/healthz", 200, 1);
    /// assert!(metrics.text(None).contains("job_progress_requests_total{route=\"/healthz\",status=\"200\"} 1\n"));
    /// ```
    pub fn text(&self, jobs: Option<usize>) -> String {
        let mut text = Text::default();
        text.family("requests", "counter", "Requests that the worker has answered; static files are not among them.");
        for ((route, status), count) in &self.requests {
            text.sample(&format!("requests_total{{route=\"{route}\",status=\"{status}\"}}"), count);
        }
        text.family(
            "request_duration_seconds",
            "histogram",
            "The time to the response; for a stream, to its beginning.",
        );
        for (route, durations) in &self.durations {
            let mut below = 0_u64;
            for ((_, bound), count) in BUCKETS.iter().zip(durations.buckets) {
                increase(&mut below, count);
                text.sample(&format!("request_duration_seconds_bucket{{route=\"{route}\",le=\"{bound}\"}}"), below);
            }
            let Durations { count, sum_ms, .. } = durations;
            text.sample(&format!("request_duration_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}}"), count);
            text.sample(&format!("request_duration_seconds_count{{route=\"{route}\"}}"), count);
            let sum = format!("{}.{:03}", sum_ms / 1000, sum_ms % 1000);
            text.sample(&format!("request_duration_seconds_sum{{route=\"{route}\"}}"), sum);
        }
        text.family("reports", "counter", "Reports that were answered; a request can contain several.");
        text.sample("reports_total", self.reports);
        text.family("streams", "counter", "Streams that were opened.");
        text.sample("streams_total", self.streams);
        text.family("open_streams", "gauge", "Streams that are open.");
        text.sample("open_streams", self.open_streams);
        text.family("refused", "counter", "Requests that a rate limit has refused.");
        for class in Class::ALL {
            let count = self.refused.get(class.name()).copied().unwrap_or_default();
            text.sample(&format!("refused_total{{limit=\"{}\"}}", class.name()), count);
        }
        text.family("rows_written", "counter", "Rows that objects have written; an alarm that is set is one.");
        for object in OBJECTS {
            let count = self.rows.get(object).copied().unwrap_or_default();
            text.sample(&format!("rows_written_total{{object=\"{object}\"}}"), count);
        }
        text.family("index_calls", "counter", "Calls of jobs to the index, repeated ones included.");
        text.sample("index_calls_total", self.index_calls);
        text.family("parent_calls", "counter", "Calls of jobs to their parents, repeated ones included.");
        text.sample("parent_calls_total", self.parent_calls);
        if let Some(jobs) = jobs {
            text.family("jobs_in_memory", "gauge", "Jobs that were used within the last 15 seconds.");
            text.sample("jobs_in_memory", jobs);
        }
        text.0 + "# EOF\n"
    }
}

/// A text in the format. Writing to it does not fail.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# TYPE job_progress_{name} {kind}\n# HELP job_progress_{name} {help}");
    }

    fn sample(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "job_progress_{name} {value}");
    }
}

fn increase(count: &mut u64, by: u64) {
    *count = count.saturating_add(by);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_response_is_counted_by_route_and_status_and_is_in_every_bucket_above_its_time() {
        let mut metrics = Metrics::default();
        for (status, millis) in [(200, 0), (200, 10), (200, 11), (404, 60_001)] {
            metrics.answered("/v2/jobs", status, millis);
        }
        let text = metrics.text(None);
        for line in [
            r#"requests_total{route="/v2/jobs",status="200"} 3"#,
            r#"requests_total{route="/v2/jobs",status="404"} 1"#,
            r#"request_duration_seconds_bucket{route="/v2/jobs",le="0.005"} 1"#,
            r#"request_duration_seconds_bucket{route="/v2/jobs",le="0.01"} 2"#,
            r#"request_duration_seconds_bucket{route="/v2/jobs",le="0.025"} 3"#,
            r#"request_duration_seconds_bucket{route="/v2/jobs",le="60.0"} 3"#,
            r#"request_duration_seconds_bucket{route="/v2/jobs",le="+Inf"} 4"#,
            r#"request_duration_seconds_count{route="/v2/jobs"} 4"#,
            r#"request_duration_seconds_sum{route="/v2/jobs"} 60.022"#,
        ] {
            assert!(text.contains(&format!("\njob_progress_{line}\n")), "{line} in {text}");
        }
    }

    #[test]
    fn streams_reports_and_refusals_are_counted() {
        let mut metrics = Metrics::default();
        metrics.stream_opened();
        metrics.stream_opened();
        metrics.stream_ended();
        metrics.reported(500);
        metrics.refused(Class::Streams);
        metrics.job_wrote(2);
        metrics.job_wrote(3);
        metrics.index_called();
        metrics.parent_called();
        let text = metrics.text(Some(7));
        for line in [
            "streams_total 2",
            "open_streams 1",
            "reports_total 500",
            r#"refused_total{limit="streams"} 1"#,
            r#"refused_total{limit="reads"} 0"#,
            r#"rows_written_total{object="job"} 5"#,
            r#"rows_written_total{object="index"} 0"#,
            "index_calls_total 1",
            "parent_calls_total 1",
            "jobs_in_memory 7",
        ] {
            assert!(text.contains(&format!("\njob_progress_{line}\n")), "{line} in {text}");
        }
        assert!(!metrics.text(None).contains("jobs_in_memory"));
    }

    #[test]
    fn the_text_has_the_form_that_the_format_requires() {
        let mut metrics = Metrics::default();
        metrics.answered("-", 404, 1);
        let text = metrics.text(Some(1));
        assert!(text.ends_with("\n# EOF\n") && !text.contains("\n\n"));
        let families = text.lines().filter(|line| line.starts_with("# TYPE ")).count();
        assert_eq!(families, text.lines().filter(|line| line.starts_with("# HELP ")).count());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("job_progress_") && value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
