#!/usr/bin/env python3
"""Runs the CI examples as far as this machine can.

  ci_jobs.py github|gitlab --mread PROGRAM

The commands that build mread are checked: their shell syntax, and that the files and presets that they name exist.
The commands that use mread run in a copy of a user's repository, whose scenarios/ is examples/scenarios.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def fail(text):
    sys.exit(f"ci_jobs: {text}")


def github():
    """(commands that build, commands that use mread, environment) of the workflow."""
    text = (ROOT / "examples/ci/github-workflow.yml").read_text()
    workflow = yaml.safe_load(text)
    # YAML 1.1 reads the key `on` as true.
    if set(workflow) != {"name", True, "jobs"}:
        fail(f"keys of the workflow: {list(workflow)}")
    (job,) = workflow["jobs"].values()
    build, use = [], []
    for step in job["steps"]:
        if ("run" in step) == ("uses" in step):
            fail(f"a step either runs or uses: {step}")
        if "uses" in step and not re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]):
            fail(f"an action without a version: {step['uses']}")
        if "run" in step:
            (use if step["run"].startswith("mread run") else build).extend(step["run"].strip().split("\n"))
    return build, use


def gitlab():
    job = yaml.safe_load((ROOT / "examples/ci/gitlab-ci.yml").read_text())["scenarios"]
    if job["artifacts"]["reports"]["junit"] != "reports/junit.xml":
        fail("the JUnit report is not where mread run writes it")
    return job["before_script"], job["script"]


def check_build(lines):
    """The lines parse, and name files and presets of this repository."""
    done = subprocess.run(["bash", "-n"], input="\n".join(lines), text=True, capture_output=True)
    if done.returncode != 0:
        fail(done.stderr)
    presets = {preset["name"] for preset in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}
    for line in lines:
        words = shlex.split(line.replace("&&", " "))
        if words[0].startswith("mread/") and not os.access(ROOT / words[0].removeprefix("mread/"), os.X_OK):
            fail(f"no such program: {words[0]}")
        if "--preset" in words and words[words.index("--preset") + 1] not in presets:
            fail(f"no such preset: {line}")
    if not any(line.startswith("mread/ci/setup") for line in lines):
        fail("ci/setup is not run")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=["github", "gitlab"])
    parser.add_argument("--mread", required=True)
    arguments = parser.parse_args()
    build, use = {"github": github, "gitlab": gitlab}[arguments.which]()
    if not build or not use:
        fail("nothing to run")
    check_build(build)
    with tempfile.TemporaryDirectory(prefix="mread-ci-") as folder:
        (pathlib.Path(folder) / "scenarios").symlink_to(ROOT / "examples/scenarios")
        path = str(pathlib.Path(arguments.mread).resolve().parent) + ":" + os.environ["PATH"]
        for line in use:
            done = subprocess.run(["bash", "-ec", line], cwd=folder, env={**os.environ, "PATH": path}, text=True,
                                  capture_output=True, timeout=150)
            if done.returncode != 0:
                fail(f"{line}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        if not (pathlib.Path(folder) / "reports/junit.xml").exists():
            fail("no reports/junit.xml")
    print(f"{arguments.which}: {len(build)} lines checked, {len(use)} run")


main()
