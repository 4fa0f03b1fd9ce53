# Mints a token that lets a page watch one job: pip install PyJWT
import os, time
import jwt

secret, project, job = (os.environ[name] for name in ("SIGNING_SECRET", "PROJECT", "JOB"))

claims = {"aud": "job-progress", "prj": project, "jobs": [job], "perm": ["jobs:read"], "exp": int(time.time()) + 24 * 3600}
token = jwt.encode(claims, secret, algorithm="HS256")

print(token)
