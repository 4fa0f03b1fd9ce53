//! When a job will be done and how fast it goes, from its reports: pure functions, `now` handed in.
//!
//! [`Estimator`] takes one observation a report and keeps a few numbers, whatever the length of the job. Its answers go
//! into the document when the report is committed. [`remaining_seconds`] gives a reader the remaining time at any
//! later moment.
//!
//! # Method
//!
//! **Averages of units and of time.** The average of speeds is the wrong average: ten files at 10/s and ten more at 1/s
//! took 11 s, which is 1.8/s and not 5.5/s (<https://github.com/tqdm/tqdm/issues/1102>). So units and time are averaged
//! apart, and the pace, in milliseconds per unit, is the quotient: *p* = *T* / *U*. An interval that brought *u* units in
//! *t* ms changes both by the same weights:
//!
//! ```text
//! k = exp(-u / m)        g = m (1 - k) / u
//! U ← k U + g u          T ← k T + g t
//! ```
//!
//! **Memory is counted in work**, *m* = a share of all the work (total − first report), not in seconds as in indicatif
//! (15 s, <https://docs.rs/indicatif/latest/src/indicatif/state.rs.html>) or in calls as in tqdm. Remaining time is the
//! sum of the paces of the remaining units, so units are what to weigh by; and the same rule then serves a job of two
//! seconds and one of two weeks, one report or a hundred reports for the same work.
//!
//! **Two memories.** The short one, a tenth of the work, is the pace of now; the long one, half of the work, is the
//! pace of the job. A tenth is about as much as one can wait for a change to be seen; half is nearly the plain average
//! since the beginning, which is the best one can do for a job whose pace does not change.
//!
//! **A change is believed as far as it stands out of the noise.** Beside the short average runs its own variance, from
//! the squared deviations of the single intervals (as in White's robust standard error): *v* ← *k*² *v* + *g*² (*t* −
//! *p u*)². With *z* = the distance of the two averages in standard errors and *b* = *z*² / (*z*² + 2²):
//!
//! ```text
//! change = (short pace / long pace) ^ b
//! pace ahead = long pace × change × min(max(change, 1/2), 2)
//! ```
//!
//! The second factor carries the change on into the work that is left, at most to double or half: Holt's trend (double
//! exponential smoothing), damped (Gardner and McKenzie, "Forecasting trends in time series", 1985). Files of unequal
//! size make noise and leave the long average; a job that gets slower and slower is seen to.
//!
//! **A stall is not work.** After six observations a wait longer than five times the longest of late (which fades with
//! the short memory) counts only as much. Bursts have long waits as a matter of course and keep them. While nothing
//! comes, the time up to the longest of late is taken as work in hand, and the answer counts down; what goes beyond
//! lengthens the pace.
//!
//! **One report moves an answer by a quarter at most** ([`MAX_JUMP`]). With the completion *c* given at the moment *a*,
//! the next one is |*c*′ − *c*| ≤ ¼ (*c* − *a*): in words, what remains differs from what remained, less the time
//! since, by no more than a quarter of it. Errors vanish over a few reports, never in one. Only another unit, another
//! step or a revision of the work left by more than a quarter (the total changed, or work was lost) lets the answer go
//! at once to where it belongs.
//!
//! **No answer is an answer.** There is none before there is evidence (two intervals with progress, or one of a
//! twentieth of the work; the first report only says where the work began, so what a resumed job brings with it is no
//! work), none without a total, none when nothing is left, none beyond a year. And when the clock has passed an answer
//! while no report came, it is refuted: readers see "unknown", the next report withdraws it, and progress after that
//! starts a new one.
//!
//! **Phases.** Another unit is other work: everything begins anew, and the answer is about that unit's total. A new
//! step of the same whole (a percentage, or a total that spans the steps) keeps the long average and begins the short
//! one anew. A total that changes rescales the memories. Falling back by a tenth or less is taken for parallel workers
//! out of order; by more, for lost work; behind the first report, for a new beginning.
//!
//! # How good it is
//!
//! Judged on runs of real programs: `tests/traces/record.py` runs `gzip`, `sha256sum`, `gcc`, `sort` and others and
//! notes how far they got (nothing in it computes a time), here on a machine of two cores that was busy with other
//! builds. The error is the distance of the predicted from the true remaining time as a share of the true one, at the
//! first report after 25, 50 and 75 % of the work. No answer counts as 100 %; a run of several units has the median over
//! its units. *elapsed/progress* is the time since the first report × work left / work done since; it is given where the
//! work began and when the unit changes, just as ours is (taken literally, it is not). *Largest jump* is over all
//! consecutive answers of a phase; *withdrawn* counts the answers that the clock refuted.
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
//! | phases-3 | 13 % / 16 % / 17 % | 10 % / 16 % / 7 % | 25 % | 0 |
//! | resumed-1 | 17 % / 20 % / 7 % | 7 % / 12 % / 10 % | 25 % | 0 |
//! | resumed-2 | 100 % / 20 % / 53 % | 100 % / 80 % / 47 % | 25 % | 1 |
//! | resumed-3 | 41 % / 102 % / 26 % | 38 % / 92 % / 48 % | 25 % | 1 |
//! | slowing-1 | 73 % / 43 % / 13 % | 80 % / 66 % / 51 % | 25 % | 0 |
//! | slowing-2 | 21 % / 12 % / 3 % | 42 % / 32 % / 30 % | 9 % | 1 |
//! | slowing-3 | 82 % / 67 % / 38 % | 83 % / 74 % / 59 % | 25 % | 0 |
//! | stalled-1 | 22 % / 7 % / 32 % | 41 % / 4 % / 32 % | 24 % | 0 |
//! | stalled-2 | 40 % / 8 % / 3 % | 31 % / 17 % / 9 % | 25 % | 0 |
//! | stalled-3 | 0 % / 23 % / 36 % | 15 % / 7 % / 63 % | 25 % | 0 |
//! | steady-1 | 1 % / 1 % / 6 % | 1 % / 2 % / 5 % | 6 % | 0 |
//! | steady-2 | 12 % / 27 % / 19 % | 29 % / 2 % / 15 % | 25 % | 0 |
//! | steady-3 | 6 % / 14 % / 24 % | 9 % / 15 % / 25 % | 20 % | 0 |
//! | **median** | **40 % / 23 % / 27 %** | **41 % / 30 % / 45 %** | 25 % | 14 |
//!
//! Median of all 63 errors: ours 27 %, elapsed/progress 38 %, elapsed/progress taken literally 42 %.
//!
//! What no report shows nobody foresees: a stall to come, the one huge file, a next step of another pace. Such errors
//! stand in both columns.
//!
//! The constants are round numbers, chosen on two recordings made before this one, of other files (all but the C files;
//! overall medians 24 % against 40 %, and 34 % against 47 %). There, half or double of any one of them moved ours by
//! six points at most.
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
