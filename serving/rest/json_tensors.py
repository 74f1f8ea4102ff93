"""The JSON of predict requests and their answers."""

from serving.rest.body import Document, parse, signature_name
from serving.rest.decode import Decoded, decode
from serving.rest.encode import encode, error

__all__ = ["Decoded", "Document", "decode", "encode", "error", "parse", "signature_name"]
