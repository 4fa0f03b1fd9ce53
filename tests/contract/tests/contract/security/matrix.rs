//! The authorisation matrix: every operation, every credential, every state of a job, and the one right answer to each.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Mutex,
    thread,
};

use contract::{
    http::{Answer, Request},
    target::{Target, fresh_job, fresh_name},
    token::{claims, flipped, sign, signing_secret},
};
use serde_json::{Value, json};

use super::{
    credentials::{Credential, known, strangers},
    operations::{APPLICATION, OPEN, OPERATIONS, Operation, Shape},
};

/// The answer to each operation on a job of each state, by credential. `200/404` is a 200 with a 404 for that job inside.
///
/// `own` and `own+w` are tokens of this job that read, or read and write; `another` reads and writes two other jobs;
/// `foreign` is a token of another project that names this job's id; `?` means that it stands in the URL. All strangers
/// are told the same.
const MATRIX: &str = "
operation       state    | all     read    write   other   foreign own     own+w   another ?own    ?own+w | strangers
create          existing | 409     403     409     201     201     403     409     403     403     401    | 401
create          finished | 409     403     409     201     201     403     409     403     403     401    | 401
create          unknown  | 201     403     201     201     201     403     201     403     403     401    | 401
report          existing | 200     403     200     404     404     403     200     403     403     401    | 401
report          finished | 200     403     200     404     404     403     200     403     403     401    | 401
report          unknown  | 404     403     404     404     404     403     404     403     403     401    | 401
report-create   existing | 200     403     200     201     201     403     200     403     403     401    | 401
report-create   finished | 200     403     200     201     201     403     200     403     403     401    | 401
report-create   unknown  | 201     403     201     201     201     403     201     403     403     401    | 401
delete          existing | 204     403     403     404     403     403     403     403     403     401    | 401
delete          finished | 204     403     403     404     403     403     403     403     403     401    | 401
delete          unknown  | 404     403     403     404     403     403     403     403     403     401    | 401
status          existing | 200     200     403     404     404     200     200     403     200     401    | 401
status          finished | 200     200     403     404     404     200     200     403     200     401    | 401
status          unknown  | 404     404     403     404     404     404     404     403     404     401    | 401
logs            existing | 200     200     403     404     404     200     200     403     200     401    | 401
logs            finished | 200     200     403     404     404     200     200     403     200     401    | 401
logs            unknown  | 404     404     403     404     404     404     404     403     404     401    | 401
batch           existing | 200     200     403     200/404 200/404 200     200     200/403 200     401    | 401
batch           finished | 200     200     403     200/404 200/404 200     200     200/403 200     401    | 401
batch           unknown  | 200/404 200/404 403     200/404 200/404 200/404 200/404 200/403 200/404 401    | 401
stream          existing | 200     200     403     404     404     200     200     403     200     401    | 401
stream          finished | 200     200     403     404     404     200     200     403     200     401    | 401
stream          unknown  | 404     404     403     404     404     404     404     403     404     401    | 401
streams         existing | 200     200     403     200/404 200/404 200     200     403     401     401    | 401
streams         finished | 200     200     403     200/404 200/404 200     200     403     401     401    | 401
streams         unknown  | 200/404 200/404 403     200/404 200/404 200/404 200/404 403     401     401    | 401
streams-of-one  existing | 200     200     403     200/404 200/404 200     200     200/403 200     401    | 401
streams-of-one  finished | 200     200     403     200/404 200/404 200     200     200/403 200     401    | 401
streams-of-one  unknown  | 200/404 200/404 403     200/404 200/404 200/404 200/404 200/403 200/404 401    | 401
mint            existing | 200     200     403     200     403     403     403     403     403     401    | 401
mint            finished | 200     200     403     200     403     403     403     403     403     401    | 401
mint            unknown  | 200     200     403     200     403     403     403     403     403     401    | 401
read-progress   existing | 200     200     403     404     404     200     200     403     200     401    | 401
read-progress   finished | 200     200     403     404     404     200     200     403     200     401    | 401
read-progress   unknown  | 404     404     403     404     404     404     404     403     404     401    | 401
report-progress existing | 200     403     200     201     201     403     200     403     403     401    | 401
report-progress finished | 200     403     200     201     201     403     200     403     403     401    | 401
report-progress unknown  | 201     403     201     201     201     403     201     403     403     401    | 401
task-status     existing | 200     200     403     404     404     200     200     403     200     401    | 401
task-status     finished | 200     200     403     404     404     200     200     403     200     401    | 401
task-status     unknown  | 404     404     403     404     404     404     404     403     404     401    | 401
";

