//! The authorization matrix: the answer to every operation, with every credential, on a job in every state.

use std::{
    collections::{BTreeMap, BTreeSet},
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
    credentials::{Credential, TAG, invalid_credentials, valid_credentials},
    operations::{APPLICATION, OPERATIONS, Operation, PUBLIC_OPERATIONS, Shape},
};

/// The answer to each operation on a job of each state, by credential. `200/404` is a 200 with a 404 for that job inside.
///
/// `own`, `own+w` and `own+c` are tokens of this job that read, read and write, or read and control; `another` reads and writes two other jobs;
/// `tag` and `untag` are tokens by tag that read and write: the job carries the tag of the first, and not that of the second.
/// `foreign` is a token of another project that names this job's id; `?` means that the token is in the URL. All invalid
/// credentials get the same answer.
const MATRIX: &str = "
operation       state    | all     read    write   other   foreign own     own+w   another ?own    ?own+w  own+c   tag     untag  | invalid
create          existing | 409     403     409     201     201     403     409     403     403     401     403     403     403    | 401
create          finished | 409     403     409     201     201     403     409     403     403     401     403     403     403    | 401
create          unknown  | 201     403     201     201     201     403     201     403     403     401     403     403     403    | 401
report          existing | 200     403     200     404     404     403     200     403     403     401     403     200     404    | 401
report          finished | 200     403     200     404     404     403     200     403     403     401     403     200     404    | 401
report          unknown  | 404     403     404     404     404     403     404     403     403     401     403     404     404    | 401
report-create   existing | 200     403     200     201     201     403     200     403     403     401     403     403     403    | 401
report-create   finished | 200     403     200     201     201     403     200     403     403     401     403     403     403    | 401
report-create   unknown  | 201     403     201     201     201     403     201     403     403     401     403     403     403    | 401
delete          existing | 204     403     403     404     403     403     403     403     403     401     403     403     403    | 401
delete          finished | 204     403     403     404     403     403     403     403     403     401     403     403     403    | 401
delete          unknown  | 404     403     403     404     403     403     403     403     403     401     403     403     403    | 401
status          existing | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
status          finished | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
status          unknown  | 404     404     403     404     404     404     404     403     404     401     404     404     404    | 401
logs            existing | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
logs            finished | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
logs            unknown  | 404     404     403     404     404     404     404     403     404     401     404     404     404    | 401
badge           existing | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
badge           finished | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
badge           unknown  | 404     404     403     404     404     404     404     403     404     401     404     404     404    | 401
batch           existing | 200     200     403     200/404 200/404 200     200     200/403 200     401     200     200     200/404| 401
batch           finished | 200     200     403     200/404 200/404 200     200     200/403 200     401     200     200     200/404| 401
batch           unknown  | 200/404 200/404 403     200/404 200/404 200/404 200/404 200/403 200/404 401     200/404 200/404 200/404| 401
stream          existing | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
stream          finished | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
stream          unknown  | 404     404     403     404     404     404     404     403     404     401     404     404     404    | 401
streams         existing | 200     200     403     200/404 200/404 200     200     403     200     401     200     200     200/404| 401
streams         finished | 200     200     403     200/404 200/404 200     200     403     200     401     200     200     200/404| 401
streams         unknown  | 200/404 200/404 403     200/404 200/404 200/404 200/404 403     200/404 401     200/404 200/404 200/404| 401
streams-of-one  existing | 200     200     403     200/404 200/404 200     200     200/403 200     401     200     200     200/404| 401
streams-of-one  finished | 200     200     403     200/404 200/404 200     200     200/403 200     401     200     200     200/404| 401
streams-of-one  unknown  | 200/404 200/404 403     200/404 200/404 200/404 200/404 200/403 200/404 401     200/404 200/404 200/404| 401
mint            existing | 200     200     403     200     403     403     403     403     403     401     403     403     403    | 401
mint            finished | 200     200     403     200     403     403     403     403     403     401     403     403     403    | 401
mint            unknown  | 200     200     403     200     403     403     403     403     403     401     403     403     403    | 401
read-progress   existing | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
read-progress   finished | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
read-progress   unknown  | 404     404     403     404     404     404     404     403     404     401     404     404     404    | 401
report-progress existing | 200     403     200     201     201     403     200     403     403     401     403     403     403    | 401
report-progress finished | 200     403     200     201     201     403     200     403     403     401     403     403     403    | 401
report-progress unknown  | 201     403     201     201     201     403     201     403     403     401     403     403     403    | 401
task-status     existing | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
task-status     finished | 200     200     403     404     404     200     200     403     200     401     200     200     404    | 401
task-status     unknown  | 404     404     403     404     404     404     404     403     404     401     404     404     404    | 401
deliveries      existing | 200     403     403     404     403     403     403     403     403     401     403     403     403    | 401
deliveries      finished | 200     403     403     404     403     403     403     403     403     401     403     403     403    | 401
deliveries      unknown  | 404     403     403     404     403     403     403     403     403     401     403     403     403    | 401
redeliver       existing | 200     403     403     404     403     403     403     403     403     401     403     403     403    | 401
redeliver       finished | 200     403     403     404     403     403     403     403     403     401     403     403     403    | 401
redeliver       unknown  | 404     403     403     404     403     403     403     403     403     401     403     403     403    | 401
cancel          existing | 200     403     403     404     403     403     403     403     403     401     200     403     403    | 401
cancel          finished | 409     403     403     404     403     403     403     403     403     401     409     403     403    | 401
cancel          unknown  | 404     403     403     404     403     403     403     403     403     401     404     403     403    | 401
pause           existing | 200     403     403     404     403     403     403     403     403     401     200     403     403    | 401
pause           finished | 409     403     403     404     403     403     403     403     403     401     409     403     403    | 401
pause           unknown  | 404     403     403     404     403     403     403     403     403     401     404     403     403    | 401
resume          existing | 200     403     403     404     403     403     403     403     403     401     200     403     403    | 401
resume          finished | 409     403     403     404     403     403     403     403     403     401     409     403     403    | 401
resume          unknown  | 404     403     403     404     403     403     403     403     403     401     404     403     403    | 401
retry           existing | 409     403     403     404     403     403     403     403     403     401     409     403     403    | 401
retry           finished | 409     403     403     404     403     403     403     403     403     401     409     403     403    | 401
retry           unknown  | 404     403     403     404     403     403     403     403     403     401     404     403     403    | 401
control-batch   existing | 200     403     403     200/404 403     403     403     403     403     401     200     403     403    | 401
control-batch   finished | 200/INVALID_TRANSITION 403     403     200/404 403     403     403     403     403     401     200/INVALID_TRANSITION 403     403    | 401
control-batch   unknown  | 200/404 403     403     200/404 403     403     403     403     403     401     200/404 403     403    | 401
control         existing | 200     403     200     404     404     403     200     403     403     401     403     200     404    | 401
control         finished | 200     403     200     404     404     403     200     403     403     401     403     200     404    | 401
control         unknown  | 404     403     404     404     404     403     404     403     403     401     403     404     404    | 401
list            existing | 200     200     403     200     403     403     403     403     403     401     403     200     200    | 401
list            finished | 200     200     403     200     403     403     403     403     403     401     403     200     200    | 401
list            unknown  | 200     200     403     200     403     403     403     403     403     401     403     200     200    | 401
summary         existing | 200     200     403     200     403     403     403     403     403     401     403     200     200    | 401
summary         finished | 200     200     403     200     403     403     403     403     403     401     403     200     200    | 401
summary         unknown  | 200     200     403     200     403     403     403     403     403     401     403     200     200    | 401
list-stream     existing | 200     200     403     200     403     403     403     403     403     401     403     200     200    | 401
list-stream     finished | 200     200     403     200     403     403     403     403     403     401     403     200     200    | 401
list-stream     unknown  | 200     200     403     200     403     403     403     403     403     401     403     200     200    | 401
";

