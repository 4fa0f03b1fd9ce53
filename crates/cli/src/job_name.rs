//! Ids of jobs that their user does not name.

/// Characters of the name that are kept.
const NAME_CHARS: usize = 40;
/// Letters and digits that follow it.
const RANDOM_CHARS: usize = 10;
const DIGITS: u32 = 36;

/// A job id: what a job id allows of `name`, and random characters.
pub(crate) fn generate(name: &str) -> String {
    let is_safe = |character: &char| character.is_ascii_alphanumeric() || "._-".contains(*character);
    let name: String = name.chars().filter(is_safe).take(NAME_CHARS).collect();
    let mut random = [0; RANDOM_CHARS];
    // Without random bytes the id is the same each time, and each run replaces the former one.
    let _ = getrandom::fill(&mut random);
    let digit = |byte: u8| char::from_digit(u32::from(byte).rem_euclid(DIGITS), DIGITS).unwrap_or('0');
    format!("{name}-{}", random.map(digit).iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use protocol::id::JobId;

    use super::*;

    #[test]
    fn every_generated_id_is_a_job_id_and_another_one() {
        for name in ["make", "", "a b/ü", &"x".repeat(300)] {
            let id = generate(name);
            assert!(JobId::parse(&id).is_some(), "{id}");
            assert_ne!(id, generate(name));
        }
    }
}
