"""What the data gate leaves beside its verdict where something failed or warned: the schema that would accept the data."""

PROPOSAL_NAME = "proposed_schema.pbtxt"
DIFF_NAME = "schema.diff"
