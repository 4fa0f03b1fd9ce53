"""Fills the shards of an index with rows: `fill.py FOLDER ROWS`. Creating as many jobs would take an hour."""

import json
import pathlib
import sqlite3
import sys
import time

STATUSES = ["completed", "completed", "completed", "completed", "completed", "completed", "failed", "running", "queued", "cancelled"]

NOW = int(time.time() * 1000)
folder, rows = pathlib.Path(sys.argv[1]), int(sys.argv[2])
shards = []
for path in sorted(folder.glob("*.sqlite")):
    shard = sqlite3.connect(path)
    if shard.execute("SELECT 1 FROM sqlite_master WHERE name = 'row'").fetchone():
        shard.execute("DELETE FROM row")
        shards.append(shard)
for number in range(rows):
    created, job = 1_700_000_000_000 + number, f"job_{number:026}"
    status, kind, user = STATUSES[number % 10], f"kind-{number % 20}", f"u{number % 1_000}"
    seconds = number % 600 if status == "completed" else None
    message = f"Processing batch {number % 10} of 10: {'file ' * 10}"
    at = f"2023-11-14T22:{number // 60_000 % 60:02}:{number // 1_000 % 60:02}.{number % 1_000:03}Z"
    row = {
        "jobId": job, "epoch": "k3v9a0", "seq": 7, "attempt": 1, "status": status, "progress": 100, "message": message,
        "kind": kind, "endpointId": "worker-7", "priority": "normal", "tags": {"userId": user, "title": f"Import {number}"},
        "createdAt": at, "startedAt": at, "updatedAt": at,
    }
    tags = "".join(f"\n{json.dumps([name, value], separators=(',', ':'))}" for name, value in row["tags"].items())
    search = "\n".join([job, kind, "worker-7", message, user, f"Import {number}"]).lower()
    values = (created, job, status, kind, "worker-7", "normal", None, seconds, NOW, f"{tags}\n", f"{search}\n", json.dumps(row))
    # Not by the number itself, of which the kind and the status depend.
    shard = shards[(number * 2_654_435_761 >> 7) % len(shards)]
    shard.execute(f"INSERT INTO row (created, job, status, kind, endpoint, priority, parent, seconds, updated, tags, search, row) VALUES ({', '.join('?' * 12)})", values)
for shard in shards:
    shard.commit()
print(len(shards))