const STATES: [&str; 3] = ["existing", "finished", "unknown"];

/// A job of a test, and its document before the test.
struct Job {
    id: String,
    before: String,
}

impl Job {
    fn create(operation: &Operation, state: &str) -> Job {
        let id = operation.job_id(&format!("m-{}", fresh_name()));
        let report = match state {
            "existing" => Some(json!({"progress": 10, "logs": ["a line"], "tags": {TAG: id}})),
            "finished" => Some(json!({"status": "completed", "logs": ["a line"], "tags": {TAG: id}})),
            _ => None,
        };
        if let Some(mut report) = report {
            if operation.name == "redeliver" {
                // Nothing listens on port 9; the job has a delivery all the same.
                report["webhooks"] = json!([{"url": "http://127.0.0.1:9/"}]);
            }
            create(&id, &report).expect(201);
        }
        let before = document(&id);
        Job { id, before }
    }
}

/// Creates a job with its first report, on the path for its kind of id.
fn create(id: &str, report: &Value) -> Answer {
    match id.split_once(':') {
        None => Request::post(format!("/v2/jobs/{id}/reports?create=true"), report).send(),
        Some((application, request)) => {
            // The Tensorlake API has this field only.
            Request::post(format!("/applications/{application}/requests/{request}/progress"), report).send()
        }
    }
}

fn document(id: &str) -> String {
    Request::get(format!("/v2/jobs/{id}/status?include=logs")).send().text
}

