// Mints tokens on a server that knows its project's signing secret, without a request.

// Seconds until a token expires, with and without other permissions than `jobs:read`.
const READ_LIFETIME = 86_400;
const CHANGE_LIFETIME = 900;

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

export const mintToken = async ({
  signingSecret,
  project,
  jobs,
  tags,
  permissions: perm = ["jobs:read"],
  expiresIn,
}) => {
  if (!signingSecret) throw new TypeError("signingSecret must be the signing secret of the project");
  const encode = (text) => new TextEncoder().encode(text);
  const iat = Math.floor(Date.now() / 1000);
  const lifetime = expiresIn ?? (perm.every((name) => name === "jobs:read") ? READ_LIFETIME : CHANGE_LIFETIME);
  const claims = { aud: "job-progress", prj: project, jobs, tags, perm, iat, exp: iat + lifetime };
  const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => base64url(encode(JSON.stringify(part))));
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encode(signingSecret), hmac, false, ["sign"]);
  return [...parts, base64url(await crypto.subtle.sign("HMAC", key, encode(parts.join("."))))].join(".");
};
