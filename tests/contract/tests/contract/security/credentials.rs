//! Credentials: the valid ones, which are the columns of the matrix, and many invalid ones.

use contract::{
    http::Request,
    key::Key,
    target::Target,
    token::{claims, flipped, now, sign, sign_as, signing_secret, with},
};
use serde_json::{Value, json};

/// Seconds between now and a time in a token. The answer has that number, whose length must not change while the tests run.
const FAR: u64 = 50_500;

/// The tag that each job of the matrix has, with its id as the value.
pub(crate) const TAG: &str = "matrix";

/// A credential, and where it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) name: &'static str,
    place: Place,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// `Authorization: Bearer <text>`.
    Bearer,
    /// `Authorization: <text>`.
    Header,
    /// `?token=<text>`.
    Url,
    /// Both in the header and in the URL.
    Both,
    /// Another header: `<name>: <value>`.
    Elsewhere,
}

impl Credential {
    fn new(name: &'static str, place: Place, text: impl Into<String>) -> Credential {
        Credential { name, place, text: text.into() }
    }

    /// The request with this credential.
    pub(crate) fn on(&self, mut request: Request) -> Request {
        if matches!(self.place, Place::Url | Place::Both) {
            let separator = if request.path.contains('?') { '&' } else { '?' };
            request.path = format!("{}{separator}token={}", request.path, self.text);
        }
        match self.place {
            Place::Bearer | Place::Both => request.bearer(&self.text),
            Place::Header => request.header("authorization", &*self.text),
            Place::Url => request,
            Place::Elsewhere => match self.text.split_once(": ") {
                Some((name, value)) => request.header(name, value),
                None => request,
            },
        }
    }

    /// The text, if the credential is sent as a bearer token in the header.
    pub(crate) fn bearer(&self) -> Option<&str> {
        (self.place == Place::Bearer).then_some(&*self.text)
    }
}

/// The valid credentials for a job, in the order of the columns of the matrix.
pub(crate) fn valid_credentials(job: &str) -> Vec<Credential> {
    let target = Target::get();
    let secret = signing_secret(&target.token_secret, &target.project);
    let other_secret = signing_secret(&target.token_secret, "other");
    let both = json!(["jobs:read", "jobs:write"]);
    let own = claims(&target.project, job);
    let writing = with(own.clone(), "perm", Some(both.clone()));
    let controlling = with(own.clone(), "perm", Some(json!(["jobs:read", "jobs:control"])));
    let another = with(writing.clone(), "jobs", Some(json!([format!("{job}0"), "another"])));
    let foreign = with(claims("other", job), "perm", Some(both));
    let by_tag = |value: &str| {
        let claims = with(writing.clone(), "jobs", None);
        with(claims, "tags", Some(json!({ TAG: value })))
    };
    let key = |name, text: &str| Credential::new(name, Place::Bearer, text);
    let token = |name, claims: &Value| Credential::new(name, Place::Bearer, sign(claims, &secret));
    vec![
        key("all", &target.key),
        key("read", &target.read_key),
        key("write", &target.write_key),
        // A key and a token of another project, the token naming this very job id.
        key("other", &target.other_key),
        Credential::new("foreign", Place::Bearer, sign(&foreign, &other_secret)),
        token("own", &own),
        token("own+w", &writing),
        token("another", &another),
        Credential::new("?own", Place::Url, sign(&own, &secret)),
        Credential::new("?own+w", Place::Url, sign(&writing, &secret)),
        token("own+c", &controlling),
        token("tag", &by_tag(job)),
        token("untag", &by_tag("another")),
    ]
}

