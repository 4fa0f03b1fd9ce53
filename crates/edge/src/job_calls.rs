//! The calls that the objects of jobs make to those of other jobs of their project: a child calls its parent, and a parent its
//! children.

use std::rc::Rc;

use engine::{
    called::Called,
    children::{
        ancestry::Ancestry,
        cancellation::{Concerned, is_answered},
        update::{ChildReply, ChildUpdate},
    },
    grant::object_name,
    metrics::Metrics,
};
use js_sys::Uint8Array;
use protocol::{Problem, Timestamp, control::ControlRequest, problem::Code};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;
use worker::Env;

use crate::{
    call_timeout::CallTimeout,
    command::{ANCESTRY_PARAMETER, CONCERNED_PARAMETER, Command, NOW_PARAMETER, PROJECT_PARAMETER},
    config::Config,
    glue::{self, Namespace},
    metrics,
    response::{ErrorResponse, text_of},
    stub::{call_error, namespace},
};

/// The objects of all jobs.
pub(crate) struct JobCalls {
    namespace: Namespace,
    config: Rc<Config>,
}

impl JobCalls {
    /// The objects that the deployment has.
    pub(crate) fn new(env: &Env) -> JobCalls {
        JobCalls { namespace: namespace(env), config: Config::of(env) }
    }

    /// Notifies a parent of a child; `now` is the time of the edge if the clock was set back.
    pub(crate) async fn notify_parent(
        &self,
        project: &str,
        parent: &str,
        update: &ChildUpdate,
        now: Option<Timestamp>,
    ) -> Result<ChildReply, ErrorResponse> {
        metrics::count(Metrics::parent_called);
        let parameters: Vec<_> = now.map(|now| (NOW_PARAMETER, now.millis().to_string())).into_iter().collect();
        let body = text_of(update);
        let (response, _timeout) = self.call(project, parent, Command::Child, &parameters, body.as_bytes()).await?;
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        done("parent", response.status(), response.status() == 200)?;
        Ok(serde_json::from_str(&text).map_err(worker::Error::from)?)
    }

    /// Asks a child to be cancelled, with these options, if it is still in the attempt that the request concerns.
    pub(crate) async fn cancel_child(
        &self,
        project: &str,
        child: &str,
        concerned: &Concerned,
        options: &[u8],
    ) -> Result<(), ErrorResponse> {
        let parameters = [
            ("request", ControlRequest::Cancel.as_str().to_owned()),
            ("receipt", true.to_string()),
            (CONCERNED_PARAMETER, concerned.to_parameter()),
        ];
        let (response, _timeout) = self.call(project, child, Command::Control, &parameters, options).await?;
        // A body that nobody reads keeps the object in memory until the response is collected as garbage.
        JsFuture::from(response.text()?).await?;
        done("child", response.status(), is_answered(response.status()))
    }

    /// Asks the last ancestor of a new job for its own ones.
    pub(crate) async fn admit(&self, project: &str, ancestry: &Ancestry) -> Result<Response, ErrorResponse> {
        let last = ancestry.last().map(ToString::to_string).unwrap_or_default();
        let parameters = [(ANCESTRY_PARAMETER, ancestry.to_parameter())];
        let (response, _timeout) = self.call(project, &last, Command::Admit, &parameters, b"").await?;
        Ok(glue::pass_on(&response))
    }

    /// Calls the object of a job. The timeout is also for the reply, so it is kept until that is read.
    async fn call(
        &self,
        project: &str,
        job_id: &str,
        command: Command,
        parameters: &[(&str, String)],
        body: &[u8],
    ) -> Result<(Response, CallTimeout), ErrorResponse> {
        let name = object_name(project, job_id);
        self.config.check_object(&name)?;
        let init = web_sys::RequestInit::new();
        init.set_method(command.method());
        init.set_body(&Uint8Array::from(body));
        let timeout = CallTimeout::start(&init)?;
        let url = format!("{}&{PROJECT_PARAMETER}={project}", command.url(job_id, None, parameters));
        let called = glue::call(&self.namespace, &name, &url, &init);
        let failed = |error| call_error(Called::Job, &error);
        let response: Response = JsFuture::from(called.map_err(failed)?).await.map_err(failed)?;
        Ok((response, timeout))
    }
}

/// An error of a call that has to be made again.
fn done(whom: &str, status: u16, is_done: bool) -> Result<(), ErrorResponse> {
    match is_done {
        true => Ok(()),
        false => Err(Problem::new(Code::Internal, format!("the object of the {whom} answered {status}")).into()),
    }
}
