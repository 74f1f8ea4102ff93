"""Names that people give to columns and that TensorFlow, Python or a file format stumbles over."""

import keyword

HOSTILE = tuple(
    dict.fromkeys(
        [
            *keyword.kwlist,
            *("self", "examples", "label", "inputs", "scores", "weight", "group", "numbers", "categories", "training"),
            *("name", "shape", "dtype", "serving_default", "saver_filename", "examples_1"),
            *("Age", "age", "AGE", "a b", "a-b", "a_b", "a  b", "A B", " a", "a.b", "a/b", "a=b", "a:b", "a,b", "a\tb"),
            *("年齢", "日", "é", "e\u0301", "Größe", "☃", "字" * 60, "x" * 300),
            *("%", "$", "100%", "0", "_x", "__", "`", '"', "'", "{}", "\\", "a\nb", "x.month"),
        ]
    )
)
