"""What a case asserts."""


def expect(condition, message):
    if not condition:
        raise AssertionError(message)