/// A row of the matrix: the expected answer for each column, and for invalid credentials.
fn row(operation: &Operation, state: &str) -> (Vec<(&'static str, &'static str)>, &'static str) {
    let mut lines = MATRIX.trim().lines().map(|line| {
        let mut parts = line.split('|').map(|part| part.split_whitespace().collect::<Vec<_>>());
        [(); 3].map(|()| parts.next().unwrap_or_default())
    });
    let [_, columns, _] = lines.next().unwrap();
    let named = lines.find(|[head, ..]| *head == [operation.name, state]);
    let Some([_, cells, invalid]) = named else {
        panic!("the matrix has no row for {} on a job in the state {state}", operation.name)
    };
    assert_eq!((cells.len(), invalid.len()), (columns.len(), 1), "{} {state} lacks a cell", operation.name);
    (columns.into_iter().zip(cells).collect(), invalid[0])
}

/// Runs a check for all operations at once and reports everything that failed.
fn each_operation(operations: &[Operation], check: impl Fn(&Operation) -> Vec<String> + Sync) {
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for operation in operations {
            let (failures, check) = (&failures, &check);
            scope.spawn(move || failures.lock().unwrap().extend(check(operation)));
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// The requests of one operation and what was wrong with their answers.
struct Check<'a> {
    operation: &'a Operation,
    failures: Vec<String>,
    /// The answers to a credential that was refused with the same status in several states of a job.
    refusals: BTreeMap<(&'static str, String), BTreeSet<String>>,
}

impl Check<'_> {
    fn send(&mut self, state: &str, job: &Job, credential: &Credential, expected: &str) {
        let Operation { name, .. } = self.operation;
        let answer = self.operation.send(&credential.on(self.operation.request(&job.id)));
        let outcome = self.operation.outcome(&answer);
        let mut wrong = check_refusal(&answer).err();
        if outcome != expected {
            wrong = Some(format!("{outcome} instead of {expected}: {answer}"));
        }
        self.failures.extend(wrong.map(|wrong| format!("{name}, {state}, {}: {wrong}", credential.name)));
        // A caller that may control a job gets its state.
        let says_state = answer.json()["error"] == "INVALID_TRANSITION";
        if outcome != "200" && !outcome.starts_with("201") && !says_state {
            let refusals = self.refusals.entry((credential.name, outcome)).or_default();
            refusals.insert(anonymised(&answer, &job.id));
        }
    }

    fn finish(mut self) -> Vec<String> {
        for ((credential, outcome), refusals) in self.refusals.iter().filter(|(_, refusals)| refusals.len() > 1) {
            let name = self.operation.name;
            self.failures.push(format!("{name}: the {outcome} for {credential} depends on the job: {refusals:#?}"));
        }
        self.failures
    }
}

/// Checks an answer that may be a refusal: its challenge and its body belong to its status.
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
    if fits { Ok(()) } else { Err(format!("the body does not belong to the status: {answer}")) }
}

/// An answer without the job id and without what depends on time.
fn anonymised(answer: &Answer, id: &str) -> String {
    // Whether the connection closes depends on how much of the body had arrived before the refusal.
    let headers = answer.headers.iter().filter(|(name, _)| !["date", "connection"].contains(&name.as_str()));
    let headers: BTreeSet<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
    let no_digits = |text: String| text.replace(|letter: char| letter.is_ascii_digit(), "0");
    format!("{} {headers:?} {}", answer.status, no_digits(answer.text.replace(id, "{job}")))
}

/// Whether a success changes the job, so that each request needs a job of its own.
fn changes(operation: &Operation) -> bool {
    operation.method != "GET" && (operation.shape == Shape::Plain || operation.name == "control-batch")
}

#[test]
fn every_operation_answers_every_credential_on_every_job_as_the_matrix_says() {
    each_operation(OPERATIONS, |operation| {
        let mut check = Check { operation, failures: Vec::new(), refusals: BTreeMap::new() };
        for state in STATES {
            let (cells, refusal) = row(operation, state);
            let job = Job::create(operation, state);
            for credential in invalid_credentials(&job.id) {
                check.send(state, &job, &credential, refusal);
            }
            let mut changing = Vec::new();
            for (credential, (column, expected)) in valid_credentials(&job.id).iter().zip(cells) {
                assert_eq!(credential.name, column);
                if changes(operation) && expected.starts_with('2') {
                    changing.push((column, expected));
                } else {
                    check.send(state, &job, credential, expected);
                }
            }
            if document(&job.id) != job.before {
                check.failures.push(format!("{}, {state}: a refused call changed the job", operation.name));
            }
            for (column, expected) in changing {
                let job = Job::create(operation, state);
                let credential = valid_credentials(&job.id).into_iter().find(|credential| credential.name == column);
                check.send(state, &job, &credential.unwrap(), expected);
            }
        }
        check.finish()
    });
}

