"""Follows a job with the line iterator of requests and no SSE library: one JSON text a line for each document."""

import json
import sys
import time

import requests

url, token = sys.argv[1:]
while True:
    try:
        response = requests.get(url, stream=True, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        for line in response.iter_lines(decode_unicode=True):
            if line.startswith("event: end"):
                sys.exit(0)
            if line.startswith("data: "):
                print(json.dumps(json.loads(line[len("data: ") :])), flush=True)
    except requests.exceptions.RequestException:
        time.sleep(0.2)
