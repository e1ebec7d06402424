#!/usr/bin/env python3
"""Runs a page of docs/ as its reader would, and compares the output with the page.

  session.py PAGE --mread PROGRAM [--keep]

The blocks of the page are taken in order, in an empty folder that has the repository's docs/, examples/ and scenarios/:

  ```yaml       whose first line is `# NAME.yml`: the file NAME.yml
  ```console    each line that begins with `$ ` is a command; the lines below it are its output

A command that ends in `&` stays in the background until the page ends; its lines are awaited. Any other command must
succeed, and its output (standard output, then standard error) must be the lines of the page: `…` stands for any text
in a line, and alone on a line for any lines. Times, durations, sizes and names of reports may differ.
`<!-- eventually -->` before a block: its command is asked again until its output fits, for 60 s.
`<!-- not run -->` before a block: it is passed over.

127.0.0.1 becomes a loopback address of this test's own, so that pages with the same ports run at the same time.
"""
import argparse
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEADLINE_S = 120

# The parts of an output that differ from run to run.
VARIABLE = [
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)",
    r"reports/\d{8}-\d{6}",
    r"\b\d+(\.\d+)? ?(ns|us|ms|s)\b",
    r"\b\d+ bytes\b",
]


def parse(text):
    """The page's blocks: (kind, name or mark, lines, number of the first line)."""
    blocks, lines, mark = [], text.split("\n"), ""
    at = 0
    while at < len(lines):
        line = lines[at]
        if re.fullmatch(r"<!-- .* -->", line.strip()):
            mark = line.strip()[5:-4]
        elif line.startswith("```"):
            language, body, first = line[3:].strip(), [], at + 2
            at += 1
            while not lines[at].startswith("```"):
                body.append(lines[at])
                at += 1
            name = re.fullmatch(r"# ([\w./-]+\.\w+)", body[0]) if body else None
            if mark == "not run":
                pass
            elif language == "console":
                blocks.append(("console", mark, body, first))
            elif name:
                blocks.append(("file", name[1], body, first))
            mark = ""
        elif line.strip():
            mark = ""
        at += 1
    return blocks


def commands(lines, first):
    """(command, expected lines, number of its line) of a console block."""
    out = []
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            out.append((line[2:], [], number))
        elif line.startswith("> ") and out and not out[-1][1] and out[-1][0].endswith("\\"):
            out[-1] = (out[-1][0][:-1] + line[2:], [], out[-1][2])
        elif not out:
            raise ValueError(f"line {number}: output without a command")
        elif line.strip():
            out[-1][1].append(line)
    return out


def pattern(line):
    """A regular expression for a line of output."""
    text = " ".join(line.split())
    spans, at = [], 0
    for found in sorted((m for v in VARIABLE + ["…"] for m in re.finditer(v, text)), key=lambda m: (m.start(), -m.end())):
        if found.start() < at:
            continue
        spans.append(re.escape(text[at:found.start()]))
        spans.append(".*" if found[0] == "…" else "|".join(f"(?:{v})" for v in VARIABLE).join(("(?:", ")")))
        at = found.end()
    return re.compile("".join(spans) + re.escape(text[at:]))


def fits(expected, actual):
    """Whether the lines are those of the page."""
    actual = [" ".join(line.split()) for line in actual if line.strip()]
    if not expected:
        return not actual
    if expected[0].strip() == "…":
        return any(fits(expected[1:], actual[skip:]) for skip in range(len(actual) + 1))
    return bool(actual) and bool(pattern(expected[0]).fullmatch(actual[0])) and fits(expected[1:], actual[1:])


class Session:
    def __init__(self, mread, folder):
        self.folder = folder
        self.address = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
        cache = pathlib.Path(os.environ.get("MREAD_CACHE", pathlib.Path.home() / ".cache/mread"))
        prometheus = sorted(cache.glob("prometheus/3.*"))[-1:]
        path = [str(pathlib.Path(mread).resolve().parent), *map(str, prometheus), os.environ["PATH"]]
        self.environment = {**os.environ, "PATH": ":".join(path), "LC_ALL": "C.UTF-8"}
        self.background = []
        for name in ("docs", "examples", "scenarios"):
            (folder / name).symlink_to(ROOT / name)

    def here(self, text):
        return text.replace("127.0.0.1", self.address)

    def shown(self, text):
        return text.replace(self.address, "127.0.0.1")

    def write(self, name, lines):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.here("\n".join(lines)) + "\n")

    def start(self, command, expected):
        process = subprocess.Popen(
            ["bash", "-c", "exec " + self.here(command.rstrip().removesuffix("&"))], cwd=self.folder,
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.background.append(process)
        lines = queue.Queue()

        def read():
            for line in process.stdout:
                lines.put(self.shown(line))
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        seen, deadline = [], time.monotonic() + DEADLINE_S
        for line in expected:
            while True:
                try:
                    got = lines.get(timeout=max(0.0, deadline - time.monotonic()))
                except queue.Empty:
                    got = None
                if got is None:
                    return f"ended, or did not print this in time: {line}\n" + "".join(seen)
                seen.append(got)
                if pattern(line).fullmatch(" ".join(got.split())):
                    break
        return None

    def run(self, command, expected):
        done = subprocess.run(["bash", "-c", self.here(command)], cwd=self.folder, env=self.environment, text=True,
                              capture_output=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
        output = self.shown(done.stdout + done.stderr)
        if done.returncode != 0:
            return f"exit status {done.returncode}\n{output}"
        return None if fits(expected, output.split("\n")) else "printed something else:\n" + output

    def close(self):
        for process in self.background:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.background:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page")
    parser.add_argument("--mread", required=True)
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    blocks = parse(pathlib.Path(arguments.page).read_text())
    count = sum(len(commands(lines, first)) for kind, _, lines, first in blocks if kind == "console")
    if count == 0:
        sys.exit(f"{arguments.page}: no command to run")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mread-session-"))
    session = Session(arguments.mread, folder)
    try:
        for kind, name, lines, first in blocks:
            if kind == "file":
                session.write(name, lines[1:])
                continue
            for command, expected, number in commands(lines, first):
                if command.rstrip().endswith("&"):
                    wrong = session.start(command, expected)
                else:
                    deadline = time.monotonic() + 60
                    wrong = session.run(command, expected)
                    while wrong and name == "eventually" and time.monotonic() < deadline:
                        # The page's reader asks again as well: nothing tells when a scrape has come.
                        threading.Event().wait(0.5)
                        wrong = session.run(command, expected)
                if wrong:
                    sys.exit(f"{arguments.page}:{number}: {command}\n{wrong}")
    finally:
        session.close()
        if not arguments.keep:
            shutil.rmtree(folder)
    print(f"{arguments.page}: {count} commands, all as written")


if __name__ == "__main__":
    main()
