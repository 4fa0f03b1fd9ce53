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

insist() { # COMMAND...: repeats what must not get lost until the server is back
  until "$@"; do sleep 2; done
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
  insist create
  job=$(field jobId) order=0
  echo "page: $(field page)"

  find "$dir" -type f -size -8192k 2>/dev/null | head -n 30000 >"$work/files"
  total=$(wc -l <"$work/files") done=0 began=$(date +%s) last=0 passes=1 pass=1
  : >"$work/sums"

  while [ "$pass" -le "$passes" ]; do
    while IFS= read -r file; do
      cksum <"$file" >>"$work/sums" 2>/dev/null
      done=$((done + 1)) now=$(date +%s)
      [ "$now" -gt "$last" ] || continue
      last=$now
      # A tree that would be through in less than a minute is read as often as fills one.
      [ $((now - began)) -eq 3 ] && [ "$passes" -eq 1 ] && passes=$((done * 25 / total + 1))
      [ $((now - began)) -lt 3 ] && continue
      report "\"current\":$done,\"total\":$((total * passes)),\"message\":\"$(plain "$file")\""
    done <"$work/files"
    pass=$((pass + 1))
  done

  digest=$(cksum <"$work/sums" | cut -d ' ' -f 1)
  insist report "\"status\":\"completed\",\"message\":\"Done\",\"output\":{\"files\":$done,\"digest\":\"$digest\"}"
  job=
  sleep 5
done
