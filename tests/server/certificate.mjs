// A certificate that signs itself, for localhost.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

// Writes the certificate and its key into a folder; returns their paths.
export function selfSigned(folder) {
  const [certificate, key] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  // Some clients, the runtime among them, refuse the certificate of an authority as that of a server.
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  const files = ["-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", "-nodes", "-days", "2", ...curve, ...subject, ...leaf, ...files], {
    stdio: "pipe",
  });
  return { certificate, key };
}
