//! The cluster of which a server is an instance, if its settings name one.

use std::{fmt, fs::OpenOptions, io::Write as _, net::IpAddr, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::{Context, Result};

/// The file of the configuration that [`Cluster::write_instance`] writes; `cluster.capnp` includes it.
const INSTANCE: &str = "instance.capnp";

/// How long the runtime takes to end at most: it hands its objects to the other instances, and completes its requests.
const STOP_TIMEOUT_MS: u32 = 5_500;

/// The least length of the key, which the runtime demands too.
const KEY_CHARACTERS: usize = 32;

/// The settings that make a server an instance of a cluster; all of them are needed.
const SETTINGS: [&str; 3] = ["CLUSTER_BUCKET", "CLUSTER_KEY", "CLUSTER_ADDRESS"];

/// The setting by which tests shorten the times of a cluster. A short lease ends whenever the bucket is slow.
const TIME_DIVISOR: &str = "CLUSTER_UNSAFE_TIME_DIVISOR";

/// What an operator should check if the runtime ends at its start; its own message, which comes first, may say less.
pub(crate) const START_HINT: &str = "; if it could not join the cluster, check that the bucket exists, and that the credentials may \
                                     get, put, delete and list its objects";

/// The cluster, as an instance of it sees it.
#[derive(PartialEq, Eq)]
pub(crate) struct Cluster {
    /// `s3://BUCKET` or `gs://BUCKET`, and a prefix.
    pub(crate) bucket: String,
    key: String,
    /// Where the other instances reach this one.
    pub(crate) address: String,
    time_divisor: u32,
}

/// A setting of a cluster that is missing or wrong. Its text quotes no value, which may be a secret in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The setting is missing.
    Missing(&'static str),
    /// `CLUSTER_BUCKET` is not a bucket.
    Bucket,
    /// `CLUSTER_KEY` is too short, or has other characters than printable ones of ASCII.
    Key,
    /// `CLUSTER_ADDRESS` is not an address that others can reach.
    Address,
    /// `CLUSTER_ADDRESS` is an address of the internet, where the runtime does not listen for instances.
    PublicAddress,
    /// The divisor is not a number, or is set on an address that is not this machine's own.
    TimeDivisor,
}

impl Cluster {
    /// The cluster that the settings name; `setting` returns the value of a name.
    ///
    /// # Errors
    ///
    /// Every setting that is missing or wrong.
    pub(crate) fn configure(setting: impl Fn(&str) -> Option<String>) -> Result<Option<Cluster>, Vec<Fault>> {
        let setting = |name: &str| setting(name).filter(|value| !value.is_empty());
        let [bucket, key, address] = SETTINGS.map(|name| setting(name).ok_or(Fault::Missing(name)));
        if bucket.is_err() && key.is_err() && address.is_err() {
            return Ok(None);
        }
        let mut faults = Vec::new();
        let mut checked = |value: Result<String, Fault>, is_valid: fn(&str) -> bool, fault: Fault| match value {
            Ok(value) if is_valid(&value) => value,
            value => {
                faults.push(value.err().unwrap_or(fault));
                String::new()
            }
        };
        let bucket = checked(bucket, is_bucket, Fault::Bucket);
        let key = checked(key, is_key, Fault::Key);
        let address = checked(address, is_address, Fault::Address);
        faults.extend(is_public(&address).then_some(Fault::PublicAddress));
        if bucket.starts_with("s3:") && setting("AWS_CREDENTIALS_FILE").is_none() {
            let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
            faults.extend(names.into_iter().filter(|name| setting(name).is_none()).map(Fault::Missing));
        }
        let time_divisor = match setting(TIME_DIVISOR) {
            None => Some(1),
            Some(divisor) => divisor.parse().ok().filter(|_| is_loopback(&address)),
        };
        match time_divisor {
            Some(time_divisor) if faults.is_empty() => Ok(Some(Cluster { bucket, key, address, time_divisor })),
            time_divisor => {
                faults.extend(time_divisor.is_none().then_some(Fault::TimeDivisor));
                Err(faults)
            }
        }
    }

    /// What the operator should know at the start.
    pub(crate) fn warning(&self) -> Option<String> {
        let is_shortened = self.time_divisor != 1;
        is_shortened.then(|| format!("{TIME_DIVISOR} is set: this cluster is only for tests"))
    }

    /// Writes what only this instance knows into the folder of the configurations, where only this user reads it.
    ///
    /// # Errors
    ///
    /// The data folder is full or not writable.
    pub(crate) fn write_instance(&self, config: &Path) -> Result<()> {
        let path = config.join(INSTANCE);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(self.instance().as_bytes()));
        written.with_context(|| format!("cannot write {}", path.display()))
    }

    fn instance(&self) -> String {
        let Cluster { bucket, key, address, time_divisor } = self;
        let [bucket, key, address] = [bucket, key, address].map(|text| quoted(text));
        format!(
            r#"@0xd3b1c8a5e0f74296;

using Workerd = import "/workerd/workerd.capnp";

const cluster :Workerd.ClusterConfig = (
  bucket = {bucket},
  key = {key},
  address = {address},
  stopTimeoutMs = {STOP_TIMEOUT_MS},
  unsafeTimeDivisor = {time_divisor},
);
"#
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Missing("CLUSTER_BUCKET") => f.write_str(
                "CLUSTER_BUCKET is not set. An instance of a cluster needs the bucket that all instances share, such as \
                 s3://my-bucket/job-progress.",
            ),
            Fault::Missing("CLUSTER_KEY") => f.write_str(
                "CLUSTER_KEY is not set. An instance of a cluster needs the secret that all instances share, such as the output \
                 of `openssl rand -hex 32`.",
            ),
            Fault::Missing("CLUSTER_ADDRESS") => f.write_str(
                "CLUSTER_ADDRESS is not set. An instance of a cluster needs an address and a port at which the others reach it, \
                 such as 10.0.0.1:7000.",
            ),
            Fault::Missing(name) => write!(f, "{name} is not set. An s3:// bucket needs it, or AWS_CREDENTIALS_FILE."),
            Fault::Bucket => f.write_str(
                "CLUSTER_BUCKET is invalid: it must be s3:// or gs://, the name of a bucket, and optionally a prefix.",
            ),
            Fault::Key => write!(
                f,
                "CLUSTER_KEY is invalid: it must have at least {KEY_CHARACTERS} characters, all of them printable ASCII. Use the \
                 output of `openssl rand -hex 32`."
            ),
            Fault::Address => f.write_str(
                "CLUSTER_ADDRESS is invalid: it must be an address of this machine or a name for it, and a port, such as \
                 10.0.0.1:7000. The other instances connect to it, so it cannot be 0.0.0.0 or [::].",
            ),
            Fault::PublicAddress => f.write_str(
                "CLUSTER_ADDRESS is a public address. The traffic between instances is not encrypted, so the address must be one of \
                 a private network, such as 10.0.0.1:7000.",
            ),
            Fault::TimeDivisor => write!(
                f,
                "{TIME_DIVISOR} is invalid: it must be a number, and CLUSTER_ADDRESS a loopback address; it is only for tests."
            ),
        }
    }
}

