#!/bin/sh
# Computes checksums of the files of a directory tree, reports the progress with curl alone, and starts again. It can be paused and
# cancelled: the response to each report says what was requested.
#
#   BASE_URL=https://status.example.com KEY=jp_... ./demo-job.sh [DIRECTORY]

: "${BASE_URL:?must be the URL of the server, for example http://localhost:8787}" "${KEY:?must be an API key with jobs:write and jobs:control}"
dir=${1:-/usr}
work=$(mktemp -d) || exit 1
job=

post() { # PATH JSON: prints the response; fails without a response or with an HTTP error
  curl --silent --fail --max-time 10 "$BASE_URL$1" -H "Authorization: Bearer $KEY" -d "$2"
}

report() { # JSON-FIELDS: a lost report does no harm, as the next one contains a newer state
  order=$((order + 1))
  post "/v2/jobs/$job/reports" "{\"order\":$order,$1}" >"$work/response"
}

create() { # a producer that dies is noticed after a minute
  fields='"kind":"checksum","unit":"files","controls":["cancel","pause"],"heartbeatTimeoutSeconds":60'
  post /v2/jobs "{$fields,\"status\":\"initializing\",\"message\":\"Listing files\"}" >"$work/response"
}

mint() { # makes a token with which the page can control the job too
  post /v2/tokens "{\"jobIds\":[\"$job\"],\"permissions\":[\"jobs:read\",\"jobs:control\"],\"expiresIn\":86400}" >"$work/response"
}

asked() { # REQUEST: whether this is pending according to the last response
  grep -q "\"control\":{\"request\":\"$1\"" "$work/response"
}

pause() { # until it is resumed, cancelled or ended
  report '"status":"paused"'
  while ! asked resume && ! asked cancel && ! grep -q '"status":"cancelled"' "$work/response"; do
    curl --silent --fail --max-time 40 "$BASE_URL/v2/jobs/$job/control?wait=30" -H "Authorization: Bearer $KEY" \
      >"$work/response" || sleep 2
  done
  asked resume && report '"status":"running"'
}

plain() { # TEXT: replaces characters that would need escaping in a JSON string
  printf %s "$1" | LC_ALL=C tr -c '[:alnum:] ._/+-' '?'
}

field() { # NAME: prints a string member of the last response
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/response"
}

stop() {
  [ -n "$job" ] && report '"status":"cancelled","message":"Stopped by hand"'
  exit 0
}
trap 'rm -rf "$work"' EXIT
trap stop INT TERM

while :; do
  until create; do sleep 2; done
  job=$(field jobId) order=0 page=$(field page)
  mint && page="${page%&*}&$(field token)"
  echo "page: $page"
  find "$dir" -type f -size -8192k 2>/dev/null | head -n 30000 >"$work/files"
  [ -s "$work/files" ] || { echo "no files in $dir" >&2; stop; }

  # Measure how many files this machine reads in three seconds, and read the tree often enough to take about a minute.
  sample=0 end=$(($(date +%s) + 3))
  while [ "$(date +%s)" -lt "$end" ]; do
    while IFS= read -r file && [ "$(date +%s)" -lt "$end" ]; do
      cksum <"$file" >/dev/null 2>&1
      sample=$((sample + 1))
    done <"$work/files"
  done
  passes=$((sample * 30 / $(wc -l <"$work/files") + 1))
  while [ "$passes" -gt 0 ]; do
    cat "$work/files"
    passes=$((passes - 1))
  done >"$work/todo"

  total=$(wc -l <"$work/todo") count=0 last=0
  : >"$work/sums"
  while IFS= read -r file; do
    cksum <"$file" >>"$work/sums" 2>/dev/null
    count=$((count + 1)) now=$(date +%s)
    [ "$now" -gt "$last" ] || continue
    report "\"current\":$count,\"total\":$total,\"message\":\"$(plain "$file")\""
    last=$now
    asked pause && pause
    # It may have ended without this program: by "Cancel now", or by a deadline while the machine slept.
    grep -q '"reason":"finished"' "$work/response" && continue 2
    if asked cancel; then
      report '"status":"cancelled"'
      sleep 5
      continue 2
    fi
  done <"$work/todo"

  digest=$(cksum <"$work/sums" | cut -d ' ' -f 1)
  # The last report must not get lost: try it for up to a minute while the server is unreachable.
  end="\"status\":\"completed\",\"current\":$count,\"message\":\"Done\",\"output\":{\"files\":$count,\"digest\":\"$digest\"}"
  tries=30
  until report "$end" || [ "$tries" -eq 0 ]; do
    tries=$((tries - 1))
    sleep 2
  done
  job=
  sleep 5
done
