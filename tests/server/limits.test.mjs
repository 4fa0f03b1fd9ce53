// The server under the limits of the systemd unit. systemd itself does not run in tests: what each directive asks for is done with
// other programs, in a container.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { call, create, freshJob, report } from "../browser/api.mjs";
import { freePort } from "../browser/worker.mjs";
import { asRoot, inContainer, linuxTest } from "./container.mjs";
import { EXECUTABLE, atEnd, startServer, temporaryFolder } from "./executable.mjs";
import { ROOT, snippet } from "./readme.mjs";

const FILE = "crates/server/job-progress.service";
const UNIT = readFileSync(ROOT + FILE, "utf8");
const COMMAND = "/usr/local/bin/job-progress";
// Linux's usual soft limit of open files; it allows 256 jobs in memory.
const FILES = 1_024;
const JOBS = FILES / 4;
// A quarter of the memory that the unit allows; the code of the runtime alone is 160 MB.
const MEMORY = 256 << 20;
// Jobs that are created at a time.
const AT_ONCE = 8;
let groups = 0;

// The directives of the section [Service] by name.
function directives() {
  const [, section] = /^\[Service\]\n([\s\S]*?)^\[/m.exec(UNIT);
  const lines = section.split("\n").filter((line) => line && !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/)));
}

// A control group with at most so many bytes of memory, as systemd makes one, and the command that runs another one in it.
function memoryLimit(bytes) {
  const kinds = [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
    ["/sys/fs/cgroup", "memory.max"],
  ];
  const [root, file] =
    kinds.find(([root, file]) => existsSync(join(root, file)) || existsSync(join(root, "cgroup.controllers"))) ?? [];
  if (!root) throw new Error("this test limits memory with a control group, and /sys/fs/cgroup has none for memory");
  const group = join(root, `job-progress-test-${process.pid}-${(groups += 1)}`);
  asRoot("mkdir", group);
  atEnd(() => asRoot("rmdir", group));
  asRoot("sh", "-c", `echo ${bytes} > ${group}/${file}`);
  return ["sh", "-c", `echo $$ > ${group}/cgroup.procs && exec "$@"`, "sh"];
}

// The limit that this system sets, if it is lower: only some users of root may raise it.
function openFiles(limit) {
  const [, hard] = /^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
  return Math.min(limit, hard);
}

// Starts the server as the unit says. `files` are the soft and the hard limit of open files, `memory` is the limit of memory in bytes.
async function startService({ files, memory, data = temporaryFolder("state") }) {
  const { ExecStart, StateDirectory, StateDirectoryMode, ...others } = directives();
  const port = await freePort();
  const command = ExecStart.replace("127.0.0.1:8787", `127.0.0.1:${port}`).split(" ");
  const volume = `/var/lib/${StateDirectory}`;
  assert.equal(command[0], COMMAND);
  assert.ok(command.includes(volume) && command.includes(`127.0.0.1:${port}`));
  const user = "nobody:nogroup";
  const applied = {
    // A user without rights, and files of its own in the folder of its state.
    DynamicUser: { yes: [] },
    // All of it is read-only here, without a /tmp that could be written.
    ProtectSystem: { strict: [] },
    ProtectHome: { yes: [] },
    PrivateTmp: { yes: [] },
    NoNewPrivileges: { yes: ["setpriv", "--no-new-privs"] },
    LimitNOFILE: { [others.LimitNOFILE]: ["prlimit", `--nofile=${files ?? openFiles(others.LimitNOFILE)}`] },
    MemoryMax: { "1G": memoryLimit(memory ?? 1 << 30) },
  };
  const limits = Object.entries(applied).flatMap(([name, { [others[name]]: run }]) => {
    assert.ok(run, `${name}=${others[name]}: the test does not apply it`);
    return run;
  });
  const container = inContainer({
    target: "/usr/local/bin",
    prepare: `install --directory --mode=${StateDirectoryMode} --owner=nobody --group=nogroup ${volume}`,
    volume,
    data,
    user,
    limits,
  });
  return startServer({ ...container, port, command });
}