fn is_bucket(text: &str) -> bool {
    let rest = text.strip_prefix("s3://").or_else(|| text.strip_prefix("gs://"));
    rest.is_some_and(|rest| {
        !rest.starts_with('/') && !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

fn is_key(text: &str) -> bool {
    text.len() >= KEY_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_reachable = match ip(host) {
        Some(ip) => !ip.is_unspecified(),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
    };
    is_reachable && port.parse::<u16>().is_ok_and(|port| port != 0)
}

fn is_loopback(address: &str) -> bool {
    address.rsplit_once(':').and_then(|(host, _)| ip(host)).is_some_and(|ip| ip.is_loopback())
}

/// Whether the host is an IP address of the internet. Names are not looked up: what they resolve to may change.
fn is_public(address: &str) -> bool {
    let host = address.rsplit_once(':').and_then(|(host, _)| ip(host));
    host.is_some_and(|ip| match ip.to_canonical() {
        // 100.64.0.0/10 is shared address space (RFC 6598), which VPNs use.
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || is_shared)
        }
        IpAddr::V6(ip) => !(ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local()),
    })
}

/// The IP address that is a host, if it is one; an IPv6 address is in brackets.
fn ip(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse().map(IpAddr::V6).ok(),
        None => host.parse().map(IpAddr::V4).ok(),
    }
}

