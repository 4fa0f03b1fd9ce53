//! A request from outside, with its head read once.

use engine::{body::ContentHeaders, query::Query};
use web_sys::Request;
use worker::{Error, Url};

use crate::{
    glue::{self, Head},
    response::ErrorResponse,
};

/// A request, and the parts of it that most handlers need.
pub(crate) struct IncomingRequest {
    raw: Request,
    head: Head,
    url: Option<Url>,
}

impl IncomingRequest {
    /// The request as the platform passes it.
    pub(crate) fn new(raw: Request) -> IncomingRequest {
        let head = Head::new(&raw);
        let url = Url::parse(&head.url).ok();
        IncomingRequest { raw, head, url }
    }

    /// The request itself.
    pub(crate) fn inner(&self) -> &Request {
        &self.raw
    }

    /// The method, as it was sent: `worker::Method` reads every word that it does not know as GET.
    pub(crate) fn method(&self) -> &str {
        &self.head.method
    }

    /// The path of the URL, still percent-encoded.
    pub(crate) fn path(&self) -> &str {
        self.url.as_ref().map_or("/", Url::path)
    }

    /// The URL.
    pub(crate) fn url(&self) -> Result<&Url, ErrorResponse> {
        self.url.as_ref().ok_or_else(|| Error::from("the runtime passed an invalid URL").into())
    }

    /// The query parameters, if no other than the `allowed` ones were sent.
    pub(crate) fn query(&self, allowed: &[&str]) -> Result<Query, ErrorResponse> {
        Ok(Query::new(self.query_pairs()?, allowed)?)
    }

    /// The query parameters, percent-decoded.
    pub(crate) fn query_pairs(&self) -> Result<Vec<(String, String)>, ErrorResponse> {
        let pairs = self.url()?.query_pairs();
        Ok(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The token in the URL.
    pub(crate) fn query_token(&self) -> Result<Option<String>, ErrorResponse> {
        Ok(engine::query::token(self.url()?.query_pairs())?.map(|token| token.into_owned()))
    }

    /// The header `Authorization`.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.head.authorization.as_deref()
    }

    /// The header `Origin`.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.head.origin.as_deref()
    }

    /// The headers that describe the body.
    pub(crate) fn content_headers(&self) -> ContentHeaders<'_> {
        ContentHeaders {
            content_type: self.head.content_type.as_deref(),
            content_encoding: self.head.content_encoding.as_deref(),
            content_length: self.head.content_length.as_deref().and_then(|length| length.parse().ok()),
        }
    }

    /// The address and the port of the connection, if the runtime knows them.
    pub(crate) fn peer(&self) -> Option<String> {
        glue::peer(&self.raw)
    }

    /// Any other header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.raw.headers().get(name).ok().flatten()
    }
}
