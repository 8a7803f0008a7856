"""Wrong values for the conformance tests."""

VALUES = {
    "unsigned": 1,
    "negative": -7,
    "bytes": bytes(32),
    "text": "text",
    "array": [],
    "map": {},
    "boolean": True,
}
INTEGERS = ("unsigned", "negative")


def every_type_but(right):
    """A value of each CBOR type but this one, by the type's name; `integer` is both kinds of them."""
    left_out = INTEGERS if right == "integer" else (right,)
    assert set(left_out) <= VALUES.keys(), right
    return {name: value for name, value in VALUES.items() if name not in left_out}
