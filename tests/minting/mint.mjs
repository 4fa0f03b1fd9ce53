// Mints a token that lets a page watch one job: npm install jsonwebtoken
import jwt from "jsonwebtoken";

const { SIGNING_SECRET, PROJECT, JOB } = process.env;

const claims = { prj: PROJECT, jobs: [JOB], perm: ["jobs:read"] };
const token = jwt.sign(claims, SIGNING_SECRET, { algorithm: "HS256", audience: "job-progress", expiresIn: "24h" });

console.log(token);