const STATES: [&str; 3] = ["existing", "finished", "unknown"];

/// A job of a test, and how it was before.
struct Subject {
    id: String,
    before: String,
}

impl Subject {
    fn make(operation: &Operation, state: &str) -> Subject {
        let id = operation.job(&format!("m-{}", fresh_name()));
        let report = match state {
            "existing" => Some(json!({"progress": 10, "logs": ["a line"]})),
            "finished" => Some(json!({"status": "completed", "logs": ["a line"]})),
            _ => None,
        };
        if let Some(report) = report {
            make(&id, &report).expect(201);
        }
        let before = document(&id);
        Subject { id, before }
    }
}

/// Makes a job by its first report, on the path that its id asks for.
fn make(id: &str, report: &Value) -> Answer {
    match id.split_once(':') {
        None => Request::post(format!("/v2/jobs/{id}/reports?create=true"), report).send(),
        Some((application, request)) => {
            // Of the fields, only this one is the Tensorlake API's business.
            Request::post(format!("/applications/{application}/requests/{request}/progress"), report).send()
        }
    }
}

fn document(id: &str) -> String {
    Request::get(format!("/v2/jobs/{id}/status?include=logs")).send().text
}

/// The row of the matrix: what is expected of each column, and of strangers.
fn row(operation: &Operation, state: &str) -> (Vec<(&'static str, &'static str)>, &'static str) {
    let mut lines = MATRIX.trim().lines().map(|line| {
        let mut parts = line.split('|').map(|part| part.split_whitespace().collect::<Vec<_>>());
        [(); 3].map(|()| parts.next().unwrap_or_default())
    });
    let [_, columns, _] = lines.next().unwrap();
    let named = lines.find(|[head, ..]| *head == [operation.name, state]);
    let Some([_, cells, strangers]) = named else {
        panic!("the matrix has no row for {} on a job that is {state}", operation.name)
    };
    assert_eq!((cells.len(), strangers.len()), (columns.len(), 1), "{} {state} misses a cell", operation.name);
    (columns.into_iter().zip(cells).collect(), strangers[0])
}

/// Runs a check for every operation at once and tells of all that failed.
fn each_operation(operations: &[Operation], check: impl Fn(&Operation) -> Vec<String> + Sync) {
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for operation in operations {
            let (failures, check) = (&failures, &check);
            scope.spawn(move || failures.lock().unwrap().extend(check(operation)));
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

/// The answers of one operation, and what was wrong with them.
struct Play<'a> {
    operation: &'a Operation,
    failures: Vec<String>,
    /// What a credential was told in each state where it was refused alike.
    told: BTreeMap<(&'static str, String), BTreeSet<String>>,
}

impl Play<'_> {
    fn ask(&mut self, state: &str, subject: &Subject, credential: &Credential, expected: &str) {
        let Operation { name, .. } = self.operation;
        let answer = self.operation.send(&credential.on(self.operation.call(&subject.id)));
        let outcome = self.operation.outcome(&answer);
        let mut wrong = check_refusal(&answer).err();
        if outcome != expected {
            wrong = Some(format!("{outcome} instead of {expected}: {answer}"));
        }
        self.failures.extend(wrong.map(|wrong| format!("{name}, {state}, {}: {wrong}", credential.name)));
        if outcome != "200" && !outcome.starts_with("201") {
            let told = self.told.entry((credential.name, outcome)).or_default();
            told.insert(anonymised(&answer, &subject.id));
        }
    }

    fn conclude(mut self) -> Vec<String> {
        for ((who, outcome), told) in self.told.iter().filter(|(_, told)| told.len() > 1) {
            let name = self.operation.name;
            self.failures.push(format!("{name}: a {outcome} tells {who} jobs apart: {told:#?}"));
        }
        self.failures
    }
}

/// What holds of an answer that refuses.
fn check_refusal(answer: &Answer) -> Result<(), String> {
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    if (answer.status == 401) != challenge.starts_with("Bearer realm=") {
        return Err(format!("WWW-Authenticate is {challenge:?}: {answer}"));
    }
    let body = answer.json();
    let fits = match answer.status {
        401 => body["error"] == "UNAUTHENTICATED",
        403 => body["error"] == "ACCESS_DENIED" && body["details"]["requiredPermission"].is_string(),
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("another body than the status asks for: {answer}")) }
}

