"""The measured close is a close: what did nothing, or failed, is no measurement."""

from __future__ import annotations

from pathlib import Path

import pytest

from alm_pipeline.bench import close
from alm_pipeline.errors import AlmError


def test_the_command_really_runs(tmp_path):
    # An unknown command is refused by the command line itself: status 2, usage.
    with pytest.raises(AlmError, match="alm no-such-command ended with status 2"):
        close.run_alm(["no-such-command"], tmp_path)


def test_a_demo_that_leaves_nothing_behind_is_no_close(monkeypatch):
    monkeypatch.setattr(close, "run_alm", lambda _arguments, _folder: None)
    with pytest.raises(AlmError, match="the demo ended without a close"):
        close.close_text(500)


def test_a_demo_that_closed_is_timed(monkeypatch):
    def demo(arguments: list[str], folder: Path) -> None:
        assert arguments == ["demo", "--positions", "500"]
        (folder / close.PRODUCT).parent.mkdir()
        (folder / close.PRODUCT).touch()

    monkeypatch.setattr(close, "run_alm", demo)
    assert close.close_text(500).startswith("Demo of 500 positions, built and two month ends")


def test_the_demo_is_not_led_to_the_folders_of_another_bank():
    given = {"ALM_WAREHOUSE": "w", "DAGSTER_HOME": "d", "ALM_THREADS": "2", "PATH": "p"}
    assert close.neutral(given) == {"ALM_THREADS": "2", "PATH": "p"}
