//! When a job will be done and how fast it goes, from its reports: pure functions, `now` handed in.
//!
//! [`Estimator`] takes one observation a report and keeps a few numbers, whatever the length of the job. Its answers go
//! into the document when the report is committed. [`remaining_seconds`] tells a reader, at any moment after that, what
//! is left.
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
//! **One report moves an answer by a quarter at most** ([`MAX_JUMP`]). With the completion *c* told at the moment *a*,
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
