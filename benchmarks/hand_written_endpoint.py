"""What people write when they have no model server: FastAPI and the loaded model. `python -m ... MODEL_FOLDER PORT`."""

import sys
from typing import Any

import tensorflow as tf
import uvicorn
from fastapi import FastAPI

app = FastAPI()
signature: Any = None


@app.post("/predict")
def predict(row: dict[str, Any]) -> dict[str, Any]:
    """One row of named columns to its scores."""
    specs = signature.structured_input_signature[1]
    tensors = {name: tf.constant([row[name]], dtype=spec.dtype) for name, spec in specs.items()}
    return {"scores": signature(**tensors)["scores"].numpy().tolist()}


if __name__ == "__main__":
    model = tf.saved_model.load(sys.argv[1])
    signature = model.signatures["serving_raw"]
    uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
