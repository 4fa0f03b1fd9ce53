"""What the OpenAPI document cannot say to schemathesis, which loads this through SCHEMATHESIS_HOOKS; see run.py."""

import json

import schemathesis

# What a positive test may be refused for, since JSON Schema has no words for it: ids that are unique among the steps of
# a list, lengths in bytes where it counts characters, the attempt that a job is in before it is made, and ids under which a
# job may be reported to but not made.
BEYOND_SCHEMAS = ("is the id of an earlier step", "bytes of UTF-8", "for a new job", "must hold no `:` here")


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context, value):
    """Writes a list as one JSON text a line; what is no list is no lines, and is written so that it is refused."""
    lines = value if isinstance(value, list) else [[value]]
    return "".join(json.dumps(line) + "\n" for line in lines).encode("utf-8", "surrogatepass")


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """Shortens the waits that are allowed: nobody here has a minute."""
    wait = str((case.query or {}).get("wait", ""))
    if wait.isascii() and wait.isdigit() and 1 < int(wait) <= 60:
        case.query["wait"] = 1


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    """Keeps every failure but those that are the schema's."""
    kind = type(failure).__name__
    if kind == "RejectedPositiveData":
        return not (response.status_code == 400 and any(reason in response.text for reason in BEYOND_SCHEMAS))
    if kind == "AcceptedNegativeData":
        # `include=` is how an empty list is written in a URL; a list of empty members looks the same there.
        include = (case.query or {}).get("include", "")
        written = ",".join(map(str, include)) if isinstance(include, list) else str(include)
        return "`include`" not in failure.message or written.strip(",") != ""
    return True
