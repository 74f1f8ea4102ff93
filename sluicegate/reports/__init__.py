"""The pages people look at: HTML drawn from `result.json` and the evidence beside it, with no TFX and no network."""
