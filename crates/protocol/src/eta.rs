//! Estimates the completion time and the throughput of a job from its reports. The functions are pure; the time is an
//! argument.
//!
//! [`Estimator`] takes one observation per report and keeps a few numbers, however long the job is. Its results go into the
//! document when the report is committed. [`remaining_seconds`] computes the remaining time for a reader at any later time.
//!
//! # Method
//!
//! **Units and time are averaged separately.** An average of speeds is wrong: ten files at 10/s and ten more at 1/s took
//! 11 s, which is 1.8/s and not 5.5/s (<https://github.com/tqdm/tqdm/issues/1102>). The pace, in milliseconds per unit, is
//! the quotient of the two averages: *p* = *T* / *U*. An interval with *u* units in *t* ms updates both with the same
//! weights:
//!
//! ```text
//! k = exp(-u / m)        g = m (1 - k) / u
//! U ← k U + g u          T ← k T + g t
//! ```
//!
//! **The memory *m* is measured in work**, as a share of all the work (total − first report), not in seconds as in indicatif
//! (15 s, <https://docs.rs/indicatif/latest/src/indicatif/state.rs.html>) or in calls as in tqdm. The remaining time is the
//! sum of the paces of the remaining units, so units are the right weight. The same rule then serves a job of two seconds
//! and one of two weeks, and one report or a hundred reports for the same work.
//!
//! **There are two memories.** The short one, a tenth of the work, is the current pace; the long one, half of the work, is
//! the pace of the job. A tenth is about the longest acceptable delay before a change shows. Half is nearly the plain
//! average since the start, which is the best estimate for a job whose pace does not change.
//!
//! **A change of pace counts as far as it exceeds the noise.** The short average has a running variance, from the squared
//! deviations of the single intervals (as in White's robust standard error): *v* ← *k*² *v* + *g*² (*t* − *p u*)². With
//! *z* = the distance of the two averages in standard errors and *b* = *z*² / (*z*² + 2²):
//!
//! ```text
//! change = (short pace / long pace) ^ b
//! pace ahead = long pace × change × min(max(change, 1/2), 2)
//! ```
//!
//! The second factor extrapolates the change into the remaining work, at most to double or half: Holt's trend (double
//! exponential smoothing), damped (Gardner and McKenzie, "Forecasting trends in time series", 1985). Files of unequal size
//! are noise and leave the long average unchanged; a job that becomes steadily slower is followed.
//!
//! **A stall is not work.** After six observations, a wait longer than five times the longest recent wait (which fades with
//! the short memory) counts only as that much. A job that works in bursts regularly has long waits, and they keep counting.
//! While no progress arrives, the time up to the longest recent wait counts as work in hand, and the remaining time counts
//! down; a longer wait makes the pace slower.
//!
//! **One report changes the result by at most a quarter** ([`MAX_JUMP`]). If the completion *c* was computed at time *a*, the
//! next one satisfies |*c*′ − *c*| ≤ ¼ (*c* − *a*): the new remaining time differs from the former one, less the elapsed
//! time, by at most a quarter of it. Errors disappear over a few reports, never in one. Only another unit, another step or
//! a revision of the remaining work by more than a quarter (the total changed, or work was lost) changes the result at once
//! as far as needed.
//!
//! **There may be no result.** There is none before there is evidence (two intervals with progress, or one interval with a
//! twentieth of the work; the first report only shows where the work starts, so the earlier work of a resumed job does not
//! count), none without a total, none when no work remains, none beyond a year. When the estimated time has passed and no
//! report has arrived, the estimate is refuted: readers see "unknown", the next report withdraws it, and progress after that
//! starts a new one.
//!
//! **The clock may be set back.** An observation before the last one has an unknown distance from it: its interval counts
//! neither as work nor as time, and the next intervals and the result count from its time.
//!
//! **Phases.** Another unit is other work: the estimator starts over, and the result is about the total of that unit. A new
//! step of the same whole (a percentage, or a total that spans the steps) keeps the long average and restarts the short
//! one. A change of the total rescales the memories. A decrease of the count by a tenth or less is attributed to parallel
//! workers that report out of order; a larger one to lost work. A decrease to the first value or below it, or one with
//! another total, is a new start.
//!
//! **Skipped work is not work.** Progress of more than twenty times the largest recent step, at more than twenty times the pace,
//! moves the start of the work and is not in the averages; so does a first interval, if the second one shows that it was such
//! a jump. The next step of that size counts.
//!
//! # Quality
//!
//! The quality is measured on runs of real programs: `tests/traces/record.py` runs `gzip`, `sha256sum`, `gcc`, `sort` and
//! others and records their progress (it computes no times), here on a machine with two cores that was busy with other
//! builds. The error is the difference between the predicted and the true remaining time, as a share of the true one, at
//! the first report after 25, 50 and 75 % of the work (where work was skipped, of the rest). No result counts as 100 %. A
//! run with several units, or with a new start, has the median over its parts, without parts that were left unfinished.
//! *elapsed/progress* is the time since the first report × remaining work / work done since then; like ours, it gets the
//! start of the work, each new start and each change of the unit (the literal formula gets none of them). *Largest jump* is
//! over all consecutive results of a phase; *withdrawn* counts the results that the elapsed time refuted.
//!
//! | trace | ours at 25 / 50 / 75 % | elapsed/progress at 25 / 50 / 75 % | largest jump | withdrawn |
//! |---|---|---|---|---|
//! | accelerating-1 | 98 % / 128 % / 265 % | 114 % / 199 % / 649 % | 25 % | 0 |
//! | accelerating-2 | 444 % / 574 % / 62 % | 519 % / 1121 % / 1506 % | 25 % | 0 |
//! | accelerating-3 | 169 % / 161 % / 83 % | 180 % / 308 % / 579 % | 25 % | 0 |
//! | bursty-1 | 462 % / 43 % / 13 % | 562 % / 368 % / 312 % | 25 % | 3 |
//! | bursty-2 | 42 % / 4 % / 34 % | 42 % / 7 % / 17 % | 25 % | 2 |
//! | bursty-3 | 13 % / 0 % / 29 % | 6 % / 3 % / 20 % | 25 % | 1 |
//! | phases-1 | 57 % / 89 % / 27 % | 59 % / 71 % / 78 % | 25 % | 3 |
//! | phases-2 | 16 % / 70 % / 93 % | 16 % / 30 % / 45 % | 25 % | 2 |
//! | phases-3 | 13 % / 16 % / 5 % | 10 % / 16 % / 7 % | 25 % | 0 |
//! | restarted-1 | 22 % / 9 % / 17 % | 23 % / 12 % / 12 % | 25 % | 0 |
//! | restarted-2 | 5 % / 21 % / 3 % | 6 % / 17 % / 2 % | 25 % | 0 |
//! | restarted-3 | 4 % / 3 % / 85 % | 8 % / 0 % / 76 % | 25 % | 0 |
//! | resumed-1 | 17 % / 20 % / 7 % | 7 % / 12 % / 10 % | 25 % | 0 |
//! | resumed-2 | 100 % / 2 % / 12 % | 100 % / 80 % / 47 % | 25 % | 1 |
//! | resumed-3 | 41 % / 102 % / 26 % | 38 % / 92 % / 48 % | 25 % | 1 |
//! | skipped-1 | 42 % / 20 % / 6 % | 99 % / 97 % / 95 % | 20 % | 0 |
//! | skipped-2 | 10 % / 10 % / 2 % | 97 % / 96 % / 94 % | 25 % | 0 |
//! | skipped-3 | 68 % / 63 % / 92 % | 76 % / 81 % / 89 % | 25 % | 1 |
//! | slowing-1 | 73 % / 43 % / 13 % | 80 % / 66 % / 51 % | 25 % | 0 |
//! | slowing-2 | 21 % / 12 % / 3 % | 42 % / 32 % / 30 % | 9 % | 1 |
//! | slowing-3 | 82 % / 67 % / 38 % | 83 % / 74 % / 59 % | 25 % | 0 |
//! | stalled-1 | 22 % / 7 % / 32 % | 41 % / 4 % / 32 % | 24 % | 0 |
//! | stalled-2 | 40 % / 8 % / 3 % | 31 % / 17 % / 9 % | 25 % | 0 |
//! | stalled-3 | 0 % / 23 % / 36 % | 15 % / 7 % / 63 % | 25 % | 0 |
//! | steady-1 | 1 % / 1 % / 6 % | 1 % / 2 % / 5 % | 6 % | 0 |
//! | steady-2 | 12 % / 27 % / 19 % | 29 % / 2 % / 15 % | 25 % | 0 |
//! | steady-3 | 6 % / 14 % / 24 % | 9 % / 15 % / 25 % | 20 % | 0 |
//! | **median** | **22 % / 20 % / 24 %** | **41 % / 30 % / 47 %** | 25 % | 15 |
//!
//! Median of all 81 errors: ours 22 %, elapsed/progress 41 %, elapsed/progress taken literally 51 %.
//!
//! Some errors cannot be avoided, because no report shows their cause in advance: a future stall, one huge file, a next step
//! with another pace. They are in both columns.
//!
//! The constants are round numbers. They were chosen on two earlier recordings with other files (except the C files; overall
//! medians 24 % against 40 %, and 34 % against 47 %). There, half or double of any one constant changed our median by at most
//! six points.
//!
//! # Example
//!
//! ```
//! use protocol::{Timestamp, eta::{Estimator, PhaseKey, Sample, remaining_seconds}};
//!
//! let at = |second: u64| Timestamp::from_millis(1_700_000_000_000 + second * 1000);
//! let phase = PhaseKey::units(Some("pages"), None);
//!
//! let mut estimator = Estimator::default();
//! for (second, done) in [(0, 0.0), (10, 5.0), (20, 10.0)] {
//!     estimator.observe(Sample { at: at(second), done, total: Some(100.0), phase });
//! }
//! let completion = estimator.completion().unwrap();
//! assert_eq!((completion, estimator.rate_per_second()), (at(200), Some(0.5)));
//!
//! // Read 30 s after that report:
//! assert_eq!(remaining_seconds(completion, at(20), at(50)), Some(150));
//! ```

mod averages;
mod decay;
mod estimator;
mod phase;

pub use decay::remaining_seconds;
pub use estimator::{Estimator, MAX_JUMP, Sample};
pub use phase::PhaseKey;
