//! Pages of a list, and how those of the shards become one.

use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    cursor::Cursors,
    filter::ListRequest,
    key::{Order, RowKey},
};

/// A row of a page: its key, and its JSON, which nothing on the way parses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageRow {
    /// When the job was created, in milliseconds.
    pub created: u64,
    /// The job's id.
    pub job: String,
    /// The row as JSON.
    pub row: String,
}

impl PageRow {
    fn key(&self) -> RowKey {
        RowKey { created_at: Timestamp::from_millis(self.created), job_id: self.job.clone() }
    }
}

/// A page of one shard.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ShardPage {
    /// The rows, in the order of the list.
    pub rows: Vec<PageRow>,
    /// The key of the last row that was read, if more may follow, as [`RowKey::to_parameter`] writes it.
    pub read_to: Option<String>,
}

/// The number of rows for which each of so many shards is asked for a page of `limit` rows: more than its share, since the rows of a
/// page are not spread evenly.
fn shard_limit(limit: u64, shards: u64) -> u64 {
    let share = limit.saturating_mul(2).checked_div(shards).unwrap_or(limit);
    if shards <= 1 { limit } else { share.saturating_add(8).min(limit) }
}

/// The request for a page as it goes to each of so many shards.
pub fn shard_request(request: &ListRequest, shards: u64) -> ListRequest {
    ListRequest { limit: shard_limit(request.limit, shards), ..request.clone() }
}

/// The pages of the shards, while those are asked again that were asked for too few rows.
#[derive(Clone, Debug)]
pub struct ShardPages {
    request: ListRequest,
    pages: Vec<ShardPage>,
    /// The shards that may have more rows because they were asked for too few, not because they have read as many as they may.
    cut: Vec<bool>,
    /// The rows that each was asked for.
    asked: u64,
}

impl ShardPages {
    /// The first pages of all shards, each of which was asked for `asked` rows of this request.
    pub fn new(request: ListRequest, asked: u64, pages: Vec<ShardPage>) -> ShardPages {
        let cut = pages.iter().map(|page| is_cut(page, asked)).collect();
        ShardPages { request, pages, cut, asked }
    }

    /// The shards that have to be asked for more rows, each with the row after which they begin; none if the page is complete.
    pub fn missing(&self) -> Vec<(usize, RowKey)> {
        let page = self.merge();
        let Some(stopped) = page.next.filter(|_| (page.rows.len() as u64) < self.request.limit) else {
            return Vec::new();
        };
        let read_to = |page: &ShardPage| RowKey::from_parameter(page.read_to.as_deref()?);
        let ends = self.pages.iter().zip(&self.cut).enumerate();
        let ends = ends.filter_map(|(shard, (page, is_cut))| Some((shard, read_to(page)?, *is_cut)));
        let (mut missing, mut is_complete) = (Vec::new(), false);
        for (shard, end, is_cut) in ends {
            // A shard that stopped here because it has read as many rows as it may ends the page.
            is_complete |= end == stopped && !is_cut;
            missing.extend(is_cut.then_some((shard, end)));
        }
        if is_complete { Vec::new() } else { missing }
    }

    /// Adds the next page of a shard.
    pub fn add(&mut self, shard: usize, next: ShardPage) {
        if let (Some(page), Some(cut)) = (self.pages.get_mut(shard), self.cut.get_mut(shard)) {
            *cut = is_cut(&next, self.asked);
            page.rows.extend(next.rows);
            page.read_to = next.read_to;
        }
    }

    /// The page of the list.
    pub fn merge(&self) -> Page {
        Page::merge(self.pages.clone(), &self.request)
    }
}

fn is_cut(page: &ShardPage, asked: u64) -> bool {
    page.read_to.is_some() && page.rows.len() as u64 >= asked
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rows, in the order of the list.
    pub rows: Vec<PageRow>,
    /// The key after which the next page begins; `None` if this is the last one.
    pub next: Option<RowKey>,
}

impl Page {
    /// Merges the pages of the shards.
    ///
    /// A shard that stopped early may have rows between the last one that it read and the later ones of the others, so the
    /// page ends where the first of them stopped.
    pub fn merge(pages: Vec<ShardPage>, request: &ListRequest) -> Page {
        let order = request.order;
        let stopped = pages.iter().filter_map(|page| RowKey::from_parameter(page.read_to.as_deref()?));
        let first_stopped = stopped.min_by(|first, second| order.compare(first, second));
        let mut rows: Vec<PageRow> = pages.into_iter().flat_map(|page| page.rows).collect();
        rows.sort_by(|first, second| order.compare(&first.key(), &second.key()));
        if let Some(stopped) = &first_stopped {
            rows.retain(|row| order.compare(&row.key(), stopped).is_le());
        }
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let is_cut = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last() {
            Some(last) if is_cut => Some(last.key()),
            _ => first_stopped,
        };
        Page { rows, next }
    }

