"""Follows a job with sseclient-py on requests, as its README shows: one JSON text a line for each document."""

import json
import sys
import time

import requests
import sseclient

url, token = sys.argv[1:]
last_event_id = ""
while True:
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream", "Last-Event-ID": last_event_id}
    try:
        response = requests.get(url, stream=True, headers=headers, timeout=30)
        for event in sseclient.SSEClient(response).events():
            if event.event == "end":
                sys.exit(0)
            print(json.dumps(json.loads(event.data)), flush=True)
            last_event_id = event.id or last_event_id
    except requests.exceptions.RequestException:
        time.sleep(0.2)
