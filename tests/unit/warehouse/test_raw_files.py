"""Delivered files: kept byte for byte, read verbatim, compared with their control totals."""

from __future__ import annotations

import gzip
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alm_pipeline.errors import SourceError
from alm_pipeline.inputs.sources import Source
from alm_pipeline.warehouse import raw_files
from alm_pipeline.warehouse.text_rows import BROKEN_OFF

MONTH_END = date(2026, 10, 31)
HEADER = b"loan_no,outstanding_principal\n"
TWO_LOANS = HEADER + b"A1,100.25\nA2,50.00\n"
CONTROL_HEADER = "file,n_rows,control_column,control_total\n"


def source(**changes: object) -> Source:
    """A source with one file of loans, delivered once per month end with a control file."""
    declared: dict[str, object] = {
        "source": "test",
        "about": "A source of one file.",
        "owner": "team:test",
        "folders": {"landing": {"about": "one folder per month end", "is_per_as_of_date": True}},
        "control": {"folder": "landing"},
        "files": [
            {
                "name": "loan",
                "folder": "landing",
                "patterns": ["loan*.csv", "loan*.csv.gz", "loan*.parquet"],
                "columns": ["loan_no", "outstanding_principal"],
            }
        ],
    }
    return Source.model_validate(declared | changes)


WITHOUT_CONTROL = source(
    control={"is_delivered": False, "reason": "never asked for", "owner": "team:test"}
)


class Delivery:
    """A landing folder of one month end and the warehouse it is read into."""

    def __init__(self, folder: Path) -> None:
        self.landing = folder / "landing"
        self.raw_files = folder / "warehouse" / "raw_files"
        self.day = self.landing / MONTH_END.isoformat()
        self.day.mkdir(parents=True)

    def put(self, name: str, content: bytes) -> None:
        (self.day / name).write_bytes(content)

    def state(self, name: str, n_rows: int, total: str, column: str = "outstanding_principal"):
        line = f"{name},{n_rows},{column},{total}\n"
        (self.day / "control.csv").write_text(CONTROL_HEADER + line, encoding="utf-8")

    def files(self, declared: Source) -> list[raw_files.DeliveredFile]:
        return raw_files.register_files(declared, {"landing": self.landing}, MONTH_END)

    def load(self, declared: Source = WITHOUT_CONTROL) -> raw_files.LoadedFile:
        files = self.files(declared)
        return raw_files.load_table(declared, "loan", files, self.raw_files, MONTH_END)


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


def loans(loaded: raw_files.LoadedFile) -> list[tuple[object, ...]]:
    columns = ("loan_no", "outstanding_principal", "source_row")
    return [tuple(row[c] for c in columns) for row in loaded.table.to_pylist()]


def refused(loaded: raw_files.LoadedFile) -> list[tuple[int, str, str]]:
    return [(row.source_row, row.text, row.reason) for row in loaded.refused]


# ---------------------------------------------------------------- keeping and registering


def test_a_file_is_kept_byte_for_byte_under_its_hash_and_cannot_be_written(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS)
    (file,) = delivery.files(WITHOUT_CONTROL)
    kept = raw_files.store(file, delivery.raw_files)
    assert kept.name == file.sha256
    assert kept.read_bytes() == TWO_LOANS
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444


def test_keeping_the_same_content_again_changes_nothing(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS)
    (file,) = delivery.files(WITHOUT_CONTROL)
    first = raw_files.store(file, delivery.raw_files)
    written = first.stat().st_mtime_ns
    assert raw_files.store(file, delivery.raw_files) == first
    assert first.stat().st_mtime_ns == written
    assert [path.name for path in delivery.raw_files.iterdir()] == [file.sha256]


def test_a_file_that_changes_after_it_was_registered_is_not_kept(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS)
    (file,) = delivery.files(WITHOUT_CONTROL)
    delivery.put("loan.csv", TWO_LOANS + b"A3,1.00\n")
    with pytest.raises(SourceError, match="changed while it was read"):
        raw_files.store(file, delivery.raw_files)
    assert list(delivery.raw_files.iterdir()) == []


