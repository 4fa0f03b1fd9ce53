//! The stub of a project's index: the calls to its shards, from the edge and from the objects of jobs.

use std::num::NonZeroU64;

use engine::{
    called::Called,
    index::{
        Shard, Shards,
        filter::ListRequest,
        page::{Page, ShardPage, ShardPages, shard_request},
        summary::{ShardSummary, Summary},
        update::{RowUpdate, UpdateReply},
    },
    metrics::Metrics,
    subscription,
    tags::RequiredTags,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use js_sys::Uint8Array;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;
use worker::Env;

use crate::{
    call_timeout::CallTimeout,
    config::Config,
    feed::Socket,
    glue::{self, Namespace},
    metrics,
    response::{ErrorResponse, set, text_of},
    stub::{CALLS_AT_ONCE, call_error},
};

/// The binding of the objects in wrangler.toml.
const BINDING: &str = "JOB_INDEX";

/// A command to a shard of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexCommand {
    /// Takes the row of a job.
    Update,
    /// Returns a page.
    List,
    /// Returns what the shard adds to a summary.
    Summary,
    /// Accepts a socket as a viewer of a list.
    Subscribe,
}

/// The parameter with a [`ListRequest`].
pub(crate) const REQUEST_PARAMETER: &str = "request";
/// The parameter with the reader of a stream.
pub(crate) const READER_PARAMETER: &str = "reader";
/// The parameter of [`IndexCommand::Update`] that is `true` if the wall clock was set back, so that timers stand still.
pub(crate) const SET_BACK_PARAMETER: &str = "setBack";

impl IndexCommand {
    const ALL: [IndexCommand; 4] =
        [IndexCommand::Update, IndexCommand::List, IndexCommand::Summary, IndexCommand::Subscribe];

    /// The start of its URL.
    fn url(self) -> &'static str {
        match self {
            IndexCommand::Update => "https://index/update",
            IndexCommand::List => "https://index/list",
            IndexCommand::Summary => "https://index/summary",
            IndexCommand::Subscribe => "https://index/subscribe",
        }
    }

    /// The command of a URL, and its parameters; `None` for a command that this release does not know.
    pub(crate) fn parse(url: &str) -> Option<(IndexCommand, &str)> {
        let (start, query) = url.split_once('?').unwrap_or((url, ""));
        Some((IndexCommand::ALL.into_iter().find(|command| command.url() == start)?, query))
    }
}

/// The value of a parameter in the query of a command; empty if it is absent.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> &'a str {
    let mut parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
    parameters.find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

/// The index of every project of a deployment.
#[derive(Clone)]
pub(crate) struct IndexStub {
    namespace: Namespace,
    shards: Shards,
}

impl IndexStub {
    /// The index, if the deployment has one.
    pub(crate) fn new(env: &Env) -> Option<IndexStub> {
        let shards = Config::of(env).shards?;
        let namespace = js_sys::Reflect::get(env, &BINDING.into()).unwrap_or_default();
        // A deployment whose wrangler.toml is of an earlier release has no binding.
        (!namespace.is_undefined()).then(|| IndexStub { namespace: namespace.unchecked_into(), shards })
    }

    /// The shards of each project.
    pub(crate) fn shards(&self) -> Shards {
        self.shards
    }

    /// Updates the row of a job in a shard; `is_set_back` says whether the wall clock was set back.
    pub(crate) async fn update(
        &self,
        project: &str,
        shard: Shard,
        update: &RowUpdate,
        is_set_back: bool,
    ) -> Result<UpdateReply, ErrorResponse> {
        metrics::count(Metrics::index_called);
        let init = web_sys::RequestInit::new();
        init.set_method("POST");
        init.set_body(&Uint8Array::from(text_of(update).as_bytes()));
        let _timeout = CallTimeout::start(&init)?;
        let url = format!("{}?{SET_BACK_PARAMETER}={is_set_back}", IndexCommand::Update.url());
        let response = self.call(project, shard, &url, &init).await?;
        value(&response).await
    }

    /// A page of a list of the project.
    pub(crate) async fn list(&self, project: &str, request: &ListRequest) -> Result<Page, ErrorResponse> {
        let of_shard = shard_request(request, self.shards.count().into());
        let first = self.ask_all(project, IndexCommand::List, &of_shard).await?;
        let mut pages = ShardPages::new(request.clone(), of_shard.limit, first);
        loop {
            let missing = pages.missing();
            if missing.is_empty() {
                return Ok(pages.merge());
            }
            let ask = async |(number, after)| {
                let Some(shard) = self.shards.all().nth(number) else { return Ok((number, ShardPage::default())) };
                let request = ListRequest { after: Some(after), ..of_shard.clone() };
                let url = url_of(IndexCommand::List, &request);
                Ok::<_, ErrorResponse>((number, self.ask(project, shard, &url).await?))
            };
            let next: Vec<(usize, ShardPage)> =
                stream::iter(missing.into_iter().map(ask)).buffered(CALLS_AT_ONCE).try_collect().await?;
            next.into_iter().for_each(|(number, page)| pages.add(number, page));
        }
    }

