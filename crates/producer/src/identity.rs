//! What identifies an item: the name of its producer, its number, and the attempt that it belongs to.

use serde_json::{Map, Value};

/// The length of a random name.
const NAME_CHARS: usize = 12;

/// The identity of a producer, with the number of its last item.
#[derive(Debug)]
pub(crate) struct Identity {
    producer: String,
    order: u64,
    /// The attempt of the first response.
    pub(crate) attempt: Option<u64>,
}

impl Identity {
    /// A producer with a random name of digits and small letters, whose items count from 1.
    pub(crate) fn random(random: [u8; NAME_CHARS]) -> Identity {
        let character = |byte: u8| char::from_digit(u32::from(byte).rem_euclid(36), 36).unwrap_or('0');
        Identity { producer: random.into_iter().map(character).collect(), order: 0, attempt: None }
    }

    /// A producer that the application names. Its items count from the time in milliseconds, so that a program that was
    /// restarted continues above its former numbers.
    pub(crate) fn named(producer: String, now_ms: u64) -> Identity {
        Identity { producer, order: now_ms, attempt: None }
    }

    /// Gives the next item its number, and the other members that identify it.
    pub(crate) fn stamp(&mut self, fields: &mut Map<String, Value>) {
        self.order = self.order.saturating_add(1);
        fields.insert("producer".to_owned(), self.producer.as_str().into());
        fields.insert("order".to_owned(), self.order.into());
        if let Some(attempt) = self.attempt {
            fields.insert("attempt".to_owned(), attempt.into());
        }
    }
}