def test_the_same_content_under_another_name_keeps_its_id(delivery: Delivery):
    declared = source(
        control=WITHOUT_CONTROL.control.model_dump(),
        files=[WITHOUT_CONTROL.files[0].model_dump() | {"expects": "at_least_one"}],
    )
    delivery.put("loan.csv", TWO_LOANS)
    delivery.put("loan_again.csv", TWO_LOANS)
    assert [file.file_name for file in delivery.files(declared)] == ["loan.csv"]


def test_every_missing_or_surplus_file_is_named_at_once(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS)
    delivery.put("loan_new.csv", TWO_LOANS)
    with pytest.raises(SourceError) as caught:
        delivery.files(source())
    assert "more than one file: loan.csv, loan_new.csv" in str(caught.value)
    assert "control: no file control.csv" in str(caught.value)


def test_a_file_that_may_be_absent_is_registered_as_not_delivered(delivery: Delivery):
    declared = source(
        control=WITHOUT_CONTROL.control.model_dump(),
        files=[WITHOUT_CONTROL.files[0].model_dump() | {"expects": "at_most_one"}],
    )
    loaded = delivery.load(declared)
    assert loaded.table.num_rows == 0
    assert loaded.table.column_names[:2] == ["loan_no", "outstanding_principal"]
    assert [record.status for record in loaded.register] == ["not_delivered"]


# ---------------------------------------------------------------- reading text


