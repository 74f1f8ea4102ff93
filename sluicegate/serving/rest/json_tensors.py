"""The JSON of predict requests and their answers."""

from sluicegate.serving.rest.body import Document, parse, signature_name
from sluicegate.serving.rest.decode import Decoded, decode
from sluicegate.serving.rest.encode import encode, error

__all__ = ["Decoded", "Document", "decode", "encode", "error", "parse", "signature_name"]
