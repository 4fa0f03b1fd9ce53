//! All settings of a deployment at once, for a server that does not start without them.

use crate::{
    client_address::AddressSource,
    index::Shards,
    key::{KEY_VARIABLES, KeyRing},
    not_configured::NotConfigured,
    signer::Signer,
    webhook::{project::ProjectWebhooks, target::Targets},
};

/// Every setting that is missing or wrong; `setting` returns the value of a name.
///
/// ```
/// use engine::{not_configured::NotConfigured, settings::faults};
/// assert_eq!(faults(|_| None), [NotConfigured::NoKeys, NotConfigured::NoTokenSecret]);
/// ```
pub fn faults(setting: impl Fn(&str) -> Option<String>) -> Vec<NotConfigured> {
    let dev = setting("JOB_PROGRESS_DEV").is_some_and(|dev| dev == "1");
    let keys: Vec<_> = KEY_VARIABLES.iter().filter_map(|name| Some((*name, setting(name)?))).collect();
    let (secret, previous) = (setting("TOKEN_SECRET").unwrap_or_default(), setting("TOKEN_SECRET_PREVIOUS"));
    let targets = Targets::configure(&setting);
    let webhooks = setting("WEBHOOKS").unwrap_or_default();
    [
        KeyRing::parse(keys.iter().map(|(name, text)| (*name, text.as_str())), dev).err(),
        Signer::new(&secret, previous.as_deref()).err(),
        ProjectWebhooks::parse(&webhooks, &targets).err(),
        AddressSource::configure(&setting).err(),
        Shards::configure(&setting).err(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_that_is_wrong_is_named_and_no_value_is_quoted() {
        let faults = faults(|name| match name {
            "API_KEYS" => Some("PLANTED".to_owned()),
            "TOKEN_SECRET" => Some("PLANTED-short".to_owned()),
            "WEBHOOKS" => Some("acme PLANTED".to_owned()),
            "TRUSTED_PROXIES" => Some("PLANTED".to_owned()),
            "JOB_PROGRESS_SERVER" => Some("1".to_owned()),
            "INDEX_SHARDS" => Some("PLANTED".to_owned()),
            _ => None,
        });
        let text: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
        for name in ["API_KEYS", "TOKEN_SECRET", "WEBHOOKS", "TRUSTED_PROXIES", "INDEX_SHARDS"] {
            assert!(text.contains(name), "{name} in {text}");
        }
        assert!(faults.len() == 5 && !text.contains("PLANTED"), "{text}");
    }
}