#[test]
fn a_token_in_the_body_opens_its_own_job_and_no_other() {
    let operation = OPERATIONS.iter().find(|operation| operation.name == "streams").unwrap();
    let ask = |job: &str, token: &str| {
        let body = json!({"jobs": [{"jobId": job, "token": token}]});
        operation.send(&operation.request(job).json(&body))
    };
    for (state, own) in STATES.into_iter().zip(["200", "200", "200/404"]) {
        let job = Job::create(operation, state);
        let of = |name: &str| {
            valid_credentials(&job.id).into_iter().find(|credential| credential.name == name).unwrap().text
        };
        for (name, expected) in
            [("own", own), ("own+w", own), ("another", "403"), ("foreign", "200/404"), ("all", "401"), ("read", "401")]
        {
            let answer = ask(&job.id, &of(name));
            assert_eq!(operation.outcome(&answer), expected, "{state}, {name}: {answer}");
            check_refusal(&answer).unwrap();
        }
        for credential in invalid_credentials(&job.id) {
            let Some(token) = credential.bearer() else { continue };
            let answer = ask(&job.id, token);
            assert_eq!(operation.outcome(&answer), "401", "{state}, {}: {answer}", credential.name);
            check_refusal(&answer).unwrap();
        }
    }
}

#[test]
fn every_bit_of_a_signature_is_checked() {
    let target = Target::get();
    each_operation(OPERATIONS, |operation| {
        let job = operation.job_id(&fresh_job());
        create(&job, &json!({})).expect(201);
        let token = sign(&claims(&target.project, &job), &signing_secret(&target.token_secret, &target.project));
        let step = if operation.name == "status" { 1 } else { 37 };
        let is_accepted = |bit: &usize| {
            let answer = operation.send(&operation.request(&job).bearer(&flipped(&token, *bit)));
            answer.status != 401
        };
        let accepted = (0..256).step_by(step).filter(is_accepted);
        accepted.map(|bit| format!("{}: bit {bit} is not checked", operation.name)).collect()
    });
}

#[test]
fn head_is_answered_as_get_is_and_without_a_body() {
    let read = |operation: &&Operation| operation.method == "GET" && operation.shape == Shape::Plain;
    let operations: Vec<Operation> = OPERATIONS.iter().filter(read).copied().collect();
    each_operation(&operations, |operation| {
        let job = Job::create(operation, "existing");
        let credentials =
            valid_credentials(&job.id).into_iter().chain(invalid_credentials(&job.id).into_iter().take(2));
        let differs = |credential: Credential| {
            let mut call = credential.on(operation.request(&job.id));
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
fn a_public_operation_gives_every_caller_the_same_answer() {
    for operation in PUBLIC_OPERATIONS {
        let anonymous = operation.request("").send();
        assert!(![401, 403, 503].contains(&anonymous.status), "{}: {anonymous}", operation.name);
        for credential in valid_credentials("a").into_iter().chain(invalid_credentials("a")) {
            let answer = credential.on(operation.request("")).send();
            let same = (answer.status, &answer.text) == (anonymous.status, &anonymous.text);
            assert!(same, "{}, {}: {answer}", operation.name, credential.name);
        }
    }
}

/// A path without the names of its parameters and without its query.
fn without_names(path: &str) -> String {
    let segments = path.split('?').next().unwrap_or_default().split('/');
    let is_name = |segment: &str| segment == APPLICATION || segment.starts_with('{') || segment.parse::<u64>().is_ok();
    let without_name = |segment| if is_name(segment) { "{}" } else { segment };
    segments.map(without_name).collect::<Vec<_>>().join("/")
}

#[test]
fn every_operation_of_the_openapi_document_has_a_row_for_every_state() {
    let document = Request::get("/openapi.json").anonymous().send().expect(200);
    let documented = document["paths"].as_object().unwrap().iter().flat_map(|(path, operations)| {
        let methods = operations.as_object().unwrap().keys();
        let methods = methods.filter(|name| ["get", "post", "put", "patch", "delete"].contains(&name.as_str()));
        methods.map(move |method| format!("{} {}", method.to_uppercase(), without_names(path)))
    });
    let rows = OPERATIONS.iter().chain(PUBLIC_OPERATIONS);
    let rows: BTreeSet<_> = rows.map(|row| format!("{} {}", row.method, without_names(row.path))).collect();
    assert_eq!(documented.collect::<BTreeSet<_>>(), rows);
    for operation in OPERATIONS {
        for state in STATES {
            row(operation, state);
        }
    }
}