/// An answer as it looks when the job's id is taken out of it, and what changes with the time.
fn anonymised(answer: &Answer, id: &str) -> String {
    // Whether the connection closes depends on how much of the body had come before the refusal.
    let headers = answer.headers.iter().filter(|(name, _)| !["date", "connection"].contains(&name.as_str()));
    let headers: BTreeSet<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
    let no_digits = |text: String| text.replace(|letter: char| letter.is_ascii_digit(), "0");
    format!("{} {headers:?} {}", answer.status, no_digits(answer.text.replace(id, "{job}")))
}

/// Whether a success changes the job, so that each asks for one of its own.
fn changes(operation: &Operation) -> bool {
    operation.method != "GET" && operation.shape == Shape::Plain
}

#[test]
fn every_operation_answers_every_credential_on_every_job_as_the_matrix_says() {
    each_operation(OPERATIONS, |operation| {
        let mut play = Play { operation, failures: Vec::new(), told: BTreeMap::new() };
        for state in STATES {
            let (cells, stranger) = row(operation, state);
            let subject = Subject::make(operation, state);
            for credential in strangers(&subject.id) {
                play.ask(state, &subject, &credential, stranger);
            }
            let mut changing = Vec::new();
            for (credential, (column, expected)) in known(&subject.id).iter().zip(cells) {
                assert_eq!(credential.name, column);
                if changes(operation) && expected.starts_with('2') {
                    changing.push((column, expected));
                } else {
                    play.ask(state, &subject, credential, expected);
                }
            }
            if document(&subject.id) != subject.before {
                play.failures.push(format!("{}, {state}: a refused call changed the job", operation.name));
            }
            for (column, expected) in changing {
                let subject = Subject::make(operation, state);
                let credential = known(&subject.id).into_iter().find(|credential| credential.name == column);
                play.ask(state, &subject, &credential.unwrap(), expected);
            }
        }
        play.conclude()
    });
}

#[test]
fn a_token_in_the_body_opens_its_own_job_and_no_other() {
    let operation = OPERATIONS.iter().find(|operation| operation.name == "streams").unwrap();
    let ask = |job: &str, token: &str| {
        let body = json!({"jobs": [{"jobId": job, "token": token}]});
        operation.send(&operation.call(job).json(&body))
    };
    for (state, own) in STATES.into_iter().zip(["200", "200", "200/404"]) {
        let subject = Subject::make(operation, state);
        let of = |name: &str| known(&subject.id).into_iter().find(|credential| credential.name == name).unwrap().text;
        for (name, expected) in
            [("own", own), ("own+w", own), ("another", "403"), ("foreign", "200/404"), ("all", "401"), ("read", "401")]
        {
            let answer = ask(&subject.id, &of(name));
            assert_eq!(operation.outcome(&answer), expected, "{state}, {name}: {answer}");
            check_refusal(&answer).unwrap();
        }
        for stranger in strangers(&subject.id) {
            let Some(token) = stranger.bearer() else { continue };
            let answer = ask(&subject.id, token);
            assert_eq!(operation.outcome(&answer), "401", "{state}, {}: {answer}", stranger.name);
            check_refusal(&answer).unwrap();
        }
    }
}