linuxTest("systemd finds nothing wrong with the unit", () => {
  const folder = temporaryFolder("unit");
  const unit = join(folder, "job-progress.service");
  const edited = snippet("Several servers as one cluster/ini", {});
  // What `systemctl edit` adds is read after the unit.
  for (const text of [UNIT, UNIT + edited]) {
    assert.ok(text.includes(`ExecStart=${COMMAND} `));
    writeFileSync(unit, text.replaceAll(COMMAND, EXECUTABLE));
    // It ends with 0 also after warnings.
    const found = execFileSync("sh", ["-c", '"$0" verify --man=no "$1" 2>&1', process.env.SYSTEMD_ANALYZE, unit]);
    assert.equal(found.toString(), "");
  }
});

linuxTest("the server runs within the limits of the unit, and ends as systemd asks", async () => {
  const server = await startService({});
  const { jobId } = await create({ current: 1 }, server);
  await report(jobId, { current: 2 }, server);
  assert.equal((await call("GET", `/v2/jobs/${jobId}/status`, undefined, server)).current, 2);
  const { code, output } = await server.stop("SIGTERM");
  assert.equal(code, 0, output);
  assert.doesNotMatch(output, /(warning|error): /);
});

// Creates jobs, some of them at a time: a job is in memory for ten seconds, in which all of them must be created. Resolves to the
// refusals.
async function createMany(server, count) {
  const refusals = [];
  let left = count;
  const createSome = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await fetch(`${server.base}/v2/jobs`, {
        method: "POST",
        headers: { authorization: `Bearer ${process.env.API_KEY}` },
        body: JSON.stringify({ jobId: freshJob("limit") }),
      });
      if (answer.status !== 201) refusals.push({ status: answer.status, ...(await answer.json()) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, createSome));
  return refusals;
}

linuxTest(
  `a soft limit of ${FILES} open files is raised, and a hard one is reported and then kept with 503`,
  async () => {
    const raised = await startService({ files: `${FILES}:4096` });
    assert.deepEqual(await createMany(raised, JOBS + 10), []);
    assert.doesNotMatch(raised.output, /^warning:/m);
    await raised.stop();

    const limited = await startService({ files: `${FILES}:${FILES}` });
    assert.match(
      limited.output,
      new RegExp(`^warning: at most ${FILES} files may be open, so at most ${JOBS} jobs`, "m"),
    );
    const refusals = await createMany(limited, JOBS + 10);
    assert.ok(refusals.length > 0, "no job was refused");
    for (const { status, error, details } of refusals)
      assert.deepEqual([status, error, details.limit], [503, "OVERLOADED", JOBS]);
    assert.equal((await fetch(`${limited.base}/healthz`)).status, 200);
  },
);

linuxTest("the server serves hundreds of jobs in a quarter of the memory that the unit allows", async () => {
  const server = await startService({ memory: MEMORY });
  assert.deepEqual(await createMany(server, JOBS), []);
  const { jobId } = await create({ current: 1 }, server);
  await report(jobId, { current: 2 }, server);
  assert.equal((await call("GET", `/v2/jobs/${jobId}/status`, undefined, server)).current, 2);
});

linuxTest(
  "a server whose runtime the system kills ends, says why, and has lost nothing that was acknowledged",
  async () => {
    const data = temporaryFolder("killed");
    const server = await startServer({ data });
    const { pid } = server.child;
    const { jobId } = await create({ current: 1 }, server);
    await report(jobId, { current: 2 }, server);
    const [runtime] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    process.kill(Number(runtime), "SIGKILL");
    const { code, output } = await server.ended;
    assert.equal(code, 1);
    assert.match(
      output,
      /^error: the runtime ended by itself .*more memory than the machine has or its limits allow$/m,
    );
    const again = await startServer({ data });
    assert.equal((await call("GET", `/v2/jobs/${jobId}/status`, undefined, again)).current, 2);
  },
);

linuxTest("Ctrl-C in a terminal ends the server as SIGINT does", async () => {
  const server = await startServer({ data: temporaryFolder("terminal"), within: ["setsid"] });
  // A terminal sends it to all processes of the group.
  process.kill(-server.child.pid, "SIGINT");
  const { code, output } = await server.ended;
  assert.equal(code, 0, output);
  assert.doesNotMatch(output, /(warning|error): /);
});
