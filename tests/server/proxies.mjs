// nginx and Caddy with the README's snippets, in which only names, ports and paths are replaced.

import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "../browser/worker.mjs";
import { until } from "../browser/until.mjs";
import { selfSigned } from "./certificate.mjs";
import { atEnd, temporaryFolder } from "./executable.mjs";
import { snippet } from "./readme.mjs";

const SECTION = "Run it on your own server";
// The names in the README's snippets.
const NAME = "status.example.com";
const SERVER = "127.0.0.1:8787";

// What Debian's nginx.conf says beside the logs, and has the snippet included into `http`.
const nginxConfig = (folder) => `
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 768; }
http {
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  gzip on;
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
  include ${folder}/job-progress.conf;
}
`;

const nginx = {
  name: "nginx",
  configure(folder, port, server) {
    // nginx that is started as root works as another user.
    chmodSync(folder, 0o755);
    const { certificate, key } = selfSigned(folder);
    const replacements = {
      "443 ssl": `127.0.0.1:${port} ssl`,
      [SERVER]: `127.0.0.1:${server}`,
      [`/etc/letsencrypt/live/${NAME}/fullchain.pem`]: certificate,
      [`/etc/letsencrypt/live/${NAME}/privkey.pem`]: key,
      [NAME]: "localhost",
    };
    writeFileSync(join(folder, "job-progress.conf"), snippet(`${SECTION}/nginx`, replacements));
    writeFileSync(join(folder, "nginx.conf"), nginxConfig(folder));
  },
  start: (folder) => [
    process.env.NGINX,
    "-p",
    folder,
    "-c",
    join(folder, "nginx.conf"),
    "-e",
    join(folder, "error.log"),
  ],
  // As `systemctl reload nginx` does.
  reload: ({ child }) => child.kill("SIGHUP"),
};

// Nothing is installed on this machine, and nothing listens beside the site itself.
const CADDY_OPTIONS = "{\n  skip_install_trust\n  auto_https disable_redirects\n  admin unix/@FOLDER@/admin\n}\n";

const caddy = {
  name: "Caddy",
  configure(folder, port, server) {
    mkdirSync(join(folder, "home"));
    // For this name Caddy signs a certificate itself.
    const text = snippet(`${SECTION}/caddy`, { [NAME]: `localhost:${port}`, [SERVER]: `127.0.0.1:${server}` });
    writeFileSync(join(folder, "Caddyfile"), CADDY_OPTIONS.replace("@FOLDER@", folder) + text);
  },
  start: (folder) => [process.env.CADDY, "run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"],
  // As `systemctl reload caddy` does.
  reload: ({ folder, environment }) =>
    execFileSync(
      process.env.CADDY,
      [
        "reload",
        "--force",
        "--config",
        join(folder, "Caddyfile"),
        "--adapter",
        "caddyfile",
        "--address",
        `unix/${folder}/admin`,
      ],
      { env: environment, stdio: "pipe" },
    ),
};

export const PROXIES = { nginx, caddy };

const accepts = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true) ?? socket.destroy());
    socket.on("error", () => resolve(false));
  });

// Starts a proxy for the server at that port, which ends with the tests of the file. Its `base` is a URL with TLS.
export async function startProxy(proxy, server) {
  const port = await freePort();
  const folder = temporaryFolder("proxy");
  proxy.configure(folder, port, server);
  const environment = { ...process.env, HOME: join(folder, "home"), XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const running = { port, folder, environment, base: `https://localhost:${port}`, child: undefined };
  let ended;

  running.start = async () => {
    const [program, ...args] = proxy.start(folder);
    if (!program || !existsSync(program))
      throw new Error(`${proxy.name} is missing; \`cargo xtask test server\` installs it`);
    running.child = spawn(program, args, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    running.child.stderr.on("data", (text) => (errors += text));
    let isOver = false;
    ended = new Promise((resolve) => running.child.once("close", () => resolve((isOver = true))));
    await until(`${proxy.name} listens`, async () => {
      if (isOver) throw new Error(errors);
      return accepts(port);
    });
  };
  // Ends it at once, with its connections.
  running.stop = async () => {
    running.child.kill("SIGTERM");
    await ended;
  };
  running.reload = () => proxy.reload(running);
  await running.start();
  atEnd(() => running.stop());
  return running;
}