#[test]
fn every_bit_of_a_signature_counts() {
    let target = Target::get();
    each_operation(OPERATIONS, |operation| {
        let job = operation.job(&fresh_job());
        make(&job, &json!({})).expect(201);
        let token = sign(&claims(&target.project, &job), &signing_secret(&target.token_secret, &target.project));
        let step = if operation.name == "status" { 1 } else { 37 };
        let let_in = |bit: &usize| {
            let answer = operation.send(&operation.call(&job).bearer(&flipped(&token, *bit)));
            answer.status != 401
        };
        let let_in = (0..256).step_by(step).filter(let_in);
        let_in.map(|bit| format!("{}: bit {bit} does not count", operation.name)).collect()
    });
}

#[test]
fn head_is_answered_as_get_is_and_without_a_body() {
    let read = |operation: &&Operation| operation.method == "GET" && operation.shape == Shape::Plain;
    let operations: Vec<Operation> = OPERATIONS.iter().filter(read).copied().collect();
    each_operation(&operations, |operation| {
        let subject = Subject::make(operation, "existing");
        let credentials = known(&subject.id).into_iter().chain(strangers(&subject.id).into_iter().take(2));
        let differs = |credential: Credential| {
            let mut call = credential.on(operation.call(&subject.id));
            let get = call.send();
            call.method = "HEAD".to_owned();
            let head = call.send();
            let same = head.status == get.status && head.text.is_empty();
            (!same).then(|| format!("{}, {}: GET {get}, HEAD {head}", operation.name, credential.name))
        };
        credentials.filter_map(differs).collect()
    });
}

#[test]
fn what_needs_no_credential_is_told_to_everybody_alike() {
    for operation in OPEN {
        let anonymous = operation.call("").send();
        assert!(![401, 403, 503].contains(&anonymous.status), "{}: {anonymous}", operation.name);
        for credential in known("a").into_iter().chain(strangers("a")) {
            let answer = credential.on(operation.call("")).send();
            let same = (answer.status, &answer.text) == (anonymous.status, &anonymous.text);
            assert!(same, "{}, {}: {answer}", operation.name, credential.name);
        }
    }
}

#[test]
fn every_route_has_a_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let source = fs::read_to_string(root.join("crates/edge/src/route.rs")).unwrap();
    let (_, routes) = source.split_once("pub(crate) enum Route {\n").unwrap();
    let (routes, _) = routes.split_once("\n}").unwrap();
    let names = routes.lines().map(str::trim).filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    let routes: BTreeSet<_> = names.map(|line| line.split([' ', ',']).next().unwrap_or_default()).collect();
    let rows: BTreeSet<_> = OPERATIONS.iter().chain(OPEN).map(|operation| operation.route).collect();
    assert_eq!(routes, rows, "the table of routes and the operations of the matrix");
    for operation in OPERATIONS {
        for state in STATES {
            row(operation, state);
        }
    }
}

/// A path with its names taken out, and its query.
fn nameless(path: &str) -> String {
    let segments = path.split('?').next().unwrap_or_default().split('/');
    let nameless = |segment| if segment == APPLICATION || str::starts_with(segment, '{') { "{}" } else { segment };
    segments.map(nameless).collect::<Vec<_>>().join("/")
}

#[test]
fn every_documented_operation_has_a_row() {
    let document = Request::get("/openapi.json").anonymous().send().expect(200);
    let documented = document["paths"].as_object().unwrap().iter().flat_map(|(path, operations)| {
        let methods = operations.as_object().unwrap().keys();
        let methods = methods.filter(|name| ["get", "post", "put", "patch", "delete"].contains(&name.as_str()));
        methods.map(move |method| format!("{} {}", method.to_uppercase(), nameless(path)))
    });
    let rows = OPERATIONS.iter().chain(OPEN);
    let rows: BTreeSet<_> = rows.map(|row| format!("{} {}", row.method, nameless(row.path))).collect();
    assert_eq!(documented.collect::<BTreeSet<_>>(), rows);
}
