"""What the OpenAPI document cannot say to schemathesis, which loads this through SCHEMATHESIS_HOOKS; see run.py."""

import json

import schemathesis

# What a positive test may be refused for, since JSON Schema has no words for it: ids that are unique among the steps of
# a list, and lengths in bytes where it counts characters.
BEYOND_SCHEMAS = ("is the id of an earlier step", "bytes of UTF-8")


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
def filter_failure(_context, failure, _case, response):
    """Keeps every failure but the refusals that no schema can foresee."""
    refused = type(failure).__name__ == "RejectedPositiveData" and response.status_code == 400
    return not (refused and any(reason in response.text for reason in BEYOND_SCHEMAS))
