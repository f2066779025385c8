"""docs/flask.md is true: its files are written and its commands run, in order, with the exit codes that it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shell import clean
from tests.test_docs import BLOCK, ROOT, commands

RUNNER = """
import json, os, runpy, shlex, sys, tempfile, traceback
import flask.cli, flask_sqlalchemy, schemadiff.cli.running, schemadiff.cli.commands, schemadiff.flask

sys.path.insert(0, os.getcwd())
answers = []
for command in json.load(sys.stdin):
    with tempfile.TemporaryFile("w+") as said:
        if (child := os.fork()) == 0:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            sys.argv = shlex.split(command)
            code = 1
            try:
                if sys.argv[0] == "flask":
                    flask.cli.main()
                else:
                    sys.argv.pop(0)
                    runpy.run_path(sys.argv[0], run_name="__main__")
                code = 0
            except SystemExit as end:
                code = end.code or 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        answers.append([code, said.read()])
json.dump(answers, sys.stdout)
"""
"""Each command in a process of its own, which has Flask and schemadiff loaded already."""


@pytest.mark.slow
@pytest.mark.once
def test_the_page_runs_as_it_stands(tmp_path: Path) -> None:
    wanted: list[tuple[str, int]] = []
    for language, body in BLOCK.findall((ROOT / "docs" / "flask.md").read_text()):
        if language == "python":
            first = re.match(r"# (\w+\.py)\n", body)
            assert first, body
            (tmp_path / first[1]).write_text(body)
        elif language == "console":
            wanted += [(command, code) for command, code, _ in commands(body)]
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        cwd=tmp_path,
        env=clean({}),
        input=json.dumps([command for command, _ in wanted]),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = json.loads(done.stdout)
    assert len(answers) == len(wanted) >= 20
    for (command, code), (ended, said) in zip(wanted, answers, strict=True):
        assert ended == code, f"{command}\n{said}"
        assert "defect" not in said
    assert (tmp_path / "acme.sqlite").is_file()
    assert (tmp_path / "versions" / "stock" / "0001_begin_the_stock.py").is_file()
