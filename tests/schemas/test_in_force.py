"""What the settings overrule in the schema they name."""

from __future__ import annotations

from schemas.in_force import amended
from schemas.pbtxt import parse_pbtxt
from schemas.table import Column

SCHEMA = parse_pbtxt(
    """
    feature { name: "code" type: INT int_domain { is_categorical: true }
      drift_comparator { jensen_shannon_divergence { threshold: 0.2 } } }
    feature { name: "amount" type: BYTES string_domain { value: "1,5" } distribution_constraints { min_domain_mass: 0.9 }
      skew_comparator { infinity_norm { threshold: 0.2 } } presence { min_fraction: 0.5 } }
    feature { name: "row" type: INT }
    feature { name: "steady" type: FLOAT }
    """,
    "here",
)
READ = [
    Column("code", "text", "category"),
    Column("amount", "float", "number"),
    Column("steady", "float", "number"),
]


def test_types_follow_the_settings_and_dropped_columns_are_not_asked_for() -> None:
    schema, notes = amended(SCHEMA, READ, {"row"})
    code, amount, steady = schema.feature
    assert (code.name, amount.name) == ("code", "amount")
    assert steady == SCHEMA.feature[3]
    assert (code.type, amount.type) == (1, 3)
    assert not code.HasField("int_domain")
    assert code.drift_comparator.infinity_norm.threshold == 0.1
    assert not amount.HasField("string_domain")
    assert not amount.HasField("distribution_constraints")
    assert amount.skew_comparator.jensen_shannon_divergence.threshold == 0.1
    assert amount.presence.min_fraction == 0.5
    assert [note.split(" ")[1] for note in notes] == ["'row'", "'code'", "'amount'"]


def test_a_schema_that_nothing_overrules_is_the_same() -> None:
    columns = [Column("code", "int", "category"), Column("amount", "text", "category"), Column("row", "int", "number")]
    assert amended(SCHEMA, columns, ()) == (SCHEMA, [])
