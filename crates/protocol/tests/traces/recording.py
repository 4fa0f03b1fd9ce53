"""The tools of record.py: a trace, the files that the runs work on, and the programs that are watched."""

import os
import signal
import subprocess
import time
from pathlib import Path

ROW_EVERY = 0.1  # seconds; a run gives a few hundred rows at most


class Trace:
    """Writes one trace: stamps rows, drops those that follow too fast, keeps the first and the last of every phase."""

    def __init__(self, out, name, about):
        self.path = Path(out) / f"{name}.txt"
        self.about = about
        self.rows = []
        self.pending = None
        self.start = None

    def row(self, done, total, unit, step="-", keep=False):
        now = time.monotonic()
        if self.start is None:
            self.start = now
        row = (round((now - self.start) * 1000), round(done, 3), total, unit, step)
        last = self.pending or (self.rows and self.rows[-1])
        changed = not last or last[2:] != row[2:] or last[1] > row[1]
        if changed and self.pending:
            self.rows.append(self.pending)
        if changed or keep or done >= total or now - self.last >= ROW_EVERY:
            self.rows.append(row)
            self.last, self.pending = now, None
        else:
            self.pending = row

    def save(self):
        with self.path.open("w") as file:
            file.write(f"# {self.about}\n# t_ms done total unit step\n")
            for row in self.rows:
                file.write(" ".join(f"{field:g}" if isinstance(field, float) else str(field) for field in row) + "\n")
        print(f"{self.path.name}: {len(self.rows)} rows, {self.rows[-1][0] / 1000:.1f} s", flush=True)


class Inputs:
    """Files of this machine, in the order the directory gives them, and scratch space."""

    def __init__(self, tree, sources, scratch, scale, seed):
        self.scratch = Path(scratch)
        self.scale = scale
        self.seed = seed
        self.files = []
        for base, directories, names in os.walk(tree):
            for name in names:
                path = Path(base) / name
                if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK) and path.stat().st_size:
                    self.files.append(path)
        self.sources = [path for path in sorted(Path(sources).rglob("*.c")) if compiles(path)]
        self.text = self.corpus("corpus", 120)

    def n(self, count):
        return max(8, round(count * self.scale))

    def corpus(self, name, megabytes):
        """One file made of many real ones, so that what is in it varies along the way."""
        path = self.scratch / name
        left = self.n(megabytes) << 20
        with path.open("wb") as out:
            while left > 0:
                for file in self.files:
                    data = file.read_bytes()[:left]
                    out.write(data)
                    left -= len(data)
                    if left <= 0:
                        break
        return path

    def piece(self, megabytes):
        with self.text.open("rb") as file:
            return file.read(round(megabytes * (1 << 20)))


def compiles(path):
    return compile_c(path, Path("/dev/null"), "-O0") == 0 if path.stat().st_size > 2000 else False


def compile_c(path, out, *options):
    parents = [f"-I{parent}" for parent in list(path.parents)[:3]]
    nearby = [f"-I{folder}" for folder in path.parent.parent.iterdir() if folder.is_dir()]
    return subprocess.run(["gcc", "-w", *options, *parents, *nearby, "-c", str(path), "-o", str(out)],
                          stderr=subprocess.DEVNULL).returncode


def pipe(command, data):
    subprocess.run(command, input=data, stdout=subprocess.DEVNULL, check=True)


def position(process):
    """Bytes that `process` has read of its standard input."""
    try:
        with open(f"/proc/{process.pid}/fdinfo/0") as info:
            return int(info.readline().split()[1])
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        return None


def follow(trace, command, path, step="-", start=0, stops=(), heartbeat=None, share=None):
    """Runs `command` on `path` and samples how far it has read. `stops`: (at share, seconds) of SIGSTOP."""
    size = path.stat().st_size
    stops = list(stops)
    place = share or (lambda done: (done, size, "bytes", step))
    with path.open("rb") as file:
        file.seek(start)
        process = subprocess.Popen(command, stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        last, beat = start, time.monotonic()
        trace.row(*place(start))
        while process.poll() is None:
            done = position(process)
            if done is not None and last < done < size:
                last, beat = done, time.monotonic()
                trace.row(*place(done))
            elif heartbeat and time.monotonic() - beat >= heartbeat:
                beat = time.monotonic()
                trace.row(*place(last), keep=True)
            if stops and last >= stops[0][0] * size:
                _, seconds = stops.pop(0)
                process.send_signal(signal.SIGSTOP)
                until = time.monotonic() + seconds
                while time.monotonic() < until:
                    time.sleep(ROW_EVERY)
                    if heartbeat and time.monotonic() - beat >= heartbeat:
                        beat = time.monotonic()
                        trace.row(*place(last), keep=True)
                process.send_signal(signal.SIGCONT)
            time.sleep(ROW_EVERY)
        # 2 is gzip's warning that the file it got half of has another size.
        if process.returncode not in (0, 2):
            raise SystemExit(f"{command} failed")
        trace.row(*place(size))


def hash_tree(trace, use, files, step="-", done=0):
    """One sha256sum for all files; its lines come through a pipe in blocks, as any buffered program's do."""
    total = done + len(files)
    listing = use.scratch / "listing"
    listing.write_bytes(b"\0".join(str(file).encode() for file in files))
    with listing.open("rb") as names:
        process = subprocess.Popen(["xargs", "-0", "-n", "1000", "sha256sum"], stdin=names, stdout=subprocess.PIPE)
        trace.row(done, total, "files", step)
        while chunk := os.read(process.stdout.fileno(), 65536):
            done += chunk.count(b"\n")
            trace.row(done, total, "files", step)
        process.wait()


def each(trace, items, work, unit, step="-", share=None):
    """Does `work` on every item, one row an item."""
    place = share or (lambda done: (done, len(items), unit, step))
    trace.row(*place(0))
    for done, item in enumerate(items, 1):
        work(item)
        trace.row(*place(done))


def skip(trace, items, skipped, work, unit):
    """Does `work` on every item except those in the range `skipped`, which one row counts."""
    trace.row(0, len(items), unit)
    for done, item in enumerate(items, 1):
        if done not in skipped:
            work(item)
            trace.row(done, len(items), unit)
        elif done + 1 not in skipped:
            trace.row(done, len(items), unit, keep=True)


def spread(files, count):
    """`count` files, evenly over the tree, in its order."""
    return files[:: max(1, len(files) // count)][:count]