    /// A summary of a list of the project.
    pub(crate) async fn summary(&self, project: &str, request: &ListRequest) -> Result<Summary, ErrorResponse> {
        let summaries: Vec<ShardSummary> = self.ask_all(project, IndexCommand::Summary, request).await?;
        Ok(Summary::merge(summaries))
    }

    /// Subscribes at all shards as a viewer of a list; returns the sockets. No shard is asked for more rows of the first page
    /// later, so where the rows are spread unevenly it is shorter.
    pub(crate) async fn subscribe_at_all(
        &self,
        project: &str,
        request: &ListRequest,
        reader: Option<NonZeroU64>,
    ) -> Result<Vec<Socket>, ErrorResponse> {
        let of_shard = shard_request(request, self.shards.count().into());
        let subscribe = |shard| self.subscribe(project, shard, &of_shard, reader);
        let mut opened = stream::iter(self.shards.all().map(subscribe)).buffered(CALLS_AT_ONCE);
        let (mut sockets, mut refused) = (Vec::new(), None);
        // A refusal does not end the loop: a socket that was still opening would be closed by nothing.
        while let Some(opened) = opened.next().await {
            match opened.map(|opened| (opened.status_code(), Socket::of(opened))) {
                Ok((_, Some(socket))) => sockets.push(socket),
                Ok((status, None)) => refused = Some(subscription::list_refusal(status).into()),
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(sockets), Err)
    }

    /// Subscribes at a shard as a viewer of a list. The response is 101 with a socket, or an error.
    async fn subscribe(
        &self,
        project: &str,
        shard: Shard,
        request: &ListRequest,
        reader: Option<NonZeroU64>,
    ) -> Result<worker::Response, ErrorResponse> {
        let init = web_sys::RequestInit::new();
        let headers = web_sys::Headers::new()?;
        set(&headers, "Upgrade", "websocket");
        init.set_headers(&headers);
        let mut url = url_of(IndexCommand::Subscribe, request);
        if let Some(reader) = reader {
            url.push_str(&format!("&{READER_PARAMETER}={reader}"));
        }
        let _timeout = CallTimeout::start(&init)?;
        Ok(self.fetch(project, shard, &url, &init).await?.into())
    }

    /// The replies of all shards to a command.
    async fn ask_all<T: DeserializeOwned>(
        &self,
        project: &str,
        command: IndexCommand,
        request: &ListRequest,
    ) -> Result<Vec<T>, ErrorResponse> {
        let url = url_of(command, request);
        let ask = |shard| self.ask(project, shard, &url);
        stream::iter(self.shards.all().map(ask)).buffered(CALLS_AT_ONCE).try_collect().await
    }

    /// The reply of a shard to the command of this URL.
    async fn ask<T: DeserializeOwned>(&self, project: &str, shard: Shard, url: &str) -> Result<T, ErrorResponse> {
        let init = web_sys::RequestInit::new();
        let _timeout = CallTimeout::start(&init)?;
        value(&self.call(project, shard, url, &init).await?).await
    }

    /// Calls a shard; an error of the shard is one of the call.
    async fn call(
        &self,
        project: &str,
        shard: Shard,
        url: &str,
        init: &web_sys::RequestInit,
    ) -> Result<Response, ErrorResponse> {
        let response = self.fetch(project, shard, url, init).await?;
        match response.status() {
            200 => Ok(response),
            status => Err(worker::Error::from(format!("a shard of the index answered {status}")).into()),
        }
    }

    async fn fetch(
        &self,
        project: &str,
        shard: Shard,
        url: &str,
        init: &web_sys::RequestInit,
    ) -> Result<Response, ErrorResponse> {
        let called = glue::call(&self.namespace, &shard.object_name(project), url, init);
        let failed = |error| call_error(Called::List, &error);
        JsFuture::from(called.map_err(failed)?).await.map_err(failed)
    }
}

fn url_of(command: IndexCommand, request: &ListRequest) -> String {
    format!("{}?{REQUEST_PARAMETER}={}", command.url(), request.to_parameter())
}

/// The value in the body of a reply.
async fn value<T: DeserializeOwned>(response: &Response) -> Result<T, ErrorResponse> {
    let text = JsFuture::from(response.text()?).await.map_err(|error| call_error(Called::List, &error))?;
    Ok(serde_json::from_str(&text.as_string().unwrap_or_default()).map_err(worker::Error::from)?)
}

/// Restricts a list to the jobs of a token by tag, and checks the size of its filter.
pub(crate) fn restrict(request: &mut ListRequest, tags: Option<&RequiredTags>) -> Result<(), ErrorResponse> {
    for (name, value) in tags.into_iter().flat_map(RequiredTags::iter) {
        request.filter.tags.add(name.to_owned(), value.to_owned(), &format!("tags.{name}"))?;
    }
    request.filter.to_text()?;
    Ok(())
}
