//! The index: the list of a project's jobs, a row for each, in as many objects as there are shards.
//!
//! A job notifies its shard after its commits ([`crate::notice`]). A row never precedes the commit that it shows,
//! and a row that is sent again changes nothing, so the order and the number of the calls do not matter.

pub mod cursor;
pub mod filter;
pub mod frames;
pub mod history;
pub mod key;
pub mod page;
pub mod queue;
pub mod row;
pub mod summary;
pub mod summary_cache;
pub mod update;

use std::{fmt, num::NonZeroU8};

use protocol::limits::INDEX_SHARDS;

use crate::not_configured::NotConfigured;

/// The number of shards of each project's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shards(NonZeroU8);

impl Shards {
    /// Reads the settings `INDEX` and `INDEX_SHARDS`; `None` if the index is off.
    ///
    /// ```
    /// use engine::index::Shards;
    /// assert_eq!(Shards::configure(|_| None).unwrap().unwrap().count(), 1);
    /// assert_eq!(Shards::configure(|name| (name == "INDEX").then(|| "off".to_owned())), Ok(None));
    /// assert!(Shards::configure(|name| (name == "INDEX_SHARDS").then(|| "65".to_owned())).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// The setting that is wrong.
    pub fn configure(setting: impl Fn(&str) -> Option<String>) -> Result<Option<Shards>, NotConfigured> {
        let value = |name: &str| setting(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let shards = match value("INDEX_SHARDS") {
            None => Shards(NonZeroU8::MIN),
            Some(text) => Shards::of_count(&text).ok_or(NotConfigured::IndexShards)?,
        };
        match value("INDEX").as_deref() {
            None | Some("on") => Ok(Some(shards)),
            Some("off") => Ok(None),
            Some(_) => Err(NotConfigured::Index),
        }
    }

    fn of_count(text: &str) -> Option<Shards> {
        let count = text.parse().ok().and_then(NonZeroU8::new)?;
        (u64::from(count.get()) <= INDEX_SHARDS).then_some(Shards(count))
    }

    /// The number of shards.
    pub fn count(self) -> u8 {
        self.0.get()
    }

    /// The shard of a job.
    pub fn of(self, job_id: &str) -> Shard {
        // FNV-1a, with the bits of its end mixed once more: ids often differ only there.
        let mut hash = job_id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        hash ^= hash >> 32;
        let number = hash.checked_rem(u64::from(self.count())).unwrap_or_default();
        Shard { number: u8::try_from(number).unwrap_or_default(), shards: self }
    }

    /// All shards.
    pub fn all(self) -> impl Iterator<Item = Shard> {
        (0..self.count()).map(move |number| Shard { number, shards: self })
    }
}

/// One shard of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u8,
    shards: Shards,
}

impl Shard {
    /// The name of the shard's object. It has the number of shards: an index with another number is another one, which the
    /// jobs enter with their next change.
    pub fn object_name(self, project: &str) -> String {
        format!("{project}/{self}")
    }

    /// The shard with this text; `None` for a text of no shard.
    ///
    /// ```
    /// use engine::index::{Shard, Shards};
    /// let shards = Shards::configure(|name| (name == "INDEX_SHARDS").then(|| "16".to_owned())).unwrap().unwrap();
    /// assert!(shards.all().all(|shard| Shard::parse(&shard.to_string()) == Some(shard)));
    /// assert!(["", "16", "0/0", "16/16", "65/1", "a/b"].into_iter().all(|text| Shard::parse(text).is_none()));
    /// ```
    pub fn parse(text: &str) -> Option<Shard> {
        let (count, number) = text.split_once('/')?;
        let shards = Shards::of_count(count)?;
        let number = number.parse().ok().filter(|number: &u8| *number < shards.count())?;
        Some(Shard { number, shards })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.shards.count(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, text: &'static str) -> Result<Option<Shards>, NotConfigured> {
        Shards::configure(|known| (known == name).then(|| text.to_owned()))
    }

    #[test]
    fn an_index_has_one_to_sixty_four_shards() {
        for (text, count) in [("", 1), ("1", 1), (" 16\n", 16), ("64", 64)] {
            assert_eq!(with("INDEX_SHARDS", text).unwrap().unwrap().count(), count, "{text:?}");
        }
        for text in ["0", "65", "256", "-1", "1.5", "many"] {
            assert_eq!(with("INDEX_SHARDS", text), Err(NotConfigured::IndexShards), "{text:?}");
        }
        assert_eq!(with("INDEX", "on").unwrap().unwrap().count(), 1);
        for text in ["OFF", "0", "false", "no"] {
            assert_eq!(with("INDEX", text), Err(NotConfigured::Index), "{text:?}");
        }
    }

    #[test]
    fn jobs_are_spread_evenly_over_the_shards() {
        let shards = with("INDEX_SHARDS", "16").unwrap().unwrap();
        let mut counts = [0; 16];
        for number in 0..16_000 {
            counts[usize::from(shards.of(&format!("job-{number}")).number)] += 1;
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
        assert_eq!(shards.of("a"), shards.of("a"));
        assert_eq!(shards.all().map(|shard| shard.object_name("acme")).next().unwrap(), "acme/16/0");
    }
}
