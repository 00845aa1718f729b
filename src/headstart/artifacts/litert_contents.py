"""What a LiteRT file asks for, before it is run: operations of LiteRT itself."""

from ai_edge_litert import schema_py_generated as schema

from headstart.files import UnusableFileError, shown

_MAX_OPERATIONS = 1000  # different ones; LiteRT has about 200
_CUSTOM = 32
# Loops may never end, and no exported model has one.
_LOOPS = {119: "WHILE"}


def check_litert(content: bytes) -> None:
    """Refuses a file with operations that libraries beside LiteRT bring, such as TensorFlow's ("Flex"), or with loops.

    Raises:
        UnusableFileError: there is one, or the bytes are no model.
    """
    try:
        model = schema.Model.GetRootAs(content, 0)
        codes = [model.OperatorCodes(index) for index in range(min(model.OperatorCodesLength(), _MAX_OPERATIONS))]
        numbers = [max(code.DeprecatedBuiltinCode(), code.BuiltinCode()) for code in codes]
        names = [code.CustomCode() for code in codes]
    except Exception as error:  # flatbuffers reads wherever the numbers of the file point to
        raise UnusableFileError("a LiteRT model", f"{type(error).__name__}: {error}"[:100]) from error
    for number, name in zip(numbers, names, strict=True):
        if number == _CUSTOM or name is not None:
            raise UnusableFileError(
                "LiteRT's own operations", f"the operation {shown((name or b'').decode('utf-8', 'replace'))}"
            )
        if number in _LOOPS:
            raise UnusableFileError("operations without loops", _LOOPS[number])
