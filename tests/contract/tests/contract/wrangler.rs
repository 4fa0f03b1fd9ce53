//! `wrangler dev`, which imitates Cloudflare, and workerd as we configure it: a caller cannot distinguish them.

use std::path::Path;

use contract::{
    deployment::{Deployment, Runtime, files_below},
    http::{Answer, Request},
    key::{EVERYTHING, Key},
};

/// Headers that depend on the time, the connection and the cache, and the ETag, which each runtime computes in its own way.
const VOLATILE: [&str; 8] = [
    "cf-cache-status",
    "connection",
    "content-length",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "transfer-encoding",
];

/// The paths of the static files, and paths near them.
fn paths() -> Vec<String> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/assets");
    let files = files_below(&assets).into_iter();
    let files = files.filter_map(|file| Some(format!("/{}", file.strip_prefix(&assets).ok()?.to_str()?)));
    let mut paths: Vec<String> = files.collect();
    assert!(paths.len() > 10, "{paths:?}");
    paths.extend(
        [
            "/",
            "/?a=1",
            "/job",
            "/job/",
            "/job?a=1",
            "/index",
            "//job",
            "/nothing",
            "/nothing.html",
            "/nothing.wasm",
            "/_redirects",
            "/.assetsignore",
            "/job-progress-locales",
            "/job-progress-locales/",
            "/job-progress%2Ejs",
            "/..%2fbuild/index.js",
            "/../build/index.js",
            "/healthz",
            "/healthz/",
            "/v2/jobs",
            "/v2/jobs/a/status",
        ]
        .map(str::to_owned),
    );
    paths
}

/// What a caller sees of an answer.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, &str) {
    let headers = answer.headers.iter().filter(|(name, _)| !VOLATILE.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
    headers.sort();
    (answer.status, headers, &answer.text)
}

#[test]
fn workerd_answers_for_static_files_and_headers_as_wrangler_does() {
    let key = Key::draw("ci", "acme", EVERYTHING);
    let settings = [("API_KEYS", &*key.line), ("TOKEN_SECRET", "a-secret-of-32-characters-or-more")];
    let deployments = [Runtime::Shipped, Runtime::Wrangler].map(|runtime| Deployment::start(runtime, &settings));
    let mut differences = Vec::new();
    let mut compare = |call: &dyn Fn(&Deployment) -> Request| {
        let answers = deployments.each_ref().map(|deployment| call(deployment).send());
        if seen(&answers[0]) != seen(&answers[1]) {
            let [ours, wrangler] = answers.each_ref().map(|answer| format!("{:.600}", format!("{:?}", seen(answer))));
            differences.push(format!("{}\n  {ours}\n  {wrangler}", call(&deployments[0])));
        }
        answers
    };
    for path in paths() {
        for method in ["GET", "HEAD", "OPTIONS", "POST", "DELETE"] {
            compare(&|deployment| deployment.request(method, &*path).header("origin", "https://shop.example"));
        }
        let tags = compare(&|deployment| deployment.get(&*path)).map(|answer| answer.header("etag"));
        assert_eq!(tags[0].is_some(), tags[1].is_some(), "{path}");
        if let [Some(ours), Some(wrangler)] = tags {
            let unchanged = compare(&|deployment| {
                let is_ours = deployment.base_url == deployments[0].base_url;
                deployment.get(&*path).header("if-none-match", if is_ours { &ours } else { &wrangler })
            });
            assert_eq!(unchanged[0].status, 304, "{path}");
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    // What only a server has.
    assert_eq!(deployments.each_ref().map(|deployment| deployment.get("/metrics").send().status), [401, 404]);
}
