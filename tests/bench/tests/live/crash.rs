//! Crashes: acknowledged reports survive. `cargo xtask bench crash --kills 100` crashes the runtime more often.

use bench::crash;

use crate::{processors, run};

/// Milliseconds from the restart within which every viewer must have the newest document.
///
/// A viewer whose attempt fails just before the restart tries again after at most 2.75 s: the server asks for up to 1.75 s,
/// and the second attempt is spread over 1 s. The rest is for a busy machine, and what other programs take of it comes in
/// addition.
const CONVERGED_MS: f64 = 5_000.0;

#[test]
fn ten_crashes_lose_no_acknowledged_report() {
    let _processors = processors();
    let outcome = run(crash::run(10)).unwrap();
    println!("{}", crash::summary(&outcome));
    crash::expect_no_violations(&outcome).unwrap();
    assert_eq!(outcome.kills, 10);
    assert!(outcome.acknowledged > 50, "{outcome:?}");
    let slowest = outcome.converged.percentile(1.0);
    let most = CONVERGED_MS + outcome.waited_ms as f64;
    assert!(slowest <= most, "a viewer took {slowest:.0} ms, more than {most:.0} ms");
}
