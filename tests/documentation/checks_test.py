#!/usr/bin/env python3
"""Tests of the checks: each finds its offence, and lets good text pass."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load(path):
    loader = importlib.machinery.SourceFileLoader(pathlib.Path(path).stem, str(ROOT / path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Words(unittest.TestCase):
    check = load("ci/check_words")

    def words(self, line, is_code=True):
        return [word for word, _ in self.check.found_in(line, is_code)]

    def test_finds_whole_words_and_parts_of_names(self):
        self.assertEqual(self.words("a door, and one anew"), ["door", "anew"])
        self.assertEqual(self.words("BackendLeg leg_count backend_legs"), ["Leg", "leg", "legs"])
        self.assertEqual(self.words("SingleFlight flights;"), ["Flight", "flights"])
        self.assertEqual(self.words("Ways ways = make_ways(config);"), ["Ways", "ways", "make_ways"])

    def test_passes_longer_words_and_what_is_allowed(self):
        for line in ("elegant legal doors always", "bytes_in_flight mread_reads_in_flight", "requests in flight",
                     "single_flight: true", "OneAboveBytesInFlight", "// in both ways", "BothWays"):
            self.assertEqual(self.words(line), [], line)
        self.assertEqual(self.words("several ways", is_code=False), [])


class Docs(unittest.TestCase):
    check = load("ci/check_docs")

    def offences(self, text):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "a.md"
            (pathlib.Path(folder) / "b.md").write_text("# Title\n\n## `mread`: what, how?\n\n## Twice\n\n## Twice\n")
            page.write_text(text)
            return [offence for _, offence in self.check.offences(page)]

    def test_finds_files_and_headings_that_are_not_there(self):
        self.assertEqual(self.offences("[x](c.md)"), ["no such file: c.md"])
        self.assertEqual(self.offences("[x](b.md#nothing) [y](#here)"),
                         ["no such heading: b.md#nothing", "no such heading: #here"])

    def test_passes_links_that_lead_somewhere(self):
        self.assertEqual(self.offences("# Here\n[x](b.md#mread-what-how) [y](b.md#twice-1) [z](#here) [`a[]`](b.md)\n"
                                       "[w](https://example.com/x)\n```\n[x](c.md)\n```\n"), [])

    def test_finds_commands_and_pages_that_are_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {
                "docs/a.md": "`mread one` and `mread three URL`",
                "packaging/mread.1": "\\fBone\\fR\n.TP\n\\fBtwo\\fR \\fIFILE\\fR\nthree",
                "src/cli/commands.h": "".join(f"void add_{name}(CLI::App& app);\n" for name in ("one", "two", "three")),
                "src/x.cc": "// docs/a.md, docs/b.md\n",
            }.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            self.assertEqual(list(self.check.unknown_commands(root)),
                             ["docs: no page tells of mread two", "packaging/mread.1: mread three is missing"])
            self.assertEqual(list(self.check.missing_pages(root)), ["src/x.cc: no such file: docs/b.md"])

    def test_finds_wide_prose_only(self):
        wide = "word " * 30
        self.assertEqual(len(self.offences(wide)), 1)
        self.assertEqual(self.offences("| " + wide + "|\n```\n" + wide + "\n```\n" + "x" * 120), [])


class Sessions(unittest.TestCase):
    session = load("tests/documentation/session.py")

    def test_takes_times_and_durations_of_any_value(self):
        self.assertTrue(self.session.fits(["PASS a  0.7s", "at 2026-11-26T18:38:54.414Z"],
                                          ["PASS  a 12.1s", "at 2027-01-01T00:00:00Z", ""]))

    def test_takes_other_numbers_and_lines_exactly(self):
        self.assertFalse(self.session.fits(["1 passed, 0 failed in 0.7s"], ["0 passed, 1 failed in 0.7s"]))
        self.assertFalse(self.session.fits(["a"], ["a", "b"]))
        self.assertFalse(self.session.fits(["a", "b"], ["a"]))

    def test_an_ellipsis_stands_for_text_and_for_lines(self):
        self.assertTrue(self.session.fits(["a … d", "…", "z"], ["a b c d", "x", "y", "z"]))
        self.assertFalse(self.session.fits(["a … d", "…", "z"], ["a b c d", "x"]))

    def test_reads_the_blocks_of_a_page(self):
        page = "```yaml\n# a.yml\nx: 1\n```\n<!-- not run -->\n```console\n$ no\n```\n```console\n$ yes\nout\n```\n"
        self.assertEqual([(kind, body) for kind, _, body, _ in self.session.parse(page)],
                         [("file", ["# a.yml", "x: 1"]), ("console", ["$ yes", "out"])])


class Commits(unittest.TestCase):
    def status(self, message):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(message)
            file.flush()
            return subprocess.run([ROOT / "ci/check_commits", "--message", file.name], capture_output=True).returncode

    def test_finds_bad_titles(self):
        self.assertEqual(self.status("x" * 73 + "\n"), 1)
        self.assertEqual(self.status("A title.\n"), 1)
        self.assertEqual(self.status("A title\nand no empty line\n"), 1)

    def test_passes_good_messages(self):
        self.assertEqual(self.status("x" * 72 + "\n\nWhy.\n# of git\n"), 0)
        self.assertEqual(self.status("A title\n"), 0)


if __name__ == "__main__":
    unittest.main()