/// Missing and invalid credentials; every one of them gets the same answer.
pub(crate) fn invalid_credentials(job: &str) -> Vec<Credential> {
    let target = Target::get();
    let secret = signing_secret(&target.token_secret, &target.project);
    let own = with(claims(&target.project, job), "perm", Some(json!(["jobs:read", "jobs:write"])));
    let token = |claims: &Value| sign(claims, &secret);
    let headed = |header: Value| sign_as(&header, &own, &secret);
    let good = token(&own);
    let message = good.rsplit_once('.').map(|(message, _)| message).unwrap();
    let (id, key_secret) = target.key.split_once('_').and_then(|(_, rest)| rest.split_once('_')).unwrap();
    let bearer = |name, text: &str| Credential::new(name, Place::Bearer, text);
    let header = |name, text: String| Credential::new(name, Place::Header, text);
    vec![
        Credential::new("nothing", Place::Elsewhere, ""),
        Credential::new("a key in a header of its own", Place::Elsewhere, format!("x-api-key: {}", target.key)),
        Credential::new("a key as a cookie", Place::Elsewhere, format!("cookie: token={}", target.key)),
        header("an empty header", String::new()),
        header("a scheme alone", "Bearer".to_owned()),
        header("a key without its scheme", target.key.clone()),
        header("a key with another scheme", format!("Basic {}", target.key)),
        header("two keys", format!("Bearer {}, Bearer {}", target.key, target.read_key)),
        bearer("a malformed key", "jp_all_short"),
        bearer("a key cut short", target.key.get(..30).unwrap()),
        bearer("a key with an extra letter", &format!("{}x", target.key)),
        bearer("an unknown or deleted key", &Key::draw("deleted", "test", "jobs:read").text),
        bearer("a known id with another secret", &Key::draw(id, "test", "jobs:read").text),
        bearer("a known secret with another id", &format!("jp_read_{key_secret}")),
        bearer("the line of a key", &Key::draw("deleted", "test", "jobs:read").line.replace(' ', "_")),
        bearer("not a token", "nonsense-0123456789"),
        bearer("an expired token", &token(&with(own.clone(), "exp", Some((now() - FAR).into())))),
        bearer("a token from the future", &token(&with(own.clone(), "nbf", Some((now() + FAR).into())))),
        bearer("a token valid for a year", &token(&with(own.clone(), "exp", Some((now() + 365 * 86_400).into())))),
        bearer("a token without exp", &token(&with(own.clone(), "exp", None))),
        bearer("a token without aud", &token(&with(own.clone(), "aud", None))),
        bearer("a token for another audience", &token(&with(own.clone(), "aud", Some("elsewhere".into())))),
        bearer("a token that claims jobs:admin", &token(&with(own.clone(), "perm", Some(json!(["jobs:admin"]))))),
        bearer("a token for every job", &token(&with(own.clone(), "jobs", None))),
        bearer("a token for jobs and for tags", &token(&with(own.clone(), "tags", Some(json!({ TAG: job }))))),
        bearer("a token for no tags", &token(&with(with(own.clone(), "jobs", None), "tags", Some(json!({}))))),
        bearer("a token by a tag that is no text", &{
            token(&with(with(own.clone(), "jobs", None), "tags", Some(json!({ TAG: 7 }))))
        }),
        bearer("a token of an unknown project", &{
            let unknown = with(own.clone(), "prj", Some("unknown".into()));
            sign(&unknown, &signing_secret(&target.token_secret, "unknown"))
        }),
        bearer("alg none", &headed(json!({"alg": "none", "typ": "JWT"}))),
        bearer("alg none, unsigned", &{
            let none = headed(json!({"alg": "none"}));
            format!("{}.", none.rsplit_once('.').unwrap().0)
        }),
        bearer("alg HS512", &headed(json!({"alg": "HS512", "typ": "JWT"}))),
        bearer("alg RS256", &headed(json!({"alg": "RS256", "typ": "JWT"}))),
        bearer("no alg", &headed(json!({"typ": "JWT"}))),
        bearer("an extension", &headed(json!({"alg": "HS256", "crit": ["b64"], "b64": false}))),
        bearer("unsigned", &format!("{message}.")),
        bearer("signed with another secret", &sign(&own, "0123456789abcdef0123456789abcdef")),
        bearer("signed with the deployment's secret", &sign(&own, &target.token_secret)),
        bearer("signed by another project", &sign(&own, &signing_secret(&target.token_secret, "other"))),
        bearer("padded", &format!("{good}=")),
        bearer("one bit flipped", &flipped(&good, 77)),
        Credential::new("a key in the URL", Place::Url, target.key.clone()),
        Credential::new("an expired token in the URL", Place::Url, {
            let read = claims(&target.project, job);
            token(&with(read, "exp", Some((now() - FAR).into())))
        }),
        Credential::new("a token in the header and in the URL", Place::Both, token(&claims(&target.project, job))),
    ]
}
