//! Crashes: what was acknowledged is there afterwards. `cargo xtask bench crash --kills 100` does it more often.

use bench::crash;

use crate::{alone, run};

#[test]
fn ten_crashes_lose_nothing_that_was_acknowledged() {
    let _alone = alone();
    let outcome = run(crash::run(10)).unwrap();
    println!("{}", crash::summary(&outcome));
    crash::expect_nothing_wrong(&outcome).unwrap();
    assert_eq!(outcome.kills, 10);
    assert!(outcome.acknowledged > 50, "{outcome:?}");
    let slowest = outcome.converged.percentile(1.0);
    assert!(slowest <= 5_000.0, "a viewer took {slowest:.0} ms");
}
