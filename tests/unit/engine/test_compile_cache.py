"""Compiled kernels belong to one state of the sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from alm_pipeline.engine._compile_cache import source_hash

QUESTION = """
from alm_pipeline.engine.cash_flows.amortisation import level_payment
print(level_payment(1200.0, 0.0, 12, 0.0))
"""


def answer(folder: Path, cache: Path) -> float:
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    environment |= {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(folder)}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", QUESTION],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def test_an_edited_leaf_module_gives_the_new_number(root: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(root / "alm_pipeline", copy / "alm_pipeline")
    assert answer(copy, tmp_path / "cache") == 100.0  # 1200 over 12 payments
    leaf = copy / "alm_pipeline" / "engine" / "cash_flows" / "amortisation.py"
    text = leaf.read_text(encoding="utf-8")
    edited = text.replace("return (balance - balloon) / n_payments", "return balance / 4.0")
    assert edited != text
    leaf.write_text(edited, encoding="utf-8")
    assert answer(copy, tmp_path / "cache") == 300.0
    folders = list((tmp_path / "cache").glob("alm_pipeline/numba/*"))
    assert len(folders) == (0 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 2)


def test_the_hash_sees_every_module(root: Path, tmp_path: Path):
    engine = tmp_path / "engine"
    shutil.copytree(root / "alm_pipeline" / "engine", engine)
    before = source_hash(engine)
    leaf = engine / "conventions" / "tenor.py"
    leaf.write_text(leaf.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert source_hash(engine) != before
