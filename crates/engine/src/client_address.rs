//! The address of a caller, by which requests are counted, found where callers cannot choose it.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use crate::not_configured::NotConfigured;

/// The setting with the reverse proxies of a server.
const TRUSTED_PROXIES: &str = "TRUSTED_PROXIES";

/// Where the address of a caller is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressSource {
    /// On Cloudflare, which sets the header `CF-Connecting-IP` of every request itself.
    Cloudflare,
    /// On a server, where a caller can send every header: in the connection, or in the `X-Forwarded-For` of its proxies.
    Server(TrustedProxies),
}

impl AddressSource {
    /// Reads the settings `JOB_PROGRESS_SERVER`, which the configuration of a server sets, and `TRUSTED_PROXIES`.
    ///
    /// # Errors
    ///
    /// `TRUSTED_PROXIES` has an entry that is neither an address nor a network.
    pub fn configure(setting: impl Fn(&str) -> Option<String>) -> Result<AddressSource, NotConfigured> {
        if setting("JOB_PROGRESS_SERVER").is_none() {
            return Ok(AddressSource::Cloudflare);
        }
        TrustedProxies::parse(&setting(TRUSTED_PROXIES).unwrap_or_default()).map(AddressSource::Server)
    }

    /// The address of the caller. `header` returns the value of a header, with several of one name joined by commas; `peer`
    /// returns the address and the port of the connection, if the runtime knows them.
    pub fn address(
        &self,
        header: impl Fn(&str) -> Option<String>,
        peer: impl FnOnce() -> Option<String>,
    ) -> Option<String> {
        match self {
            AddressSource::Cloudflare => header("CF-Connecting-IP"),
            AddressSource::Server(proxies) => {
                let peer = ip(&peer()?)?;
                Some(proxies.client(peer, || header("X-Forwarded-For")).to_string())
            }
        }
    }
}

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and networks (`127.0.0.1, 10.0.0.0/8, fd00::/8`) that are separated by spaces or commas.
    ///
    /// # Errors
    ///
    /// An entry is neither.
    pub fn parse(list: &str) -> Result<TrustedProxies, NotConfigured> {
        let entries = list.split([' ', ',', '\n']).filter(|entry| !entry.is_empty());
        let network = |(index, entry): (usize, &str)| {
            let parsed = entry.parse().ok().or_else(|| entry.parse().ok().map(|address: IpAddr| address.into()));
            parsed.ok_or(NotConfigured::TrustedProxy { entry: index.saturating_add(1) })
        };
        entries.enumerate().map(network).collect::<Result<_, _>>().map(TrustedProxies)
    }

    /// The address of the client behind a connection from `peer`.
    ///
    /// Each proxy adds the address from which it received the request at the end of `X-Forwarded-For`. So the list is read
    /// from its end for as long as a trusted proxy has added the entry: the first address that is not one of the proxies
    /// is the client's, and what precedes it is what the client wrote.
    ///
    /// ```
    /// use engine::client_address::TrustedProxies;
    /// let proxies = TrustedProxies::parse("127.0.0.1, 10.0.0.0/8").unwrap();
    /// let client = |peer: &str, forwarded_for: &str| {
    ///     proxies.client(peer.parse().unwrap(), || Some(forwarded_for.to_owned())).to_string()
    /// };
    /// assert_eq!(client("127.0.0.1", "198.51.100.1, 203.0.113.7, 10.0.0.5"), "203.0.113.7");
    /// assert_eq!(client("203.0.113.7", "198.51.100.1"), "203.0.113.7");
    /// ```
    pub fn client(&self, peer: IpAddr, forwarded_for: impl FnOnce() -> Option<String>) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.contains(client) {
            return client;
        }
        let list = forwarded_for().unwrap_or_default();
        for entry in list.rsplit(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            // An entry that is no address (`unknown`) names nobody; the proxy that added it is as far as the list leads.
            let Some(address) = ip(entry) else { break };
            client = address;
            if !self.contains(client) {
                break;
            }
        }
        client
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The address in a text that is an address or an address with a port. An IPv4 address in IPv6 form is the IPv4 address.
fn ip(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address: IpAddr = text.parse().ok().or_else(with_port).or_else(in_brackets)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXIES: &str = "127.0.0.1 10.0.0.0/8,::1\nfd00::/8";

    /// The address on a server with [`PROXIES`].
    fn on_server(peer: &str, forwarded_for: Option<&str>) -> Option<String> {
        let source = AddressSource::Server(TrustedProxies::parse(PROXIES).unwrap());
        let header = |name: &str| match name {
            "X-Forwarded-For" => forwarded_for.map(str::to_owned),
            _ => Some("198.51.100.99".to_owned()),
        };
        source.address(header, || Some(peer.to_owned()))
    }

    #[test]
    fn on_cloudflare_the_address_is_the_one_that_cloudflare_sets() {
        let source =
            AddressSource::configure(|name| (name == TRUSTED_PROXIES).then(|| "0.0.0.0/0".to_owned())).unwrap();
        assert_eq!(source, AddressSource::Cloudflare);
        let header = |name: &str| Some(if name == "CF-Connecting-IP" { "203.0.113.7" } else { "forged" }.to_owned());
        assert_eq!(source.address(header, || Some("192.0.2.1:1".to_owned())).as_deref(), Some("203.0.113.7"));
    }

    #[test]
    fn on_a_server_no_header_of_a_caller_changes_its_address() {
        for forwarded_for in [None, Some(""), Some("198.51.100.1"), Some("198.51.100.1, 10.0.0.1, 127.0.0.1")] {
            assert_eq!(on_server("203.0.113.7:4711", forwarded_for).as_deref(), Some("203.0.113.7"));
            assert_eq!(on_server("[2001:db8::7]:4711", forwarded_for).as_deref(), Some("2001:db8::7"));
        }
    }

    #[test]
    fn behind_proxies_the_address_is_the_last_one_that_none_of_them_has() {
        for (forwarded_for, client) in [
            ("203.0.113.7", "203.0.113.7"),
            ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
            ("10.0.0.1, 203.0.113.7 , 10.0.0.2,10.0.0.3", "203.0.113.7"),
            ("198.51.100.1,, 203.0.113.7, ", "203.0.113.7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("203.0.113.7, fd00::2", "203.0.113.7"),
        ] {
            for peer in ["127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80", "10.200.0.1:80"] {
                assert_eq!(
                    on_server(peer, Some(forwarded_for)).as_deref(),
                    Some(client),
                    "{forwarded_for} from {peer}"
                );
            }
        }
    }

    #[test]
    fn a_list_that_names_no_client_leads_to_the_last_proxy() {
        assert_eq!(on_server("127.0.0.1:80", None).as_deref(), Some("127.0.0.1"));
        assert_eq!(on_server("127.0.0.1:80", Some("unknown")).as_deref(), Some("127.0.0.1"));
        assert_eq!(on_server("127.0.0.1:80", Some("203.0.113.7, unknown, 10.0.0.2")).as_deref(), Some("10.0.0.2"));
        assert_eq!(on_server("127.0.0.1:80", Some("10.0.0.1, 10.0.0.2")).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn a_connection_without_an_address_has_none() {
        let source = AddressSource::Server(TrustedProxies::default());
        assert_eq!(source.address(|_| Some("203.0.113.7".to_owned()), || None), None);
    }

    #[test]
    fn an_entry_that_is_no_network_is_refused_with_its_number_and_not_quoted() {
        let configure = |list: &str| {
            AddressSource::configure(|name| match name {
                "JOB_PROGRESS_SERVER" => Some("1".to_owned()),
                TRUSTED_PROXIES => Some(list.to_owned()),
                _ => None,
            })
        };
        assert_eq!(configure(""), Ok(AddressSource::Server(TrustedProxies::default())));
        for wrong in ["nginx", "192.0.2.0/33", "192.0.2", "192.0.2.1:80", "*"] {
            let fault = configure(&format!("10.0.0.0/8, {wrong}")).unwrap_err();
            assert_eq!(fault, NotConfigured::TrustedProxy { entry: 2 }, "{wrong}");
            assert!(!fault.to_string().contains(wrong), "{fault}");
        }
    }
}
