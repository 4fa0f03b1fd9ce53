//! The summaries of a shard that were counted within the last second: a scan of many rows is not worth a newer one.

use protocol::Timestamp;

use super::summary::ShardSummary;

/// The milliseconds for which a summary is not counted again.
const KEPT_MS: u64 = 1_000;
/// The most summaries: those of the lists that were counted last. Each can have hundreds of kilobytes.
const SUMMARIES: usize = 4;

/// The summaries of the last second, by the text of their filter.
///
/// ```
/// use engine::index::{summary::ShardSummary, summary_cache::SummaryCache};
/// use protocol::Timestamp;
/// let (mut cache, at) = (SummaryCache::default(), Timestamp::from_millis);
/// cache.insert("{}".to_owned(), ShardSummary::default(), at(5));
/// assert!(cache.get("{}", at(1_004)).is_some());
/// assert!(cache.get("{}", at(1_005)).is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct SummaryCache(Vec<Counted>);

#[derive(Clone, Debug)]
struct Counted {
    filter: String,
    summary: ShardSummary,
    at: Timestamp,
}

impl SummaryCache {
    /// The summary of the list whose filter has this text, if it was counted lately. Those that are older are dropped.
    pub fn get(&mut self, filter: &str, now: Timestamp) -> Option<&ShardSummary> {
        // The clock can be set back.
        self.0.retain(|counted| counted.at <= now && now < counted.at.plus_millis(KEPT_MS));
        self.0.iter().find(|counted| counted.filter == filter).map(|counted| &counted.summary)
    }

    /// Adds a summary, in the place of the oldest one if there are as many as there may be. So lists that nobody asks for
    /// twice, such as those up to the present moment, do not keep another one out.
    pub fn insert(&mut self, filter: String, summary: ShardSummary, at: Timestamp) {
        let over = self.0.len().saturating_add(1).saturating_sub(SUMMARIES);
        self.0.drain(..over);
        self.0.push(Counted { filter, summary, at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn has(cache: &mut SummaryCache, filter: &str, now: u64) -> bool {
        cache.get(filter, at(now)).is_some()
    }

    #[test]
    fn lists_that_nobody_asks_for_again_do_not_keep_another_one_out() {
        let mut cache = SummaryCache::default();
        for number in 0..100 {
            cache.insert(format!("createdBefore={number}"), ShardSummary::default(), at(number));
        }
        assert_eq!(cache.0.len(), SUMMARIES);
        cache.insert("kind=import".to_owned(), ShardSummary::default(), at(100));
        assert!(has(&mut cache, "kind=import", 100) && has(&mut cache, "createdBefore=99", 100));
        assert!(!has(&mut cache, "createdBefore=0", 100));
        assert_eq!(cache.0.len(), SUMMARIES);
    }

    #[test]
    fn a_summary_of_the_future_is_dropped_because_the_clock_was_set_back() {
        let mut cache = SummaryCache::default();
        cache.insert("{}".to_owned(), ShardSummary::default(), at(5_000));
        assert!(!has(&mut cache, "{}", 4_999));
    }
}
