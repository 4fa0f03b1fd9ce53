//! A request as it came, its head read once.

use web_sys::Request;
use worker::{Error, Url};

use crate::{answer::Refusal, crossing::Head};

/// A request, and what most answers ask of it.
pub(crate) struct Incoming {
    raw: Request,
    head: Head,
    url: Option<Url>,
}

impl Incoming {
    /// The request as the platform hands it over.
    pub(crate) fn of(raw: Request) -> Incoming {
        let head = Head::of(&raw);
        let url = Url::parse(&head.url).ok();
        Incoming { raw, head, url }
    }

    /// The request itself.
    pub(crate) fn inner(&self) -> &Request {
        &self.raw
    }

    /// The method, the word as it came.
    pub(crate) fn method(&self) -> &str {
        &self.head.method
    }

    /// The URL's path, as it was sent.
    pub(crate) fn path(&self) -> &str {
        self.url.as_ref().map_or("/", Url::path)
    }

    /// The URL.
    pub(crate) fn url(&self) -> Result<&Url, Refusal> {
        self.url.as_ref().ok_or_else(|| Error::from("the runtime's URL is none").into())
    }

    /// `Authorization`.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.head.authorization.as_deref()
    }

    /// `Origin`.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.head.origin.as_deref()
    }

    /// `Content-Type`.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.head.content_type.as_deref()
    }

    /// `Content-Length`, if it is a length.
    pub(crate) fn content_length(&self) -> Option<usize> {
        self.head.content_length.as_deref().and_then(|length| length.parse().ok())
    }

    /// Any other header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.raw.headers().get(name).ok().flatten()
    }
}
