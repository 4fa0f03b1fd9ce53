"""Runs schemathesis against a worker, on the OpenAPI document that was built.

    BASE_URL=http://127.0.0.1:8787 API_KEY=jp_… API_KEY_OTHER=jp_… python run.py

API_KEY and API_KEY_OTHER have every permission, in two projects; the rate limits of the server are raised. SEED (1) is the
seed of the generated inputs; schemathesis.toml has their number.

There are two runs. The streams have their own, in a project where every job has ended, because the stream of any other job
does not end. The frames of such streams are tested in tests/contract.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import leniency

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "dist" / "openapi.json"
# The jobs in the examples of streams in the document.
ENDED = {"job_completed_example": "completed", "job_failed_example": "failed"}
STREAMS = "^stream"
# The stream of a list ends in no project. Its parameters are those of the list, and tests/contract reads its frames.
ENDED_STREAMS = "^stream(?!JobList$)"
PHASES = "examples,coverage,fuzzing"


def call(base_url, path, key=None, body=None):
    """Sends a request. Returns the status and the body of the answer."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base_url + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def check_served(base_url, document):
    """Checks that a server with static files serves the document that was built."""
    status, text = call(base_url, "/openapi.json")
    if status == 404:
        print("/openapi.json is not served: workerd alone has no static files")
    elif (status, json.loads(text)) != (200, document):
        sys.exit(f"{base_url}/openapi.json ({status}) is not {DOCUMENT}")


def check_examples(document):
    """Validates every example against its schema. Returns the number of examples."""
    import jsonschema_rs

    def schema_at(schema):
        return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]}, validate_formats=True)

    def contents(value):
        if isinstance(value, dict):
            if "schema" in value and ("examples" in value or "example" in value):
                yield value
            for member in value.values():
                yield from contents(member)
        elif isinstance(value, list):
            for item in value:
                yield from contents(item)

    count = 0
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    for content in contents(document):
        examples = [example["value"] for example in content.get("examples", {}).values()]
        examples += [content["example"]] if "example" in content else []
        for example in examples:
            schema_at(content["schema"]).validate(example)
            count += 1
    return count


def end_jobs(base_url, key):
    """Creates the ended jobs for the run of the streams."""
    for job_id, status in ENDED.items():
        path = f"/v2/jobs/{job_id}/reports?create=true"
        code, text = call(base_url, path, key, {"status": status, "message": "é", "logs": ["one", "two"]})
        if code not in (200, 201):
            sys.exit(f"POST {path}: {code} {text.decode()}")


def run(name, base_url, key, selection, phases, seed):
    """Runs schemathesis once. Exits with its code when it fails."""
    command = [
        str(pathlib.Path(sys.executable).parent / "st"),
        *("--config-file", str(HERE / "schemathesis.toml")),
        *("run", str(DOCUMENT), "--url", base_url),
        *("--header", f"Authorization: Bearer {key}"),
        *("--checks", "all", "--phases", phases, "--seed", str(seed)),
        *("--request-timeout", "20", "--continue-on-failure", "--no-color"),
        *selection,
    ]
    print(f"schemathesis, {name}: seed {seed}", flush=True)
    began = time.monotonic()
    variables = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    # schemathesis writes files into its working directory.
    with tempfile.TemporaryDirectory() as scratch:
        code = subprocess.run(command, cwd=scratch, env=variables).returncode
    print(f"schemathesis, {name}: {time.monotonic() - began:.0f} s", flush=True)
    if code:
        sys.exit(code)


def main():
    base_url = os.environ["BASE_URL"].rstrip("/")
    seed = int(os.environ.get("SEED", "1"))
    document = json.loads(DOCUMENT.read_text())
    check_served(base_url, document)
    leniency.check()
    print(f"{check_examples(document)} examples match their schemas")
    jobs, streams = os.environ["API_KEY"], os.environ["API_KEY_OTHER"]
    run("jobs", base_url, jobs, ["--exclude-operation-id-regex", STREAMS], PHASES + ",stateful", seed)
    end_jobs(base_url, streams)
    run("streams", base_url, streams, ["--include-operation-id-regex", ENDED_STREAMS], PHASES, seed)


if __name__ == "__main__":
    main()
