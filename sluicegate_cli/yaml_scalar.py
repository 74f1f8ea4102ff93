"""A text as a YAML value."""

from __future__ import annotations

import json


def scalar(text: str) -> str:
    """The text as a YAML value: plain where YAML reads it back as the same text, quoted where not.

    >>> [scalar(t) for t in ("income", ">50K", "yes", "1", "a: b", "")]
    ['income', '">50K"', '"yes"', '"1"', '"a: b"', '""']
    """
    from pipeline.settings import yaml as settings_yaml

    try:
        read = settings_yaml.read(f"key: [{text}]\nother: {text}").value
        same = read == {"key": [text], "other": text}
    except settings_yaml.BadYaml:
        same = False
    return text if same else json.dumps(text, ensure_ascii=False)
