//! A sample of measured milliseconds and its percentiles.

/// A sample of measured milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Sample(Vec<f32>);

impl Sample {
    /// Adds one value.
    pub fn add(&mut self, millis: f64) {
        self.0.push(millis as f32);
    }

    /// Adds all values of another sample.
    pub fn merge(&mut self, other: &Sample) {
        self.0.extend_from_slice(&other.0);
    }

    /// The number of values.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that `share` (0–1) of the values do not exceed; NaN if there are none.
    pub fn percentile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f32::total_cmp);
        let index = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
        sorted.get(index).map_or(f64::NAN, |millis| f64::from(*millis))
    }
}

/// The median; NaN of nothing.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[half],
        _ => f64::midpoint(sorted[half - 1], sorted[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_smallest_value_that_covers_its_share() {
        let mut sample = Sample::default();
        (1..=100).rev().for_each(|millis| sample.add(f64::from(millis)));
        assert_eq!([0.5, 0.99, 1.0].map(|share| sample.percentile(share)), [50.0, 99.0, 100.0]);
        assert!(Sample::default().percentile(0.5).is_nan());
    }

    #[test]
    fn the_median_of_an_even_count_is_the_mean_of_the_two_in_the_middle() {
        assert_eq!(median([4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median([9.0, 1.0, 3.0]), 3.0);
    }
}
