#!/bin/sh
# Computes checksums of the files of a directory tree, reports the progress with curl alone, and starts again. Each run replaces the
# former one under the same id, so a page that shows the job shows the next run too. It can be paused and cancelled: the response to
# each report says what was requested.
#
#   BASE_URL=https://status.example.com KEY=jp_... [JOB=demo] ./demo-job.sh [DIRECTORY]

: "${BASE_URL:?must be the URL of the server, for example http://localhost:8787}"
: "${KEY:?must be an API key with jobs:read, jobs:write and jobs:control}"
job=${JOB:-demo}
dir=${1:-/usr}
rest=10 # seconds between two runs
work=$(mktemp -d) || exit 1
running=

post() { # PATH JSON: prints the response; fails without a response or with an HTTP error
  curl --silent --fail --max-time 10 "$BASE_URL$1" -H "Authorization: Bearer $KEY" -d "$2"
}

report() { # JSON-FIELDS: a lost report does no harm, as the next one contains a newer state
  order=$((order + 1))
  post "/v2/jobs/$job/reports" "{\"order\":$order,$1}" >"$work/response"
}

steps() { # STATUS...: prints the field with the status of each step
  printf '"steps":[{"id":"list","label":"List the files","status":"%s"},' "$1"
  printf '{"id":"measure","label":"Measure how fast they are read","status":"%s"},' "$2"
  printf '{"id":"sum","label":"Compute the checksums","status":"%s"}]' "$3"
}

create() { # a producer that dies is noticed after a minute
  # A run that was killed may not have ended yet. Only a job that has ended is replaced.
  post "/v2/jobs/$job/cancel" '{"force":true}' >/dev/null
  fields="\"jobId\":\"$job\",\"replace\":\"ended\",\"kind\":\"checksum\",\"metadata\":{\"title\":\"Checksums of $(plain "$dir")\"}"
  fields="$fields,\"unit\":\"files\",\"controls\":[\"cancel\",\"pause\"],\"heartbeatTimeoutSeconds\":60"
  fields="$fields,\"status\":\"initializing\",\"message\":\"Listing files\",\"progress\":null"
  post /v2/jobs "{$fields,$(steps running pending pending)}" >"$work/response"
}

again() { # prints the field with the time of the next run: until then the streams of the job stay open
  at=$(($(date +%s) + rest))
  printf '"nextRetryAt":"%s"' "$(date -u -d "@$at" +%FT%TZ 2>/dev/null || date -u -r "$at" +%FT%TZ)"
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
  [ -n "$running" ] && report '"status":"cancelled","message":"Stopped by hand"'
  exit 0
}
trap 'rm -rf "$work"' EXIT
trap stop INT TERM

while :; do
  until create; do sleep 2; done
  running=yes order=0 page=$(field page)
  mint && page="${page%&*}&$(field token)"
  echo "page: $page"
  find "$dir" -type f -size -8192k 2>/dev/null | head -n 30000 >"$work/files"
  [ -s "$work/files" ] || { echo "no files in $dir" >&2; stop; }
  found=$(($(wc -l <"$work/files")))
  log="\"logs\":[\"Found $found files\"]"
  report "\"message\":\"Measuring how fast they are read\",\"progress\":null,$(steps completed running pending),$log"

  # Measure how many files this machine reads in three seconds, and read the tree often enough to take about a minute.
  sample=0 end=$(($(date +%s) + 3))
  while [ "$(date +%s)" -lt "$end" ]; do
    while IFS= read -r file && [ "$(date +%s)" -lt "$end" ]; do
      cksum <"$file" >/dev/null 2>&1
      sample=$((sample + 1))
    done <"$work/files"
  done
  passes=$((sample * 30 / found + 1))
  while [ "$passes" -gt 0 ]; do
    cat "$work/files"
    passes=$((passes - 1))
  done >"$work/todo"

  total=$(($(wc -l <"$work/todo"))) count=0 last=0
  log="\"logs\":[\"Read $sample files in 3 seconds\"]"
  report "\"current\":0,\"total\":$total,$(steps completed completed running),$log"
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
      report "\"status\":\"cancelled\",$(again)"
      sleep "$rest"
      continue 2
    fi
  done <"$work/todo"

  digest=$(cksum <"$work/sums" | cut -d ' ' -f 1)
  # The last report must not get lost: try it for up to a minute while the server is unreachable.
  end="\"status\":\"completed\",\"current\":$count,\"message\":\"Done\",$(steps completed completed completed),$(again)"
  end="$end,\"output\":{\"files\":$count,\"digest\":\"$digest\"}"
  tries=30
  until report "$end" || [ "$tries" -eq 0 ]; do
    tries=$((tries - 1))
    sleep 2
  done
  running=
  sleep "$rest"
done
