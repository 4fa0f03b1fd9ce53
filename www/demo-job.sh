#!/bin/sh
# Computes checksums of the files of a directory tree, reports the progress with curl alone, and starts again.
#
#   BASE_URL=https://status.example.com KEY=jp_... ./demo-job.sh [DIRECTORY]

: "${BASE_URL:?must be the URL of the server, for example http://localhost:8787}" "${KEY:?must be an API key with jobs:write}"
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

create() {
  post /v2/jobs '{"kind":"checksum","status":"initializing","unit":"files","message":"Listing files"}' >"$work/response"
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
  job=$(field jobId) order=0
  echo "page: $(field page)"
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
