"""Was the model tested on enough rows?"""

from schemas.verdict import Measurement, Status, Verdict, judge
from tests.pipeline.rows_gate.gate import ID


def decide(rows: int, least: int) -> Verdict:
    """The verdict on a test split of `rows` rows, which may have no fewer than `least`."""
    status = Status.PASSED if rows >= least else Status.FAILED
    found = Measurement(
        name="test rows",
        slice="overall",
        status=status,
        value=rows,
        limit=least,
        direction="at least",
        unit="rows",
        rows=rows,
        reason="" if status is Status.PASSED else "below_limit",
        detail=f"The test split has {rows} rows; the serving check sends {least} requests.",
        setting="serving_check.requests",
    )
    return judge(ID, [found])
