#!/bin/sh
# Checksums the files of a directory tree and reports the progress with nothing but curl; then begins again.
#
#   BASE_URL=https://status.example.com KEY=jp_... ./demo-job.sh [DIRECTORY]

: "${BASE_URL:?is the server, as in http://localhost:8787}" "${KEY:?is an API key that may write jobs}"
dir=${1:-/usr}
work=$(mktemp -d) || exit 1
job=

post() { # PATH JSON: prints the answer, fails when there is none
  curl --silent --fail --max-time 10 "$BASE_URL$1" -H "Authorization: Bearer $KEY" -d "$2"
}

report() { # JSON-FIELDS: a report that gets lost does no harm, as the next one says more
  order=$((order + 1))
  post "/v2/jobs/$job/reports" "{\"order\":$order,$1}" >"$work/answer"
}

create() {
  post /v2/jobs '{"kind":"checksum","status":"initializing","unit":"files","message":"Listing files"}' >"$work/answer"
}

plain() { # TEXT: safe inside a JSON string
  printf %s "$1" | LC_ALL=C tr -c '[:alnum:] ._/+-' '?'
}

field() { # NAME: a string of the last answer
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/answer"
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
  [ -s "$work/files" ] || { echo "there are no files in $dir" >&2; stop; }

  # What this machine reads in three seconds tells how often the tree must be read to be worth watching for a minute.
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
  # The end must not get lost, though it is not worth more than a minute of a server that is away.
  end="\"status\":\"completed\",\"current\":$count,\"message\":\"Done\",\"output\":{\"files\":$count,\"digest\":\"$digest\"}"
  tries=30
  until report "$end" || [ "$tries" -eq 0 ]; do
    tries=$((tries - 1))
    sleep 2
  done
  job=
  sleep 5
done
