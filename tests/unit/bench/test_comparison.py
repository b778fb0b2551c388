"""The comparison: peers' records are found or refused with a reason, and the table says it all."""

from __future__ import annotations

import pytest

from alm_pipeline.bench.comparison import Line, difference
from alm_pipeline.bench.peers import NUMPY, Peer, peer_folder, peer_record
from alm_pipeline.bench.table import markdown, ratio_text
from alm_pipeline.errors import AlmError

RECORD = {
    "tool": "other", "task": "B", "threads": 1, "n": 2000, "rows": 9, "seconds_median": 0.5,
    "contracts_per_s": 4000.0, "checks": {},
}  # fmt: skip
PEER = Peer("other", "other.py", 5, "B", ("--fast",))


def script(folder, text: str) -> None:
    (folder / PEER.script).write_text(text, encoding="utf-8")


def test_a_peer_is_asked_for_one_repetition_and_its_task_is_read(tmp_path):
    script(
        tmp_path,
        "import json, sys\n"
        "print(json.dumps([{'task': 'A'}, {'task': 'B', 'given': sys.argv[1:]}]))\n",
    )
    given = peer_record(tmp_path, PEER, 5)["given"]
    assert given == ["--n", "5", "--repeat", "1", "--fast"]


def test_a_peer_that_fails_is_named_with_its_last_words(tmp_path):
    script(tmp_path, "import no_such_module")
    with pytest.raises(AlmError, match=r"status 1 \| other.py \| ModuleNotFoundError"):
        peer_record(tmp_path, PEER, 5)


def test_a_peer_without_the_task_is_refused(tmp_path):
    script(tmp_path, "print('[]')")
    with pytest.raises(AlmError, match="no record of the task 'B'"):
        peer_record(tmp_path, PEER, 5)


def test_peers_are_looked_for_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("ALM_SHARED", str(tmp_path))
    assert peer_folder() is None
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / NUMPY.script).touch()
    assert peer_folder() == tmp_path / "bench"


def test_a_ratio_is_a_median_with_its_span():
    assert ratio_text([40.2, 49.8, 41.0]) == "41x [40..50]"
    assert ratio_text([1.94, 1.8, 2.0]) == "1.9x [1.8..2.0]"


def test_a_difference_is_the_largest_of_each_check_in_common():
    ours = {"eve": [100.0, 200.0], "nii12": [1.0]}
    theirs = {"eve": [100.0, 160.0], "sum_prin": [7.0]}
    assert difference(ours, theirs) == "relative difference: eve 2.5e-01"
    assert difference(ours, {}) == "no check in common"


def test_the_table_is_markdown_with_the_machine_below():
    line = Line("Other", RECORD, (2.0, 4.0, 3.0), "as many contracts", 31)
    header, rule, row, *below = markdown([line], 3).splitlines()
    assert header.split()[1] == "what"
    assert set(rule) == set("|-: ")
    assert len(header) == len(rule) == len(row)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:4] == ["Other", "2,000", "31", "1"]
    assert cells[4:] == ["0.5", "4,000", "3.0x [2.0..4.0] as many contracts"]
    assert "3 pairs" in below[1]
    assert all(name in below[2] for name in ("cores", "Python 3.", "numpy ", "numba "))


def test_a_published_record_keeps_every_round():
    published = Line("Other", RECORD, (2.0, 4.0, 3.0), "as many contracts").published
    assert published["ratio_median"] == 3.0
    assert published["ratios"] == [2.0, 4.0, 3.0]
    assert published["n_scenarios"] == 7
    assert {**published, **RECORD} == published
