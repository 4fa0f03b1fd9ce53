//! Owners that are killed and stopped. `cargo xtask bench takeover --kills 100` does so more often.

use bench::{
    bucket::Bucket,
    server::Folder,
    takeover::{self, End, Outcome},
};

use crate::{DIVISOR, run};

/// Milliseconds by which a deadline may be late whose instance has ended: until its lease ends, and on a busy machine.
const LATE_MS: f64 = 20_000.0;
/// Milliseconds from the next report within which every viewer must have it.
const CONVERGED_MS: f64 = 15_000.0;

fn take_over(name: &str, end: End) -> Outcome {
    let folder = Folder::new(name).unwrap();
    let outcome = run(async {
        let bucket = Bucket::start(folder.path()).await.unwrap();
        takeover::run(&bucket, folder.path(), end, 10, DIVISOR).await.unwrap()
    });
    println!("{}", takeover::summary(&outcome));
    takeover::expect_no_violations(&outcome).unwrap();
    assert_eq!((outcome.ends, outcome.alarms.count()), (10, 10));
    let (late, converged) = (outcome.alarms.percentile(1.0), outcome.converged.percentile(1.0));
    assert!(late <= LATE_MS, "a deadline was {late:.0} ms late, more than {LATE_MS:.0} ms");
    assert!(converged <= CONVERGED_MS, "a viewer took {converged:.0} ms, more than {CONVERGED_MS:.0} ms");
    outcome
}

#[test]
fn ten_killed_owners_lose_no_acknowledged_report() {
    assert!(take_over("cluster-crash", End::Crash).acknowledged > 50);
}

#[test]
fn ten_stopped_owners_lose_no_report_and_refuse_none() {
    let outcome = take_over("cluster-stop", End::Stop);
    assert_eq!((outcome.unanswered, outcome.overloaded), (0, 0));
    assert!(outcome.acknowledged > 500);
}
