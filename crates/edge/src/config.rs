//! The settings of a deployment, read once per isolate.

use std::{cell::RefCell, rc::Rc};

use engine::{
    access::Access,
    client_address::{AddressSource, TrustedProxies},
    index::Shards,
    shutdown::ControlSecret,
    warm_objects::WarmObjects,
    webhook::{project::ProjectWebhooks, schedule::Scale, target::Targets},
};
use js_sys::Reflect;
use protocol::Problem;
use worker::Env;

use crate::{cluster, js};

/// The settings of a deployment.
pub(crate) struct Config {
    /// The keys and the signer of tokens, or the problem that says which setting is missing or wrong.
    access: Result<Access, Problem>,
    /// The origins whose pages may call; all if absent.
    origins: Option<Vec<String>>,
    /// Whether this is a development server.
    pub(crate) dev: bool,
    /// Where webhooks may be sent.
    pub(crate) targets: Targets,
    /// The webhooks of the projects.
    pub(crate) webhooks: ProjectWebhooks,
    /// The pace at which deliveries are tried again.
    pub(crate) retries: Scale,
    /// Where the address of a caller is found.
    pub(crate) address_source: AddressSource,
    /// The secret of the launcher, if this is a server that a launcher has started.
    pub(crate) control_secret: Option<ControlSecret>,
    /// Whether this is an instance of a cluster, on whose other instances objects may run.
    pub(crate) clustered: bool,
    /// The shards of the index; `None` if it is off, or while its settings are wrong and every request is refused.
    pub(crate) shards: Option<Shards>,
    /// The number of objects that may be in memory; any number if absent, as on Cloudflare.
    max_objects: Option<usize>,
}

thread_local! {
    /// The settings never change during the life of an isolate, and hundreds of keys need not be parsed per request.
    static CONFIG: RefCell<Option<Rc<Config>>> = const { RefCell::new(None) };
    /// A local server has one isolate, which sees every call.
    static WARM: RefCell<Option<WarmObjects>> = const { RefCell::new(None) };
}

impl Config {
    /// The settings of the environment.
    pub(crate) fn of(env: &Env) -> Rc<Config> {
        CONFIG.with_borrow_mut(|config| Rc::clone(config.get_or_insert_with(|| Rc::new(Config::read(env)))))
    }

    fn read(env: &Env) -> Config {
        // Secrets and plain variables are both strings of the environment. workerd binds `null` to a name that its own
        // environment does not have.
        let setting = |name: &str| Reflect::get(env, &name.into()).ok()?.as_string();
        let targets = Targets::configure(setting);
        let webhooks = ProjectWebhooks::parse(&setting("WEBHOOKS").unwrap_or_default(), &targets);
        let address_source = AddressSource::configure(setting);
        let shards = Shards::configure(setting);
        let access = match (&webhooks, &address_source, &shards) {
            (Err(fault), ..) | (_, Err(fault), _) | (.., Err(fault)) => Err(fault.clone()),
            _ => Access::configure(setting),
        };
        Config {
            access: access.map_err(Problem::from),
            targets,
            webhooks: webhooks.unwrap_or_default(),
            // While the setting is wrong, every request is refused, so that none is counted.
            address_source: address_source.unwrap_or(AddressSource::Server(TrustedProxies::default())),
            retries: Scale::configure(setting),
            shards: shards.unwrap_or_default(),
            origins: setting("ALLOWED_ORIGINS")
                .map(|list| list.split([',', ' ']).filter(|origin| !origin.is_empty()).map(str::to_owned).collect()),
            dev: setting("JOB_PROGRESS_DEV").as_deref() == Some("1"),
            control_secret: ControlSecret::configure(setting),
            clustered: cluster::is_configured(env),
            max_objects: setting("JOB_PROGRESS_MAX_OBJECTS").and_then(|number| number.parse().ok()),
        }
    }

    /// Checks that the object `name` may be called, as far as the server limits the objects in memory.
    ///
    /// # Errors
    ///
    /// `OVERLOADED`.
    pub(crate) fn check_object(&self, name: &str) -> Result<(), Problem> {
        let Some(most) = self.max_objects else { return Ok(()) };
        WARM.with_borrow_mut(|warm| warm.get_or_insert_with(|| WarmObjects::new(most)).call(name, js::now().millis()))
    }

    /// Notes that an alarm or a timer of the object `name` has fired, as far as the server limits the objects in memory.
    pub(crate) fn note_wake(&self, name: &str) {
        if let Some(most) = self.max_objects {
            WARM.with_borrow_mut(|warm| {
                warm.get_or_insert_with(|| WarmObjects::new(most)).wake(name, js::now().millis());
            });
        }
    }

    /// Whether this is a server, not Cloudflare.
    pub(crate) fn is_server(&self) -> bool {
        self.address_source != AddressSource::Cloudflare
    }

    /// The number of objects that may be in memory now, as far as the server counts them.
    pub(crate) fn objects_in_memory(&self) -> Option<usize> {
        self.max_objects?;
        Some(WARM.with_borrow_mut(|warm| warm.as_mut().map_or(0, |warm| warm.count(js::now().millis()))))
    }

    /// The keys and the signer of tokens.
    ///
    /// # Errors
    ///
    /// `NOT_CONFIGURED` that names the missing setting.
    pub(crate) fn access(&self) -> Result<&Access, Problem> {
        self.access.as_ref().map_err(Clone::clone)
    }

    /// The value of `Access-Control-Allow-Origin` for a page of `origin`, if it may call.
    pub(crate) fn allowed_origin<'a>(&self, origin: Option<&'a str>) -> Option<&'a str> {
        match &self.origins {
            None => Some("*"),
            Some(allowed) => origin.filter(|origin| allowed.iter().any(|allowed| allowed == origin)),
        }
    }

    /// Whether the response depends on the page's origin.
    pub(crate) fn varies_by_origin(&self) -> bool {
        self.origins.is_some()
    }
}
