//! Where webhooks may be sent: public servers over https, unless the operator allows others.
//!
//! A webhook makes the server send requests to a URL that somebody else chose (server-side request forgery, OWASP). The URL
//! is checked when a report sets it and again before each try. What a name resolves to is checked by the runtime: Cloudflare
//! has no private network, and a workerd outside of it connects only to public addresses, unless the operator allows the host.

use std::net::{Ipv4Addr, Ipv6Addr};

use protocol::webhook::WebhookUrl;
use url::{Host, Url};

/// The ports of https URLs.
const PORTS: [u16; 2] = [443, 8443];

/// Names of networks that are not public (RFC 6761, RFC 6762, RFC 8375, the reserved TLD `internal`, and those of common
/// routers).
const PRIVATE_NAMES: [&str; 10] =
    ["localhost", "local", "internal", "home.arpa", "localdomain", "intranet", "lan", "home", "corp", "private"];

/// The policy of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Targets {
    /// Only public servers.
    #[default]
    Public,
    /// Public servers, and these hosts with any port and also without TLS. Each is `host` or `host:port`.
    And(Vec<String>),
    /// All hosts, also without TLS: a development server.
    All,
}

impl Targets {
    /// Reads the settings `WEBHOOK_ALLOW` (hosts, separated by spaces or commas) and `JOB_PROGRESS_DEV`.
    pub fn configure(setting: impl Fn(&str) -> Option<String>) -> Targets {
        if setting("JOB_PROGRESS_DEV").is_some_and(|dev| dev == "1") {
            return Targets::All;
        }
        let hosts = setting("WEBHOOK_ALLOW").unwrap_or_default();
        let hosts: Vec<_> = hosts.split([' ', ',', '\n']).filter(|host| !host.is_empty()).collect();
        match hosts.is_empty() {
            true => Targets::Public,
            false => Targets::And(hosts.into_iter().map(str::to_ascii_lowercase).collect()),
        }
    }

    /// Checks a URL.
    ///
    /// ```
    /// use engine::webhook::target::Targets;
    /// use protocol::webhook::WebhookUrl;
    /// let check = |url: &str| Targets::Public.check(&WebhookUrl(url.to_owned()));
    /// assert_eq!(check("https://example.com/hook?key=1"), Ok(()));
    /// assert_eq!(check("https://2130706433/"), Err("must not have an address that is not public"));
    /// ```
    ///
    /// # Errors
    ///
    /// The rule that it breaks, as the end of a sentence whose subject is the field. It never quotes the URL.
    pub fn check(&self, url: &WebhookUrl) -> Result<(), &'static str> {
        let parsed = Url::parse(&url.0).map_err(|_| "must be an absolute URL, such as https://example.com/hook")?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err("must be an https URL");
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err("must not have a user name or a password; put a secret into the path or the query");
        }
        if self.names(&parsed) {
            return Ok(());
        }
        if parsed.scheme() != "https" {
            return Err("must be an https URL");
        }
        if !parsed.port_or_known_default().is_some_and(|port| PORTS.contains(&port)) {
            return Err("must have the port 443 or 8443");
        }
        match parsed.host() {
            Some(Host::Domain(name)) => check_name(name),
            Some(Host::Ipv4(address)) if is_public_v4(address) => Ok(()),
            Some(Host::Ipv6(address)) if is_public_v6(address) => Ok(()),
            _ => Err("must not have an address that is not public"),
        }
    }

    /// Whether the operator allows the host of a URL in particular, so that it may be in a network that is not public.
    pub fn allow_any_network(&self, url: &WebhookUrl) -> bool {
        Url::parse(&url.0).is_ok_and(|url| self.names(&url))
    }

    fn names(&self, url: &Url) -> bool {
        let hosts = match self {
            Targets::Public => return false,
            Targets::All => return true,
            Targets::And(hosts) => hosts,
        };
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        hosts.iter().any(|listed| listed == host || *listed == format!("{host}:{port}"))
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    // A `.` at the end makes a name absolute; it names the same host.
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_private = |private: &&str| {
        let rest = name.strip_suffix(*private);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !name.contains('.') || PRIVATE_NAMES.iter().any(is_private) {
        return Err("must not name a host of a private network");
    }
    Ok(())
}

/// Whether the IANA registry of special-purpose addresses lists no network that contains the address.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240;
    !is_special
}

