#!/usr/bin/env python3
"""Records how far real programs had got, and when: the traces that `tests/eta.rs` judges the estimator by.

    python3 record.py --tree /usr/share --sources DIR_WITH_C_FILES --out . [--only slowing] [--scale 1.0]

Each trace is one real run (gzip, sha256sum, sort, gcc, factor, ...) on files that the machine happens to have. Nothing
here computes a time: a row is written when the program got further (or, where the comment says so, when a heartbeat
was due), stamped by the clock. Needs Linux (/proc/PID/fdinfo), coreutils, gzip, xz, gcc and Python 3.9.

A trace is text: `#` comments, then `t_ms done total unit step` separated by spaces (`-`: none). The unit `%` marks a
percentage. `scale` makes the work larger or smaller; it was 1.0 for the committed traces.
"""

import argparse
import random
import shutil
import signal
import subprocess
import tempfile
import time

from recording import Inputs, Trace, compile_c, each, follow, hash_tree, pipe, skip, spread


def steady_1(trace, use):
    """steady: gzip -6 of one corpus repeated, by bytes read"""
    block = use.piece(4)
    path = use.scratch / "uniform"
    path.write_bytes(block * use.n(90))
    follow(trace, ["gzip", "-6"], path)


def steady_2(trace, use):
    """steady: sha256sum of equal pieces, by pieces"""
    piece = use.piece(48)
    each(trace, range(use.n(180)), lambda _: pipe(["sha256sum"], piece), "pieces")


def steady_3(trace, use):
    """steady: factor on equal ranges of large numbers, by ranges"""
    def work(i):
        pipe(["factor"], "\n".join(str(10**18 + i * 7000 + j) for j in range(7000)).encode())
    each(trace, range(use.n(120)), work, "ranges")


def bursty_1(trace, use):
    """bursty: sha256sum of a tree in its own order through a pipe, by files"""
    hash_tree(trace, use, spread(use.files, use.n(40000)))


def bursty_2(trace, use):
    """bursty: gcc -O2 of C files of all sizes, shuffled, by objects"""
    sources = list(use.sources)
    random.Random(use.seed).shuffle(sources)
    each(trace, sources[:use.n(110)], lambda path: compile_c(path, use.scratch / "o", "-O2"), "objects")


def bursty_3(trace, use):
    """bursty: xz -3 of whatever lies in the tree, large and small, by files"""
    files = [file for file in use.files if file.stat().st_size < 6 << 20]
    random.Random(use.seed).shuffle(files)
    each(trace, files[:use.n(1800)], lambda path: pipe(["xz", "-3", "-c"], path.read_bytes()), "files")


def slowing_1(trace, use):
    """slowing: sort of a growing input, by rounds"""
    each(trace, range(1, use.n(75)), lambda i: pipe(["sort"], use.piece(0.8 * i)), "rounds")


def slowing_2(trace, use):
    """slowing: awk looking for primes by trial division, by numbers tried"""
    total = use.n(4600) * 1000
    program = f"BEGIN{{for(n=3;n<={total};n+=2){{p=1;for(d=3;d*d<=n;d+=2)if(n%d==0){{p=0;break}};if(n%5000==4999){{print n;fflush()}}}}}}"
    process = subprocess.Popen(["awk", program], stdout=subprocess.PIPE, text=True)
    trace.row(0, total, "numbers")
    for line in process.stdout:
        trace.row(int(line), total, "numbers")
    process.wait()
    trace.row(total, total, "numbers")


def slowing_3(trace, use):
    """slowing: xz of the same text at levels 0 to 9, twice a level, by rounds"""
    data = use.piece(3.5)
    each(trace, [level for level in range(10) for _ in range(2)], lambda level: pipe(["xz", f"-{level}", "-c"], data), "rounds")


def accelerating_1(trace, use):
    """accelerating: cmp of every pair of files, one file against all later ones at a time, by files"""
    files = [file for file in use.files if 20_000 < file.stat().st_size < 60_000]
    files = spread(files, use.n(130))

    def work(i):
        for other in files[i + 1:]:
            subprocess.run(["cmp", "-s", str(files[i]), str(other)])
    each(trace, range(len(files)), work, "files")


