//! What the operator sets, read once an isolate.

use std::{cell::RefCell, rc::Rc};

use engine::access::Access;
use protocol::Problem;
use worker::Env;

/// The settings of a deployment.
pub(crate) struct Config {
    /// The keys and what signs tokens, or what is missing.
    access: Result<Access, Problem>,
    /// The origins that may call from a page; all when absent.
    origins: Option<Vec<String>>,
    /// Whether this runs on a developer's machine.
    pub(crate) dev: bool,
}

thread_local! {
    /// A deployment's settings never change under it, and reading hundreds of keys for each request would.
    static CONFIG: RefCell<Option<Rc<Config>>> = const { RefCell::new(None) };
}

impl Config {
    /// The settings of this deployment.
    pub(crate) fn of(env: &Env) -> Rc<Config> {
        CONFIG.with_borrow_mut(|config| Rc::clone(config.get_or_insert_with(|| Rc::new(Config::read(env)))))
    }

    fn read(env: &Env) -> Config {
        // Secrets and plain variables are strings in the same place.
        let setting = |name: &str| env.var(name).ok().map(|value| value.to_string());
        Config {
            access: Access::configure(setting).map_err(Problem::from),
            origins: setting("ALLOWED_ORIGINS")
                .map(|list| list.split([',', ' ']).filter(|origin| !origin.is_empty()).map(str::to_owned).collect()),
            dev: setting("JOB_PROGRESS_DEV").as_deref() == Some("1"),
        }
    }

    /// The keys and what signs tokens.
    ///
    /// # Errors
    ///
    /// `NOT_CONFIGURED`, saying what is missing.
    pub(crate) fn access(&self) -> Result<&Access, Problem> {
        self.access.as_ref().map_err(Clone::clone)
    }

    /// What `Access-Control-Allow-Origin` says to a page of `origin`, if anything.
    pub(crate) fn allowed_origin<'a>(&self, origin: Option<&'a str>) -> Option<&'a str> {
        match &self.origins {
            None => Some("*"),
            Some(allowed) => origin.filter(|origin| allowed.iter().any(|allowed| allowed == origin)),
        }
    }

    /// Whether the answer depends on the page's origin.
    pub(crate) fn varies_by_origin(&self) -> bool {
        self.origins.is_some()
    }
}
