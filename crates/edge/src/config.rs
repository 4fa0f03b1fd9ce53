//! The settings of a deployment, read once per isolate.

use std::{cell::RefCell, rc::Rc};

use engine::{
    access::Access,
    warm_objects::WarmObjects,
    webhook::{project::ProjectWebhooks, schedule::Scale, target::Targets},
};
use protocol::Problem;
use worker::Env;

use crate::js;

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
        // Secrets and plain variables are both strings of the environment.
        let setting = |name: &str| env.var(name).ok().map(|value| value.to_string());
        let targets = Targets::configure(setting);
        let (access, webhooks) = match ProjectWebhooks::parse(&setting("WEBHOOKS").unwrap_or_default(), &targets) {
            Ok(webhooks) => (Access::configure(setting).map_err(Problem::from), webhooks),
            Err(fault) => (Err(fault.into()), ProjectWebhooks::default()),
        };
        Config {
            access,
            targets,
            webhooks,
            retries: Scale::configure(setting),
            origins: setting("ALLOWED_ORIGINS")
                .map(|list| list.split([',', ' ']).filter(|origin| !origin.is_empty()).map(str::to_owned).collect()),
            dev: setting("JOB_PROGRESS_DEV").as_deref() == Some("1"),
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