def accelerating_2(trace, use):
    """accelerating: gcc -O2, longest files first, by objects"""
    sources = sorted(use.sources, key=lambda path: -path.stat().st_size)[:use.n(110)]
    each(trace, sources, lambda path: compile_c(path, use.scratch / "o", "-O2"), "objects")


def accelerating_3(trace, use):
    """accelerating: sort of a shrinking input, by rounds"""
    each(trace, range(use.n(75), 0, -1), lambda i: pipe(["sort"], use.piece(0.8 * i)), "rounds")


def stalled_1(trace, use):
    """stalled: gzip -7 by bytes read, stopped for 8 s at 35 %, silent meanwhile"""
    follow(trace, ["gzip", "-7"], use.corpus("stall", 420), stops=[(0.35, 8)])


def stalled_2(trace, use):
    """stalled: xz -1 by bytes read, stopped for 10 s at 60 %, heartbeats each second"""
    follow(trace, ["xz", "-1", "-T1", "-c"], use.corpus("stall", 190), stops=[(0.6, 10)], heartbeat=1)


def stalled_3(trace, use):
    """stalled: sha256sum of pieces, stopped for 5 s at 20 % and 9 s at 70 %, by pieces"""
    piece, count = use.piece(48), use.n(130)

    def work(i):
        process = subprocess.Popen(["sha256sum"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        pause = {count // 5: 5, count * 7 // 10: 9}.get(i)
        if pause:
            process.send_signal(signal.SIGSTOP)
            time.sleep(pause)
            process.send_signal(signal.SIGCONT)
        process.communicate(piece)
    each(trace, range(count), work, "pieces")


def resumed_1(trace, use):
    """resumed: gzip -6 of the last 60 % of a corpus, by bytes read"""
    path = use.corpus("resume", 900)
    follow(trace, ["gzip", "-6"], path, start=path.stat().st_size * 2 // 5)


def resumed_2(trace, use):
    """resumed: gzip of files unless the result is already there, as it is for the first 40 %, by files"""
    files = [file for file in use.files if file.stat().st_size < 1 << 20]
    files = spread(files, use.n(16000))
    out = use.scratch / "packed"
    out.mkdir()
    for i in range(len(files) * 2 // 5):
        (out / str(i)).touch()

    def work(i):
        if not (out / str(i)).exists():
            with (out / str(i)).open("wb") as packed:
                subprocess.run(["gzip", "-9", "-c", str(files[i])], stdout=packed, check=True)
    each(trace, range(len(files)), work, "files")


def resumed_3(trace, use):
    """resumed: sha256sum of the last 60 % of a tree, by files"""
    files = spread(use.files, use.n(40000))
    done = len(files) * 2 // 5
    hash_tree(trace, use, files[done:], done=done)


def phases_1(trace, use):
    """phases: hash a tree (files), gzip a corpus (bytes), compile (objects)"""
    hash_tree(trace, use, spread(use.files, use.n(20000)), step="hash")
    follow(trace, ["gzip", "-6"], use.corpus("phases", 180), step="pack")
    each(trace, use.sources[:use.n(45)], lambda path: compile_c(path, use.scratch / "o", "-O1"), "objects", "compile")


def phases_2(trace, use):
    """phases: four steps of equal weight (hash, pack, sort, compile), one overall percentage"""
    def quarter(i, name, total):
        return lambda done: (100 * (i + done / total) / 4, 100, "%", name)
    pieces, rounds, objects = use.n(50), use.n(40), use.n(40)
    piece = use.piece(48)
    each(trace, range(pieces), lambda _: pipe(["sha256sum"], piece), "%", share=quarter(0, "hash", pieces))
    path = use.corpus("phases", 180)
    follow(trace, ["gzip", "-6"], path, share=quarter(1, "pack", path.stat().st_size))
    each(trace, range(rounds), lambda _: pipe(["sort"], use.piece(10)), "%", share=quarter(2, "sort", rounds))
    each(trace, use.sources[:objects], lambda path: compile_c(path, use.scratch / "o", "-O2"), "%", share=quarter(3, "compile", objects))


def phases_3(trace, use):
    """phases: pack a corpus (bytes), check the pack (bytes, other total), factor (ranges)"""
    path = use.corpus("phases", 200)
    follow(trace, ["gzip", "-6"], path, step="pack")
    packed = use.scratch / "packed.xz"
    with packed.open("wb") as out:
        subprocess.run(["xz", "-0", "-T2", "-c", str(path)], stdout=out, check=True)
    follow(trace, ["xz", "-d", "-c"], packed, step="check")

    def work(i):
        pipe(["factor"], "\n".join(str(10**18 + i * 7000 + j) for j in range(7000)).encode())
    each(trace, range(use.n(70)), work, "ranges", "factor")


def restarted_1(trace, use):
    """restarted: gzip -1 of 20 pieces, then gzip -9 of the same pieces, by pieces"""
    piece = use.piece(3)
    each(trace, range(20), lambda _: pipe(["gzip", "-1"], piece), "pieces")
    each(trace, range(20), lambda _: pipe(["gzip", "-9"], piece), "pieces")


def restarted_2(trace, use):
    """restarted: factor as 50 of 1000 steps of training, then gzip -6 as 40 steps of validation, whose first row is its first step"""
    each(trace, range(50), lambda i: pipe(["factor"], str(10**18 + i).encode()), "steps",
         share=lambda done: (done, 1000, "steps", "-"))
    piece = use.piece(6)
    for done in range(1, 41):
        pipe(["gzip", "-6"], piece)
        trace.row(done, 40, "steps")


def restarted_3(trace, use):
    """restarted: xz -6 of 18 of 30 pieces, then xz -0 of all of them, by pieces"""
    piece = use.piece(2)
    each(trace, range(18), lambda _: pipe(["xz", "-6"], piece), "pieces", share=lambda done: (done, 30, "pieces", "-"))
    each(trace, range(30), lambda _: pipe(["xz", "-0"], piece), "pieces")


def skipped_1(trace, use):
    """skipped: gzip of 520 pieces, of which the first 480 have a result, by pieces"""
    piece = use.piece(12)
    skip(trace, range(520), range(1, 481), lambda _: pipe(["gzip", "-6"], piece), "pieces")


def skipped_2(trace, use):
    """skipped: sha256sum of 520 pieces, of which 480 after the first five have a result, by pieces"""
    piece = use.piece(100)
    skip(trace, range(520), range(6, 486), lambda _: pipe(["sha256sum"], piece), "pieces")


def skipped_3(trace, use):
    """skipped: xz -1 of the first 4 % and the last 20 % of a corpus, by bytes read"""
    first, last = use.corpus("first", 16), use.corpus("last", 80)
    total = use.n(400) << 20
    follow(trace, ["xz", "-1", "-T1", "-c"], first, share=lambda done: (done, total, "bytes", "-"))
    begin = total - last.stat().st_size
    follow(trace, ["xz", "-1", "-T1", "-c"], last, share=lambda done: (begin + done, total, "bytes", "-"))


RUNS = [steady_1, steady_2, steady_3, bursty_1, bursty_2, bursty_3, slowing_1, slowing_2, slowing_3,
        accelerating_1, accelerating_2, accelerating_3, stalled_1, stalled_2, stalled_3,
        resumed_1, resumed_2, resumed_3, phases_1, phases_2, phases_3,
        restarted_1, restarted_2, restarted_3, skipped_1, skipped_2, skipped_3]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", required=True, help="a directory of at least some thousand files")
    parser.add_argument("--sources", required=True, help="a directory with C files that compile without configuration")
    parser.add_argument("--out", default=".")
    parser.add_argument("--only", default="", help="only the runs whose name begins with one of these (comma)")
    parser.add_argument("--seed", type=int, default=1, help="of the two runs that shuffle their inputs")
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        use = Inputs(args.tree, args.sources, scratch, args.scale, args.seed)
        print(f"{len(use.files)} files, {len(use.sources)} C files", flush=True)
        for run in RUNS:
            name = run.__name__.replace("_", "-")
            if not name.startswith(tuple(args.only.split(","))):
                continue
            trace = Trace(args.out, name, run.__doc__)
            run(trace, use)
            trace.save()
            for left in use.scratch.iterdir():
                if left != use.text:
                    shutil.rmtree(left) if left.is_dir() else left.unlink()


if __name__ == "__main__":
    main()
