#!/usr/bin/env python3
"""Runs the steps of action.yml, the script of the GitLab template and the pre-commit hook over a user's repository.

  check_in_ci.py --mread PROGRAM
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BROKEN = "remote_read:\n  - url: http://a:9090\n    read_recent: true\n"
GOOD = "remote_read:\n  - url: http://a:9090/api/v1/read\n    read_recent: true\n"


def expect(condition, what):
    if not condition:
        sys.exit(f"check_in_ci: {what}")


def run(command, folder, environment, code=0):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment, text=True,
                          capture_output=True, timeout=60)
    expect(done.returncode == code, f"{command}: exit status {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout


def github(folder, environment):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    expect(action["runs"]["using"] == "composite", "the action is not a composite one")
    steps = action["runs"]["steps"]
    for step in steps:
        if "uses" in step:
            expect(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]), f"an action without a version: {step['uses']}")
        else:
            expect(step["shell"] == "bash", f"a step without a shell: {step['name']}")

    def play(inputs, code):
        """All steps that run commands; gives what they print, the outputs and the job's summary."""
        files = {name: folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        for path in files.values():
            path.write_text("")
        values = {name: inputs.get(name, one["default"]) for name, one in action["inputs"].items()}
        out = ""
        for step in (one for one in steps if "run" in one):
            own = {name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: values[found.group(1)], text)
                   for name, text in step.get("env", {}).items()}
            expect(not any("${{" in text for text in own.values()), f"an expression that is not an input: {own}")
            out += run(step["run"], folder, environment | {"GITHUB_ACTION_PATH": str(ROOT)} | own
                       | {name: str(path) for name, path in files.items()}, code if step.get("id") == "check" else 0)
            if step.get("id") == "build":
                key = files["GITHUB_OUTPUT"].read_text()
                expect(re.fullmatch(r"key=[0-9a-f]{64}\n", key), f"the build's name: {key}")
                files["GITHUB_OUTPUT"].write_text("")
        return out, files["GITHUB_OUTPUT"].read_text(), files["GITHUB_STEP_SUMMARY"].read_text()

    out, outputs, summary = play({"config": "broken.yml", "sarif": "mread.sarif"}, 1)
    expect("::error file=broken.yml,line=2,col=10,title=MR010" in out, f"no annotation in: {out}")
    expect(outputs == "findings=3\n", f"outputs: {outputs}")
    expect("error MR010" in summary and summary.count("```") == 2, f"summary: {summary}")
    sarif = json.loads((folder / "mread.sarif").read_text())
    expect([one["ruleId"] for one in sarif["runs"][0]["results"]] == ["MR031", "MR009", "MR010"], "SARIF's results")
    play({"config": "broken.yml", "fail-on": "never"}, 0)
    play({"config": "good.yml", "arguments": "--version v2.53 --query up"}, 0)
    play({"config": "nowhere.yml"}, 3)


def kept(folder, environment):
    """A package that an earlier job has kept is installed, and nothing is built. A stand-in takes apt-get's place."""
    (folder / ".cache/mread").mkdir(parents=True)
    (folder / ".cache/mread/mread.deb").write_text("")
    (folder / "apt").mkdir()
    calls = folder / "calls"
    (folder / "apt/apt-get").write_text(f'#!/bin/sh\necho "$@" >>"{calls}"\n')
    (folder / "apt/apt-get").chmod(0o755)
    system = environment | {"PATH": f"{folder / 'apt'}:/usr/bin:/bin", "MREAD_KEEP": ".cache/mread"}
    run(f"'{ROOT}/packaging/ci/install'", folder, system)
    want = f"update -qq\ninstall -y -qq {folder}/.cache/mread/mread.deb\n"
    expect(calls.read_text() == want, calls.read_text())


def gitlab(folder, environment):
    job = yaml.safe_load((ROOT / "packaging/ci/gitlab-check.yml").read_text())[".mread-check"]
    report = folder / job["artifacts"]["reports"]["codequality"]
    expect(job["cache"]["paths"] == [job["variables"]["MREAD_KEEP"]], "the cache is not where the package is kept")
    for name, code in (("broken.yml", 1), ("good.yml", 0)):
        lines = job["before_script"] + job["script"]
        run("\n".join(lines), folder, environment | job["variables"] | {"MREAD_CONFIG": name}, code)
        found = [one["check_name"] for one in json.loads(report.read_text())]
        expect(("MR010" in found) == (code == 1), f"{name}: {found}")


def pre_commit(folder, environment):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    entry = ROOT / hook["entry"]
    expect(os.access(entry, os.X_OK), f"{entry} is not a program")
    expect(re.search(hook["files"], "a/prometheus-query.yml") and not re.search(hook["files"], "rules.yml"), "files")
    (folder / "alone.yml").write_text("global: {}\n")
    out = run(f"'{entry}' --version=v2.53 good.yml broken.yml alone.yml", folder, environment, 1)
    expect("broken.yml:2:10: error MR010" in out and "good.yml: 2 for information" in out, out)
    run(f"'{entry}' alone.yml good.yml", folder, environment)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mread", required=True)
    mread = pathlib.Path(parser.parse_args().mread).resolve()
    with tempfile.TemporaryDirectory(prefix="mread-ci-") as name:
        folder = pathlib.Path(name)
        (folder / "bin").mkdir()
        (folder / "bin/mread").symlink_to(mread)
        (folder / "broken.yml").write_text(BROKEN)
        (folder / "good.yml").write_text(GOOD)
        environment = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": name}
        github(folder, environment)
        kept(folder, environment)
        gitlab(folder, environment)
        pre_commit(folder, environment)
    print("check_in_ci: the action, the GitLab template and the hook, as written")


if __name__ == "__main__":
    main()
