// A container without a container engine: a bare root file system of Debian with a layer above it, as `docker run --read-only`
// starts one. It needs the rights of root.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EXECUTABLE, temporaryFolder } from "./executable.mjs";

// Declares a test that needs a container, which only Linux has.
export const linuxTest = process.platform === "linux" ? test : () => {};

// The tests run as root, or with a `sudo` that asks for no password.
export const AS_ROOT = process.getuid() === 0 ? [] : ["sudo", "-n", "--preserve-env"];

// Runs a command with the rights of root; returns what it prints.
export function asRoot(...command) {
  const [program, ...args] = [...AS_ROOT, ...command];
  return execFileSync(program, args, { encoding: "utf8" });
}

const NODES = ["null", "zero", "random", "urandom"];

// Makes the layers and runs a command in them: as a container engine does with an image, so that only the volume can be written.
const SCRIPT = `set -eu
layers=$1 system=$2 executable=$3 target=$4 volume=$5 data=$6 user=$7 prepare=$8
shift 8
mount --make-rprivate /
mount -t tmpfs tmpfs "$layers"
root=$layers/root
mkdir "$layers/upper" "$layers/work" "$root"
mount -t overlay -o "lowerdir=$system,upperdir=$layers/upper,workdir=$layers/work" overlay "$root"
touch "$root$target/job-progress"
mount --bind "$executable" "$root$target/job-progress"
chroot "$root" sh -c "$prepare"
chown "$(stat -c %u:%g "$root$volume")" "$data"
mount --bind "$data" "$root$volume"
echo "127.0.0.1 localhost" > "$root/etc/hosts"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
for node in ${NODES.join(" ")}; do
  touch "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mount -o remount,ro "$root"
exec chroot --userspec="$user" "$root" "$@"
`;

// What to start a server with, as startServer takes it. The image has the executable in the folder `target`; `prepare` is run in
// it, as root. The files of `volume` are in the folder `data` of this machine. `limits` is what runs all of that.
export function inContainer({ target, prepare, volume, data, user, limits = [] }) {
  const system = process.env.BARE_ROOT;
  if (!system) throw new Error("BARE_ROOT is not set: a root file system, which `cargo xtask test server` makes");
  const layers = temporaryFolder("layers");
  const script = ["sh", "-c", SCRIPT, "sh", layers, system, EXECUTABLE, target, volume, data, user, prepare];
  return {
    within: [...AS_ROOT, ...limits, "unshare", "--mount", "--pid", "--fork", "--kill-child", ...script],
    kill: (child, signal) => asRoot("kill", "-s", signal.slice("SIG".length), String(first(child.pid))),
  };
}

// The first process of the container: `sudo` and `unshare` wait for it.
function first(pid) {
  for (;;) {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    if (!child || !/^(sudo|unshare)$/.test(readFileSync(`/proc/${pid}/comm`, "utf8").trim())) return pid;
    pid = Number(child);
  }
}
