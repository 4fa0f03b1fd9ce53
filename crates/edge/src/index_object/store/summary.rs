//! What the shard adds to a summary: one scan of the newest rows.

use engine::index::{
    filter::ListRequest,
    summary::{Duration, KindCount, SHARD_KINDS, ShardSummary, StatusCount},
};
use protocol::{Status, limits::SUMMARY_ROWS};
use serde::Deserialize;
use worker::Result;

use super::{Conditions, Store, integer};

/// The newest completed jobs whose execution times are in a summary.
const DURATIONS: u64 = 4_096;

/// A count of a state or of a kind, or an execution time.
#[derive(Deserialize)]
struct SummaryRow {
    status: Option<Status>,
    kind: Option<String>,
    count: u64,
    created: u64,
    seconds: Option<f64>,
}

impl Store {
    /// What the shard adds to a summary.
    pub(in crate::index_object) fn summary(&self, request: &ListRequest) -> Result<ShardSummary> {
        let mut summary = ShardSummary::default();
        if !self.has_tables()? {
            return Ok(summary);
        }
        let (keys, filter) = (Conditions::of_keys(request)?, Conditions::of_filter(&request.filter));
        let mut values = keys.values.clone();
        values.push(integer(SUMMARY_ROWS)?);
        values.extend(filter.values.iter().cloned());
        values.extend([integer(SHARD_KINDS)?, integer(DURATIONS)?]);
        let select = format!(
            "WITH newest AS MATERIALIZED (SELECT created, status, kind, seconds FROM \
               (SELECT {} FROM row {} ORDER BY created DESC, job DESC LIMIT ?) {}) \
             SELECT status, NULL AS kind, COUNT(*) AS count, 0 AS created, NULL AS seconds FROM newest GROUP BY status \
             UNION ALL SELECT * FROM (SELECT NULL, kind, COUNT(*) AS jobs, 0, NULL FROM newest \
               GROUP BY kind ORDER BY jobs DESC LIMIT ?) \
             UNION ALL SELECT * FROM (SELECT NULL, kind, 0, created, seconds FROM newest \
               WHERE status = 'completed' AND seconds IS NOT NULL LIMIT ?)",
            filter.scanned_columns(),
            keys.text(),
            filter.text()
        );
        for SummaryRow { status, kind, count, created, seconds } in self.rows(&select, values)? {
            match (status, seconds) {
                (Some(status), _) => summary.statuses.push(StatusCount { status, count }),
                (None, Some(seconds)) => summary.durations.push(Duration { kind, created, seconds }),
                (None, None) => summary.kinds.push(KindCount { kind, count }),
            }
        }
        Ok(summary)
    }
}
