//! The addresses of callers, by which requests are counted.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

use crate::rate_limit::RETRY_SECONDS;

/// The part of an address that one caller has: an IPv4 address, or the first 64 bits of an IPv6 address, since a provider
/// assigns at least that many addresses to one customer. A text that is not an address is returned as it is.
///
/// ```
/// use engine::address::network;
/// assert_eq!(network("203.0.113.7"), "203.0.113.7");
/// assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
/// ```
pub fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        },
        Ok(IpAddr::V4(v4)) => v4.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// How many milliseconds an address is refused.
const REFUSAL_MS: u64 = RETRY_SECONDS * 1000;
/// How many refused addresses are remembered. More than that at a time is an attack that no list stops.
const REFUSED: usize = 1_000;

/// The addresses from which too many requests failed to authenticate, each with the time at which its refusal is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedAddresses(HashMap<String, u64>);

impl RefusedAddresses {
    /// Refuses an address for [`RETRY_SECONDS`].
    pub fn refuse(&mut self, address: &str, now_ms: u64) {
        self.0.retain(|_, until_ms| is_ahead(*until_ms, now_ms));
        if self.0.len() < REFUSED || self.0.contains_key(address) {
            self.0.insert(address.to_owned(), now_ms.saturating_add(REFUSAL_MS));
        }
    }

    /// Whether an address is refused.
    pub fn contains(&self, address: &str, now_ms: u64) -> bool {
        self.0.get(address).is_some_and(|until_ms| is_ahead(*until_ms, now_ms))
    }

    /// Whether no address is refused.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a refusal is not over. An end that lies further ahead than a refusal lasts means that the clock was set back.
fn is_ahead(until_ms: u64, now_ms: u64) -> bool {
    (1..=REFUSAL_MS).contains(&until_ms.saturating_sub(now_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_caller() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:0DB8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::1"), "::/64");
    }

    #[test]
    fn an_ipv4_address_in_ipv6_form_is_the_ipv4_address() {
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
        assert_ne!(network("::ffff:203.0.113.7"), network("::ffff:203.0.113.8"));
    }

    #[test]
    fn a_text_that_is_not_an_address_stays_as_it_is() {
        for text in ["", "localhost", "203.0.113.7:80", "[::1]"] {
            assert_eq!(network(text), text);
        }
    }

    #[test]
    fn a_refusal_ends_after_its_time() {
        let mut refused = RefusedAddresses::default();
        refused.refuse("a", 1_000);
        assert!(refused.contains("a", 60_999) && !refused.contains("a", 61_000) && !refused.contains("b", 1_000));
    }

    #[test]
    fn a_clock_set_back_refuses_no_address_for_longer() {
        let mut refused = RefusedAddresses::default();
        refused.refuse("a", 3_600_000);
        assert!(refused.contains("a", 3_600_000) && !refused.contains("a", 3_599_999) && !refused.contains("a", 0));
    }

    #[test]
    fn the_list_is_bounded_and_forgets_what_is_over() {
        let mut refused = RefusedAddresses::default();
        (0..2 * REFUSED).for_each(|index| refused.refuse(&index.to_string(), 0));
        assert_eq!(refused.0.len(), REFUSED);
        refused.refuse("0", 5);
        assert!(refused.contains("0", REFUSAL_MS + 4));
        refused.refuse("new", REFUSAL_MS + 5);
        assert_eq!(refused.0.len(), 1);
    }
}
