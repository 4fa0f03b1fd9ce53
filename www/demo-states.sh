#!/bin/sh
# Creates one job in each state with curl, and prints a token with which the demo page shows them beside the demo job.
#
#   BASE_URL=https://status.example.com KEY=jp_... [JOB=demo] ./demo-states.sh

: "${BASE_URL:?must be the URL of the server, for example http://localhost:8787}"
: "${KEY:?must be an API key with jobs:read, jobs:write and jobs:control}"
job=${JOB:-demo}
ids="\"$job\""

post() { # PATH JSON: prints the response; fails without a response or with an HTTP error
  curl --silent --fail --max-time 10 "$BASE_URL$1" -H "Authorization: Bearer $KEY" -d "$2"
}

create() { # NAME FIELDS: creates a job to which nobody reports again; it replaces the one that is left from the last time
  post "/v2/jobs/$job-$1/cancel" '{"force":true}' >/dev/null
  fields="\"jobId\":\"$job-$1\",\"replace\":\"ended\",\"stalledAfterSeconds\":86400"
  post /v2/jobs "{$fields,$2}" >/dev/null || { echo "cannot create $job-$1" >&2; exit 1; }
  ids="$ids,\"$job-$1\""
}

create queued '"status":"queued","queuePosition":3,"message":"Waiting for a GPU"'
create initializing '"status":"initializing","message":"Loading the model"'
create indeterminate '"status":"running","message":"Counting the files"'
create running '"current":45,"total":100,"message":"Batch 3 of 10"'
create paused '"status":"paused","current":12,"total":40,"message":"Until the night rate begins"'
create completed '"status":"completed","current":120,"total":120,"message":"120 files imported"'
create failed '"status":"failed","current":71,"total":100,"error":"No space left on the disk"'
create cancelled '"status":"cancelled","current":30,"total":100,"message":"Cancelled by Ada"'
# Nobody reports to this one, so the server ends it.
create timeout '"progress":58,"heartbeatTimeoutSeconds":5'

# 30 days, the longest lifetime of a token to read.
response=$(post /v2/tokens "{\"jobIds\":[$ids],\"expiresIn\":2592000}") || exit 1
token=${response#*\"token\":\"}
echo "token: ${token%%\"*}"
