"""docs/flask.md is true: its files are written and its commands run, in order, with the exit codes that it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shell import clean
from tests.test_docs import BLOCK, ROOT, commands


@pytest.mark.slow
@pytest.mark.once
def test_the_page_runs_as_it_stands(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = 0
    for language, body in BLOCK.findall((ROOT / "docs" / "flask.md").read_text()):
        if language == "python":
            first = re.match(r"# (\w+\.py)\n", body)
            assert first, body
            (tmp_path / first[1]).write_text(body)
        elif language == "console":
            for command, wanted, _ in commands(body):
                done = subprocess.run(
                    command,
                    shell=True,
                    cwd=tmp_path,
                    env=clean({"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == wanted, f"{command}\n{done.stdout}{done.stderr}"
                assert "defect" not in done.stderr
                ran += 1
    assert ran >= 20
    for made in ("acme.sqlite", "stock.sqlite", "site.sqlite"):
        assert (tmp_path / "instance" / made).is_file()
    assert (tmp_path / "versions" / "stock" / "0001_begin_the_stock.py").is_file()