/// Whether the address is global unicast (2000::/3) and in none of the special networks there. Those that contain an IPv4
/// address (mapped, 6to4, Teredo, NAT64) are all refused.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_special = (first == 0x2001 && (second < 0x200 || second == 0xdb8))
        || first == 0x2002
        || (first == 0x3fff && second < 0x1000);
    (0x2000..0x4000).contains(&first) && !is_special
}

/// The origin of a URL, for lists and logs, which must not show its path and query: they can be secrets.
pub fn shown(url: &WebhookUrl) -> String {
    let origin = Url::parse(&url.0).map(|url| url.origin().ascii_serialization());
    format!("{}/…", origin.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The table of URLs, which a test of the running server uses too.
    const URLS: &str = include_str!("../../../../tests/cases/webhooks/urls.json");

    fn urls(member: &str) -> Vec<WebhookUrl> {
        let table: Value = serde_json::from_str(URLS).unwrap();
        table[member].as_array().unwrap().iter().map(|url| WebhookUrl(url.as_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn only_urls_of_public_servers_are_allowed() {
        let (allowed, refused) = (urls("allowed"), urls("refused"));
        assert!(allowed.len() + refused.len() >= 150);
        for url in allowed {
            assert_eq!(Targets::Public.check(&url), Ok(()), "{}", url.0);
        }
        for url in refused {
            assert!(Targets::Public.check(&url).is_err(), "{}", url.0);
        }
    }

    #[test]
    fn the_operator_can_allow_hosts_with_any_port_and_without_tls_but_no_user_info_and_no_other_scheme() {
        let setting = |name: &str| (name == "WEBHOOK_ALLOW").then(|| "Hooks.internal, 10.0.0.5:8080\n[::1]".to_owned());
        let targets = Targets::configure(setting);
        let check = |url: &str| targets.check(&WebhookUrl(url.to_owned())).is_ok();
        for url in ["http://hooks.internal:81/a", "http://10.0.0.5:8080/", "http://[::1]:9/", "https://example.com/"] {
            assert!(check(url), "{url}");
        }
        for url in [
            "http://10.0.0.5/",
            "http://10.0.0.6:8080/",
            "http://a@hooks.internal/",
            "ftp://hooks.internal/",
            "http://example.com/",
        ] {
            assert!(!check(url), "{url}");
        }
    }

    #[test]
    fn only_the_hosts_that_the_operator_allows_may_be_in_a_network_that_is_not_public() {
        let setting = |name: &str| (name == "WEBHOOK_ALLOW").then(|| "hooks.internal".to_owned());
        let (targets, inside, outside) = (
            Targets::configure(setting),
            WebhookUrl("http://hooks.internal/".to_owned()),
            WebhookUrl("https://example.com/".to_owned()),
        );
        assert!(targets.allow_any_network(&inside) && !targets.allow_any_network(&outside));
        assert!(!Targets::Public.allow_any_network(&inside) && Targets::All.allow_any_network(&outside));
    }

    #[test]
    fn a_development_server_allows_every_host() {
        let targets = Targets::configure(|name| (name == "JOB_PROGRESS_DEV").then(|| "1".to_owned()));
        assert_eq!(targets.check(&WebhookUrl("http://127.0.0.1:9000/hook".to_owned())), Ok(()));
        assert!(targets.check(&WebhookUrl("file:///etc/passwd".to_owned())).is_err());
    }

    #[test]
    fn a_list_shows_only_the_origin_of_a_url() {
        let url = WebhookUrl("https://hooks.example.com:8443/services/PLANTED?key=PLANTED#PLANTED".to_owned());
        assert_eq!(shown(&url), "https://hooks.example.com:8443/…");
    }
}