def test_every_column_is_text_as_delivered_with_file_and_row(delivery: Delivery):
    delivery.put("loan.csv", HEADER + b"007, 100.250\nA2,\n")
    loaded = delivery.load()
    assert loans(loaded) == [("007", " 100.250", 1), ("A2", None, 2)]
    (file,) = delivery.files(WITHOUT_CONTROL)
    ids = set(loaded.table.column("source_file_id").to_pylist())
    assert ids == {file.source_file_id} == {f"loan:{file.sha256[:16]}"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"A2", "1 fields instead of 2"),
        (b"A2,1.00,9", "3 fields instead of 2"),
        (b"", "1 fields instead of 2"),
        (b'"A2,1.00', "a quote is not closed"),
        (b'A"2",1.00', "a quote stands inside a field"),
        (b'"A2"x,1.00', "a quote stands inside a field"),
        (b"A\r2,1.00", "a line break stands inside the row"),
        (b"A\xff2,1.00", "bytes that are no text in the declared encoding"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_and_the_rest_loads(
    delivery: Delivery, line: bytes, reason: str
):
    delivery.put("loan.csv", HEADER + b"A1,1.00\n" + line + b'\n"A,3",3.00\n')
    loaded = delivery.load()
    assert loans(loaded) == [("A1", "1.00", 1), ("A,3", "3.00", 3)]
    shown = line.decode("utf-8", errors="backslashreplace")
    assert refused(loaded) == [(2, shown, reason)]


def test_a_quoted_field_keeps_its_delimiter_and_its_doubled_quotes(delivery: Delivery):
    delivery.put("loan.csv", HEADER + b'"A,1","1.00"\n"say ""yes""",2.00\n"",3.00\n')
    loaded = delivery.load()
    assert loans(loaded) == [("A,1", "1.00", 1), ('say "yes"', "2.00", 2), ("", "3.00", 3)]
    assert loaded.refused == ()


def test_a_last_row_without_line_end_is_refused_because_the_file_breaks_off(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS + b"A3,9")
    loaded = delivery.load()
    assert len(loans(loaded)) == 2
    assert refused(loaded) == [(3, "A3,9", "the file breaks off inside this row")]


def test_a_last_row_without_line_end_loads_where_the_dialect_allows_it(delivery: Delivery):
    control = WITHOUT_CONTROL.control.model_dump()
    declared = source(control=control, dialects={"contract": {"is_last_line_ended": False}})
    delivery.put("loan.csv", TWO_LOANS.rstrip(b"\n"))
    loaded = delivery.load(declared)
    assert [row[0] for row in loans(loaded)] == ["A1", "A2"]
    assert loaded.refused == ()


def test_blank_lines_at_the_end_are_no_rows(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS + b"\n\r\n")
    loaded = delivery.load()
    assert len(loans(loaded)) == 2
    assert loaded.refused == ()


def test_a_blank_line_between_rows_is_refused(delivery: Delivery):
    delivery.put("loan.csv", HEADER + b"A1,1.00\n\nA3,3.00\n")
    loaded = delivery.load()
    assert loans(loaded) == [("A1", "1.00", 1), ("A3", "3.00", 3)]
    assert refused(loaded) == [(2, "", "1 fields instead of 2")]


def test_windows_line_ends_and_a_byte_order_mark_are_no_content(delivery: Delivery):
    delivery.put("loan.csv", b"\xef\xbb\xbf" + TWO_LOANS.replace(b"\n", b"\r\n"))
    assert loans(delivery.load()) == [("A1", "100.25", 1), ("A2", "50.00", 2)]


def test_another_encoding_is_read_as_declared(delivery: Delivery):
    control = WITHOUT_CONTROL.control.model_dump()
    declared = source(control=control, dialects={"contract": {"encoding": "cp1250"}})
    delivery.put("loan.csv", HEADER + "Říčany,1.00\n".encode("cp1250") + b"A\x81,2.00\n")
    loaded = delivery.load(declared)
    assert loans(loaded) == [("Říčany", "1.00", 1)]
    assert [reason for _, _, reason in refused(loaded)] == [
        "bytes that are no text in the declared encoding"
    ]


def test_rows_are_numbered_through_a_file_of_many_blocks(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alm_pipeline.warehouse.text_rows._CHUNK", 16)
    rows = [f"L{i},{i}.00\n".encode() for i in range(1, 50)]
    rows[19] = b"broken\n"
    delivery.put("loan.csv", HEADER + b"".join(rows))
    loaded = delivery.load()
    assert [row[2] for row in loans(loaded)] == [i for i in range(1, 50) if i != 20]
    assert loans(loaded)[-1] == ("L49", "49.00", 49)
    assert refused(loaded) == [(20, "broken", "1 fields instead of 2")]


def test_a_compressed_stream_that_breaks_off_gives_what_was_whole(delivery: Delivery):
    rows = b"".join(b"L%d,%d.25\n" % (i, i * 7919 % 10007) for i in range(20_000))
    packed = gzip.compress(HEADER + rows)
    delivery.put("loan.csv.gz", packed[: len(packed) // 2])
    loaded = delivery.load()
    ((row, text, reason),) = refused(loaded)
    assert 0 < loaded.table.num_rows < 20_000
    assert row == loaded.table.num_rows + 1
    assert text.startswith(f"L{row - 1}"[: len(text)])
    assert reason == "the file breaks off inside this row"
    assert loaded.register[0].reason == BROKEN_OFF


def test_a_file_without_a_usable_header_is_refused_as_a_whole(delivery: Delivery):
    delivery.put("loan.csv", b"a,a\n1,2\n")
    with pytest.raises(SourceError, match="no header of distinct names"):
        delivery.load()


def test_a_declared_column_that_is_missing_stops_the_file(delivery: Delivery):
    delivery.put("loan.csv", b"loan_no,note\nA1,x\n")
    with pytest.raises(SourceError, match="outstanding_principal"):
        delivery.load()


# ---------------------------------------------------------------- reading Parquet


def test_parquet_becomes_the_text_a_text_file_would_have(delivery: Delivery):
    table = pa.table(
        {
            "loan_no": pa.array(["A1", None]),
            "outstanding_principal": pa.array([Decimal("100.20"), None], pa.decimal128(18, 2)),
            "start_date": pa.array([date(2024, 2, 29), None]),
            "is_revolving": pa.array([True, False]),
            "coupon_rate": pa.array([0.0325, None]),
        }
    )
    pq.write_table(table, delivery.day / "loan.parquet")
    rows = delivery.load().table.drop_columns(["source_file_id"]).to_pylist()
    assert list(rows[0].values()) == ["A1", "100.20", "2024-02-29", "true", "0.0325", 1]
    assert list(rows[1].values()) == [None, None, None, "false", None, 2]


def test_a_damaged_parquet_file_is_refused_as_a_whole(delivery: Delivery):
    pq.write_table(pa.table({"loan_no": ["A1"]}), delivery.day / "loan.parquet")
    whole = (delivery.day / "loan.parquet").read_bytes()
    delivery.put("loan.parquet", whole[:-12])
    with pytest.raises(SourceError, match=r"cannot be read \| loan.parquet"):
        delivery.load()


# ---------------------------------------------------------------- control totals


def test_a_file_that_agrees_with_its_control_total_loads(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS)
    delivery.state("loan.csv", 2, "150.25")  # 100.25 + 50.00
    (record,) = delivery.load(source()).register
    assert (record.status, record.reason) == ("loaded", None)
    assert (record.n_rows_stated, record.n_rows_parsed, record.n_rows_refused) == (2, 2, 0)
    assert record.control_amount_parsed == record.control_amount_stated == Decimal("150.25")
    assert record.refused_amount == 0


def test_the_amount_of_a_broken_last_row_is_the_difference_to_the_control_total(
    delivery: Delivery,
):
    delivery.put("loan.csv", TWO_LOANS + b"A3,9")
    delivery.state("loan.csv", 3, "1049.75")  # 150.25 read; 1049.75 - 150.25 = 899.50
    loaded = delivery.load(source())
    (record,) = loaded.register
    assert loaded.table.num_rows == 2
    assert (record.status, record.n_rows_parsed, record.n_rows_refused) == ("loaded", 2, 1)
    assert record.refused_amount == Decimal("899.50")


def test_the_amount_of_a_row_whose_amount_is_no_number_is_the_difference(delivery: Delivery):
    delivery.put("loan.csv", HEADER + b"A1,100.25\nA2,fifty\n")
    delivery.state("loan.csv", 2, "150.25")
    (record,) = delivery.load(source()).register
    assert (record.status, record.refused_amount) == ("loaded", Decimal("50.00"))


@pytest.mark.parametrize(
    ("n_rows", "total", "reason"),
    [
        (3, "150.25", "rows: 3 stated, 2 found"),
        (1, "150.25", "rows: 1 stated, 2 found"),
        (2, "150.26", "control total of outstanding_principal: 150.26 stated, 150.25 found"),
    ],
)
def test_a_disagreement_that_no_refused_row_explains_stops_the_file(
    delivery: Delivery, n_rows: int, total: str, reason: str
):
    delivery.put("loan.csv", TWO_LOANS)
    delivery.state("loan.csv", n_rows, total)
    loaded = delivery.load(source())
    assert loaded.table.num_rows == 0
    assert [(record.status, record.reason) for record in loaded.register] == [("refused", reason)]
    with pytest.raises(SourceError, match=r"loan.csv: .* stated, .* found"):
        raw_files.refuse_disagreeing(loaded.register)


def test_rows_lost_with_a_broken_stream_stop_a_file_that_has_a_control_total(delivery: Delivery):
    rows = b"".join(b"L%d,%d.25\n" % (i, i * 7919 % 10007) for i in range(20_000))
    packed = gzip.compress(HEADER + rows)
    delivery.put("loan.csv.gz", packed[: len(packed) // 2])
    delivery.state("loan.csv.gz", 20_000, "1.00")
    (record,) = delivery.load(source()).register
    assert record.status == "refused"
    assert str(record.reason).startswith("rows: 20000 stated, ")


def test_a_file_the_control_file_does_not_state_does_not_load(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS)
    delivery.state("deposit.csv", 2, "150.25")
    (record,) = delivery.load(source()).register
    assert record.reason == "the control file does not state this file"


def test_a_control_column_the_file_does_not_have_stops_the_file(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS)
    delivery.state("loan.csv", 2, "150.25", column="balance")
    (record,) = delivery.load(source()).register
    assert record.reason == "the control column balance is not in the file"


def test_a_control_file_that_cannot_be_read_names_its_rows(delivery: Delivery):
    delivery.put("loan.csv", TWO_LOANS)
    lines = CONTROL_HEADER + "loan.csv,two,,\nx.csv,1,,\nx.csv,1,,\n"
    delivery.put("control.csv", lines.encode())
    with pytest.raises(SourceError) as caught:
        delivery.load(source())
    assert "row 1 is not file,n_rows,control_column,control_total" in str(caught.value)
    assert "row 3 states x.csv again" in str(caught.value)


def test_amounts_written_with_an_exponent_still_count(delivery: Delivery):
    delivery.put("loan.csv", HEADER + b"A1,1.5e2\nA2,0.25\n")
    delivery.state("loan.csv", 2, "150.25")  # 150 + 0.25
    assert delivery.load(source()).register[0].status == "loaded"
