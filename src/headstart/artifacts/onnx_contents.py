"""What an ONNX file asks for, before ONNX Runtime opens it: operations of ONNX itself, all weights inside.

Read without the package onnx, which whoever only runs files does not have.

References:
    onnx.proto3 of https://github.com/onnx/onnx, whose field numbers stand below.
"""

from headstart.artifacts.protobuf_fields import FieldReader
from headstart.files import UnusableFileError, shown

# Domains of operations that compute; others stand for libraries beside the file.
DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
_LOOPS = frozenset({"Loop"})  # may never end, and no exported model has one
_MAX_DEPTH = 16  # of graphs in attributes of nodes

_MODEL_GRAPH, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 20, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_TYPE, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = (5, 10), (6, 11), (22, 23)
_TENSOR_EXTERNAL, _TENSOR_LOCATION, _ENTRY_VALUE = 13, 14, 2
_SPARSE_TENSORS = (1, 2)


_MAX_FIELDS = 2_000_000  # the largest network of `keras.applications` has less than a tenth of it

Fields = list[tuple[int, int | memoryview]]


def check_onnx(content: bytes) -> None:
    """Refuses a file that is more than a computation.

    Raises:
        UnusableFileError: weights lie in another file, an operation belongs to a library, functions or training graphs
            are defined, or the bytes are no ONNX model.
    """
    _Checker().check_model(memoryview(content))


class _Checker:
    def __init__(self) -> None:
        self._reader = FieldReader(_MAX_FIELDS)

    def check_model(self, model: memoryview) -> None:
        fields = list(self._reader.fields(model))
        if any(number in (_MODEL_TRAINING, _MODEL_FUNCTIONS) for number, _ in fields):
            raise UnusableFileError("a graph of ONNX's own operations", "functions of its own or a training graph")
        graphs = _messages(fields, _MODEL_GRAPH)
        if len(graphs) != 1:
            raise UnusableFileError("an ONNX model with one graph", f"{len(graphs)} graphs")
        self._check_graph(graphs[0], 0)

    def _check_graph(self, graph: memoryview, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise UnusableFileError(f"graphs nested at most {_MAX_DEPTH} times", "more")
        fields = list(self._reader.fields(graph))
        for tensor in _messages(fields, _GRAPH_INITIALIZER):
            self._check_tensor(tensor)
        for sparse in _messages(fields, _GRAPH_SPARSE):
            self._check_sparse(sparse)
        for node in _messages(fields, _GRAPH_NODE):
            self._check_node(node, depth)

    def _check_node(self, node: memoryview, depth: int) -> None:
        fields = list(self._reader.fields(node))
        domain = _text(fields, _NODE_DOMAIN)
        if domain not in DOMAINS:
            raise UnusableFileError("ONNX's own operations", f"{_text(fields, _NODE_TYPE)[:80]} of {shown(domain)}")
        if _text(fields, _NODE_TYPE) in _LOOPS:
            raise UnusableFileError("operations without loops", "the operation 'Loop'")
        for attribute in _messages(fields, _NODE_ATTRIBUTE):
            inner = list(self._reader.fields(attribute))
            for tensor in _messages(inner, *_ATTRIBUTE_TENSORS):
                self._check_tensor(tensor)
            for sparse in _messages(inner, *_ATTRIBUTE_SPARSE):
                self._check_sparse(sparse)
            for graph in _messages(inner, *_ATTRIBUTE_GRAPHS):
                self._check_graph(graph, depth + 1)

    def _check_sparse(self, sparse: memoryview) -> None:
        for tensor in _messages(list(self._reader.fields(sparse)), *_SPARSE_TENSORS):
            self._check_tensor(tensor)

    def _check_tensor(self, tensor: memoryview) -> None:
        fields = list(self._reader.fields(tensor))
        for entry in _messages(fields, _TENSOR_EXTERNAL):
            value = _text(list(self._reader.fields(entry)), _ENTRY_VALUE)
            raise UnusableFileError("all weights inside of the file", f"weights in another file, {shown(value)}")
        if any(number == _TENSOR_LOCATION and value != 0 for number, value in fields):
            raise UnusableFileError("all weights inside of the file", "weights in another file")


def _messages(fields: Fields, *numbers: int) -> list[memoryview]:
    found = [value for number, value in fields if number in numbers]
    messages = [value for value in found if not isinstance(value, int)]
    if len(messages) != len(found):
        raise UnusableFileError("an ONNX model", "a number in place of a message")
    return messages


def _text(fields: Fields, number: int) -> str:
    return b"".join(_messages(fields, number)[-1:]).decode("utf-8", "replace")
