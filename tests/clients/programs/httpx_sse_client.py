"""Follows a job with httpx-sse, as its README shows: one JSON text a line for each document."""

import json
import sys
import time

import httpx
from httpx_sse import connect_sse

url, token = sys.argv[1:]
last_event_id = ""
while True:
    headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": last_event_id}
    try:
        with httpx.Client(timeout=30) as client, connect_sse(client, "GET", url, headers=headers) as source:
            for event in source.iter_sse():
                if event.event == "end":
                    sys.exit(0)
                print(json.dumps(json.loads(event.data)), flush=True)
                last_event_id = event.id
    except httpx.TransportError:
        time.sleep(0.2)
