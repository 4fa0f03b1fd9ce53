//! Summaries: how many jobs of a list are in each state and of each kind, and how long those that completed took.

use std::{cmp::Reverse, collections::BTreeMap};

use protocol::{Status, limits::HISTORY, number::Number};
use serde::{Deserialize, Serialize};

use super::history::percentile;

/// The most kinds of a summary: those with the most jobs.
const KINDS: usize = 100;

/// The most kinds that a shard adds to a summary, for which the same holds: more than a summary has, since a kind that is rare in
/// one shard can be frequent in another.
pub const SHARD_KINDS: u64 = 1_000;

/// The jobs of one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusCount {
    /// The state.
    pub status: Status,
    /// The number of jobs.
    pub count: u64,
}

/// The jobs of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindCount {
    /// The kind, or none.
    pub kind: Option<String>,
    /// The number of jobs.
    pub count: u64,
}

/// The execution time of a completed job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Duration {
    /// The kind, or none.
    pub kind: Option<String>,
    /// When the job was created, in milliseconds.
    pub created: u64,
    /// The execution time in seconds.
    pub seconds: f64,
}

/// What one shard adds to a summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardSummary {
    /// The numbers of jobs in each state.
    pub statuses: Vec<StatusCount>,
    /// The numbers of jobs of the kinds, at most [`SHARD_KINDS`].
    pub kinds: Vec<KindCount>,
    /// The execution times of the newest completed jobs, the newest first.
    pub durations: Vec<Duration>,
}

/// A summary of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "JobsSummary"))]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The number of jobs.
    pub total: u64,
    /// The number of jobs in each state; a state without jobs is 0.
    pub by_status: BTreeMap<&'static str, u64>,
    /// The kinds, at most 100, those with the most jobs first.
    pub kinds: Vec<KindSummary>,
}

/// The jobs of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KindSummary {
    /// The kind; absent for the jobs without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The number of jobs.
    pub count: u64,
    /// The execution times; absent if no job of this kind has completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_time: Option<ExecutionTime>,
}

/// The execution times of the last completed jobs of a kind, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExecutionTime {
    /// The number of these jobs.
    pub count: u64,
    /// The median.
    pub p50: Number,
    /// The time that nine of ten did not exceed.
    pub p90: Number,
}

impl Summary {
    /// Adds up what the shards know.
    pub fn merge(shards: Vec<ShardSummary>) -> Summary {
        let mut by_status: BTreeMap<&'static str, u64> =
            Status::ALL.into_iter().map(|status| (status.as_str(), 0)).collect();
        let mut counts: BTreeMap<Option<String>, u64> = BTreeMap::new();
        let mut durations: BTreeMap<Option<String>, Vec<Duration>> = BTreeMap::new();
        for shard in shards {
            for StatusCount { status, count } in shard.statuses {
                let of_status = by_status.entry(status.as_str()).or_default();
                *of_status = of_status.saturating_add(count);
            }
            for KindCount { kind, count } in shard.kinds {
                let of_kind = counts.entry(kind).or_default();
                *of_kind = of_kind.saturating_add(count);
            }
            for duration in shard.durations {
                durations.entry(duration.kind.clone()).or_default().push(duration);
            }
        }
        let total = by_status.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
        let mut kinds: Vec<KindSummary> = counts
            .into_iter()
            .map(|(kind, count)| {
                let execution_time = durations.remove(&kind).and_then(execution_time);
                KindSummary { kind, count, execution_time }
            })
            .collect();
        kinds.sort_by_key(|kind| Reverse(kind.count));
        kinds.truncate(KINDS);
        Summary { total, by_status, kinds }
    }
}

/// The percentiles of the newest durations.
fn execution_time(mut durations: Vec<Duration>) -> Option<ExecutionTime> {
    durations.sort_by_key(|duration| Reverse(duration.created));
    durations.truncate(HISTORY);
    let mut seconds: Vec<f64> = durations.into_iter().map(|duration| duration.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let at = |share| Number::new(percentile(&seconds, share)?);
    let count = u64::try_from(seconds.len()).unwrap_or(u64::MAX);
    Some(ExecutionTime { count, p50: at(0.5)?, p90: at(0.9)? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(status: Status, count: u64) -> StatusCount {
        StatusCount { status, count }
    }

    fn kind(kind: Option<&str>, count: u64) -> KindCount {
        KindCount { kind: kind.map(str::to_owned), count }
    }

    fn duration(kind: &str, created: u64, seconds: f64) -> Duration {
        Duration { kind: Some(kind.to_owned()), created, seconds }
    }

    #[test]
    fn the_shards_are_added_up_by_state_and_by_kind() {
        let shards = vec![
            ShardSummary {
                statuses: vec![status(Status::Completed, 3), status(Status::Failed, 9)],
                kinds: vec![kind(None, 9), kind(Some("a"), 3)],
                durations: vec![duration("a", 2, 30.0), duration("a", 1, 10.0)],
            },
            ShardSummary {
                statuses: vec![status(Status::Completed, 4)],
                kinds: vec![kind(Some("a"), 4)],
                durations: vec![duration("a", 3, 20.5)],
            },
        ];
        let summary = serde_json::to_value(Summary::merge(shards)).unwrap();
        assert_eq!((&summary["total"], &summary["byStatus"]["completed"]), (&json!(16), &json!(7)));
        assert_eq!((&summary["byStatus"]["failed"], &summary["byStatus"]["queued"]), (&json!(9), &json!(0)));
        let kinds = json!([
            {"count": 9},
            {"kind": "a", "count": 7, "executionTime": {"count": 3, "p50": 20.5, "p90": 30}},
        ]);
        assert_eq!(summary["kinds"], kinds);
    }

    #[test]
    fn only_the_newest_durations_of_a_kind_count() {
        let durations = (0..1_000).map(|number| duration("a", number, if number < 744 { 1.0 } else { 5.0 })).collect();
        let shard = ShardSummary { kinds: vec![kind(Some("a"), 1_000)], durations, ..ShardSummary::default() };
        let time = Summary::merge(vec![shard]).kinds[0].execution_time.clone().unwrap();
        assert_eq!((time.count, time.p50.get(), time.p90.get()), (256, 5.0, 5.0));
    }

    #[test]
    fn a_summary_of_nothing_has_every_state() {
        let summary = Summary::merge(Vec::new());
        assert_eq!((summary.total, summary.by_status.len(), summary.kinds.len()), (0, Status::ALL.len(), 0));
    }
}