    /// The page as JSON: `{"jobs": […], "nextCursor"?}`.
    pub fn to_json(&self, cursors: &Cursors) -> String {
        let rows: Vec<&str> = self.rows.iter().map(|row| row.row.as_str()).collect();
        // A cursor needs no escapes.
        let next =
            self.next.as_ref().map(|next| format!(",\"nextCursor\":\"{}\"", cursors.write(next))).unwrap_or_default();
        format!("{{\"jobs\":[{}]{next}}}", rows.join(","))
    }
}

/// The bounds of the keys that a page reads, and their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The earliest creation in milliseconds.
    pub from: u64,
    /// The first creation that is too late, in milliseconds.
    pub to: u64,
    /// Whether the rows are read from the last one to the first.
    pub is_descending: bool,
}

impl Bounds {
    /// The bounds of a request. Its cursor narrows them, so that a read begins there and not at the end of the list.
    pub fn of(request: &ListRequest) -> Bounds {
        let is_descending = request.order == Order::Descending;
        let from = request.filter.created_after.map_or(0, |time| time.millis());
        // No time is later than the last one, and its number is one that JavaScript knows exactly.
        let last = Timestamp::from_millis(u64::MAX);
        let to = request.filter.created_before.unwrap_or(last).millis();
        match request.after.as_ref().map(|after| after.created_at.millis()) {
            Some(after) if is_descending => Bounds { from, to: to.min(after.saturating_add(1)), is_descending },
            Some(after) => Bounds { from: from.max(after), to, is_descending },
            None => Bounds { from, to, is_descending },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{index::filter::Filter, signer::Signer};

    fn row(created: u64) -> PageRow {
        PageRow { created, job: format!("job-{created}"), row: created.to_string() }
    }

    fn page(rows: &[u64], read_to: Option<u64>) -> ShardPage {
        ShardPage {
            rows: rows.iter().map(|created| row(*created)).collect(),
            read_to: read_to.map(|created| row(created).key().to_parameter()),
        }
    }

    fn merged(pages: Vec<ShardPage>, order: Order, limit: u64) -> (Vec<u64>, Option<u64>) {
        let request = ListRequest { filter: Filter::default(), order, limit, after: None };
        let page = Page::merge(pages, &request);
        let next = page.next.map(|next| next.created_at.millis());
        (page.rows.iter().map(|row| row.created).collect(), next)
    }

    #[test]
    fn the_pages_of_shards_become_one_in_order() {
        let shards = || vec![page(&[9, 4], Some(4)), page(&[8, 7], Some(7)), page(&[1], None)];
        assert_eq!(merged(shards(), Order::Descending, 2), (vec![9, 8], Some(8)));
        // The second shard may have a row of 6 and the first one of 5, so nothing after 7 is known.
        assert_eq!(merged(shards(), Order::Descending, 50), (vec![9, 8, 7], Some(7)));
        assert_eq!(merged(vec![page(&[1, 2], None), page(&[3], None)], Order::Ascending, 3), (vec![1, 2, 3], None));
        assert_eq!(
            merged(vec![page(&[1, 4], Some(4)), page(&[3], None)], Order::Ascending, 3),
            (vec![1, 3, 4], Some(4))
        );
    }

    #[test]
    fn a_shard_that_found_nothing_so_far_gives_an_empty_page_with_a_cursor() {
        assert_eq!(merged(vec![page(&[], Some(5)), page(&[4], None)], Order::Descending, 50), (vec![], Some(5)));
        assert_eq!(merged(vec![page(&[], None)], Order::Descending, 50), (vec![], None));
    }

    #[test]
    fn a_cursor_narrows_the_bounds_and_loses_no_row_of_the_same_millisecond() {
        let bounds = |order, after: Option<u64>| {
            let filter = Filter { created_after: Some(Timestamp::from_millis(3)), ..Filter::default() };
            let after = after.map(|created| row(created).key());
            let Bounds { from, to, .. } = Bounds::of(&ListRequest { filter, order, limit: 1, after });
            (from, to)
        };
        let last = Timestamp::from_millis(u64::MAX).millis();
        assert_eq!(bounds(Order::Descending, None), (3, last));
        assert_eq!(bounds(Order::Descending, Some(7)), (3, 8));
        assert_eq!(bounds(Order::Ascending, Some(7)), (7, last));
        assert_eq!(bounds(Order::Ascending, Some(1)), (3, last));
    }

    #[test]
    fn a_page_is_json_with_a_cursor_if_more_may_follow() {
        let cursors = Cursors::new(&Signer::new(&"s".repeat(32), None).unwrap(), "acme", || [7; 24]);
        let json = |pages| {
            Page::merge(
                pages,
                &ListRequest { filter: Filter::default(), order: Order::Ascending, limit: 9, after: None },
            )
            .to_json(&cursors)
        };
        assert_eq!(json(vec![page(&[1], None), page(&[2], None)]), r#"{"jobs":[1,2]}"#);
        let value: serde_json::Value = serde_json::from_str(&json(vec![page(&[], Some(2))])).unwrap();
        assert_eq!(cursors.read(value["nextCursor"].as_str().unwrap()), Ok(row(2).key()));
    }

    #[test]
    fn each_of_many_shards_is_asked_for_more_than_its_share_and_few_are_asked_for_all() {
        let asked = |limit, shards| shard_request(&ListRequest { limit, ..ListRequest::default() }, shards).limit;
        assert_eq!(
            [(100, 1), (100, 2), (100, 16), (100, 64)].map(|(limit, shards)| asked(limit, shards)),
            [100, 100, 20, 11]
        );
        assert_eq!([(1, 1), (1, 64), (8, 64)].map(|(limit, shards)| asked(limit, shards)), [1, 1, 8]);
    }

    /// Four shards with the rows from 0 to 199, the newest first.
    struct Spread(Vec<Vec<u64>>);

    impl Spread {
        fn all() -> impl Iterator<Item = Spread> {
            let shard_of: [fn(u64) -> u64; 4] =
                [|row| row % 4, |_| 2, |row| row / 50, |row| if row < 190 { 0 } else { row % 4 }];
            shard_of.into_iter().map(|shard_of| {
                let rows = |shard| (0..200).rev().filter(|row| shard_of(*row) == shard).collect();
                Spread((0..4).map(rows).collect())
            })
        }

        fn ask(&self, shard: usize, asked: u64, after: u64) -> ShardPage {
            let rest: Vec<u64> = self.0[shard].iter().copied().filter(|row| *row < after).collect();
            let some: Vec<u64> = rest.iter().copied().take(asked as usize).collect();
            let read_to = some.last().copied().filter(|_| rest.len() > some.len());
            page(&some, read_to)
        }

        fn ask_all(&self, asked: u64, after: u64) -> Vec<ShardPage> {
            (0..4).map(|shard| self.ask(shard, asked, after)).collect()
        }
    }

    /// The rows of all pages, one after the other.
    fn read_all(mut page_after: impl FnMut(u64) -> Page) -> Vec<u64> {
        let (mut all, mut after) = (Vec::new(), Some(u64::MAX));
        while let Some(end) = after {
            let page = page_after(end);
            all.extend(page.rows.iter().map(|row| row.created));
            after = page.next.map(|next| next.created_at.millis());
        }
        all
    }

    fn newest(limit: u64) -> ListRequest {
        ListRequest { order: Order::Descending, limit, ..ListRequest::default() }
    }

    #[test]
    fn shards_that_are_asked_for_few_rows_give_full_pages_however_the_rows_are_spread() {
        for shards in Spread::all() {
            let asked = shard_limit(30, 4);
            let all = read_all(|after| {
                let mut pages = ShardPages::new(newest(30), asked, shards.ask_all(asked, after));
                loop {
                    let missing = pages.missing();
                    missing.iter().for_each(|(shard, end)| {
                        pages.add(*shard, shards.ask(*shard, asked, end.created_at.millis()));
                    });
                    if missing.is_empty() {
                        break;
                    }
                }
                let page = pages.merge();
                assert!(page.rows.len() == 30 || page.next.is_none(), "{}", page.rows.len());
                page
            });
            assert_eq!(all, (0..200).rev().collect::<Vec<u64>>());
        }
    }

    #[test]
    fn the_first_page_of_a_stream_may_be_shorter_since_no_shard_is_asked_again_and_loses_no_row() {
        let mut lengths = Vec::new();
        for shards in Spread::all() {
            let all = read_all(|after| {
                let page = Page::merge(shards.ask_all(shard_limit(30, 4), after), &newest(30));
                lengths.push(page.rows.len());
                page
            });
            assert_eq!(all, (0..200).rev().collect::<Vec<u64>>());
        }
        assert!(lengths.contains(&30) && lengths.contains(&23), "{lengths:?}");
    }

    #[test]
    fn a_shard_that_has_read_as_many_rows_as_it_may_ends_the_page() {
        let request = ListRequest { order: Order::Descending, limit: 30, ..ListRequest::default() };
        let cut = page(&(50..70).rev().collect::<Vec<_>>(), Some(50));
        let pages = ShardPages::new(request.clone(), 20, vec![cut.clone(), page(&[], Some(80))]);
        assert_eq!((pages.missing(), pages.merge().rows.len()), (vec![], 0));
        let pages = ShardPages::new(request, 20, vec![cut, page(&[], Some(7))]);
        assert_eq!(pages.missing(), [(0, row(50).key())]);
    }

    #[test]
    fn every_row_is_on_one_page_whatever_the_lengths_of_the_pages() {
        let shards: Vec<Vec<u64>> = (0..4).map(|shard| (0..50).map(|row| row * 4 + shard).rev().collect()).collect();
        for limit in [1, 2, 3, 7, 100] {
            let (mut all, mut after) = (Vec::new(), u64::MAX);
            loop {
                let pages = shards.iter().map(|rows| {
                    let rest: Vec<u64> = rows.iter().copied().filter(|row| *row < after).collect();
                    let some: Vec<u64> = rest.iter().copied().take(limit).collect();
                    let read_to = some.last().copied().filter(|_| rest.len() > limit);
                    page(&some, read_to)
                });
                let (rows, next) = merged(pages.collect(), Order::Descending, limit as u64);
                all.extend(rows);
                match next {
                    Some(next) => after = next,
                    None => break,
                }
            }
            assert_eq!(all, (0..200).rev().collect::<Vec<u64>>(), "{limit}");
        }
    }
}