/// Printable ASCII as a literal of Cap'n Proto.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a key of at least thirty-two characters";

    /// The settings of a cluster with others in place of some.
    fn configure(others: &[(&str, &str)]) -> Result<Option<Cluster>, Vec<Fault>> {
        let usual = [
            ("CLUSTER_BUCKET", "s3://jobs/a"),
            ("CLUSTER_KEY", KEY),
            ("CLUSTER_ADDRESS", "10.0.0.1:7000"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        Cluster::configure(|name| {
            let found = others.iter().chain(&usual).find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_server_without_the_settings_of_a_cluster_is_no_instance() {
        assert!(Cluster::configure(|_| None).is_ok_and(|cluster| cluster.is_none()));
        // The credentials may be those of another program, and an empty setting is one that is not set.
        let none = [("CLUSTER_BUCKET", ""), ("CLUSTER_KEY", ""), ("CLUSTER_ADDRESS", "")];
        assert!(configure(&none).is_ok_and(|cluster| cluster.is_none()));
    }

    #[test]
    fn each_setting_that_is_missing_is_named() {
        for name in SETTINGS.into_iter().chain(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
            let faults = configure(&[(name, "")]).err().unwrap();
            assert_eq!(faults, [Fault::Missing(name)]);
            assert!(faults[0].to_string().starts_with(&format!("{name} is not set")));
        }
        let file = [("AWS_ACCESS_KEY_ID", ""), ("AWS_CREDENTIALS_FILE", "/etc/aws"), ("AWS_SECRET_ACCESS_KEY", "")];
        assert!(configure(&file).is_ok());
        let google = [("CLUSTER_BUCKET", "gs://jobs/a"), ("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
        assert!(configure(&google).is_ok());
    }

    #[test]
    fn each_setting_that_is_wrong_is_named_and_no_value_is_quoted() {
        let long = "PLANTED\n".repeat(5);
        for (name, values, fault) in [
            (
                "CLUSTER_BUCKET",
                &["PLANTED", "s3:PLANTED", "s3://", "s3:///PLANTED", "s3://PLAN TED"][..],
                Fault::Bucket,
            ),
            ("CLUSTER_KEY", &["PLANTED", &long], Fault::Key),
            (
                "CLUSTER_ADDRESS",
                &["PLANTED", "0.0.0.0:7000", "[::]:7000", "10.0.0.1:0", "10.0.0.1", ":7000"],
                Fault::Address,
            ),
            (TIME_DIVISOR, &["PLANTED", "10"], Fault::TimeDivisor),
        ] {
            for value in values {
                let faults = configure(&[(name, value)]).err().unwrap_or_default();
                assert_eq!(faults, [fault], "{name} {value}");
                assert!(
                    fault.to_string().starts_with(&format!("{name} is invalid"))
                        && !fault.to_string().contains("PLANTED")
                );
            }
        }
    }

    #[test]
    fn a_public_address_is_refused() {
        for address in ["203.0.113.7:7000", "100.128.0.1:7000", "[2001:db8::1]:7000", "[::ffff:203.0.113.7]:7000"] {
            let faults = configure(&[("CLUSTER_ADDRESS", address)]).err().unwrap_or_default();
            assert_eq!(faults, [Fault::PublicAddress], "{address}");
        }
        assert!(Fault::PublicAddress.to_string().starts_with("CLUSTER_ADDRESS is a public address"));
    }

    #[test]
    fn addresses_are_those_of_this_machine_or_names_for_it() {
        let private = ["10.0.0.1:7000", "172.16.0.1:7000", "192.168.0.1:7000", "169.254.0.1:7000", "100.64.0.1:7000"];
        for address in
            private.into_iter().chain(["[fd00::1]:7000", "[fe80::1]:7000", "node-1.internal:7000", "localhost:1"])
        {
            assert!(configure(&[("CLUSTER_ADDRESS", address)]).is_ok(), "{address}");
        }
        let shortened =
            configure(&[("CLUSTER_ADDRESS", "127.0.0.1:7000"), (TIME_DIVISOR, "10")]).ok().flatten().unwrap();
        assert!(shortened.warning().is_some() && shortened.instance().contains("unsafeTimeDivisor = 10,"));
        assert!(configure(&[]).ok().flatten().unwrap().warning().is_none());
    }

    #[test]
    fn the_configuration_of_the_instance_quotes_what_its_language_would_read_otherwise() {
        let key = r#"with "quotes" and a \ in thirty-two characters"#;
        let cluster = configure(&[("CLUSTER_KEY", key)]).ok().flatten().unwrap();
        assert!(cluster.instance().contains(r#"key = "with \"quotes\" and a \\ in thirty-two characters","#));
    }
}
