"""What a SavedModel asks for, before TensorFlow loads it: operations that compute, and nothing else.

Loading a SavedModel runs a part of it, and running it runs whatever operations it holds, those that read and write any
file among them.
"""

from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from headstart.artifacts.computing_operations import COMPUTING, SAVING
from headstart.files import UnusableFileError, read_bounded, shown

FILE_NAME = "saved_model.pb"
_MAX_BYTES = 2**30
Functions = dict[str, Sequence[NodeDef]]


def check_savedmodel(folder: Path) -> None:
    """Refuses a SavedModel that does more than compute.

    Args:
        folder: of the SavedModel.

    Raises:
        UnusableFileError: there is none, it was not written by TensorFlow 2, or a graph or function holds an operation
            that is not listed in `computing_operations`.
    """
    if others := sorted(path.name for path in folder.glob("saved_model*") if path.name != FILE_NAME):
        raise UnusableFileError(f"a SavedModel in {FILE_NAME}", others[0])  # TensorFlow would take the other one
    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString(read_bounded(folder / FILE_NAME, _MAX_BYTES))
    except DecodeError as error:
        raise UnusableFileError("a SavedModel", str(error)) from error
    if len(model.meta_graphs) != 1 or not model.meta_graphs[0].object_graph_def.nodes:
        raise UnusableFileError("a SavedModel of TensorFlow 2 with one graph", f"{len(model.meta_graphs)} graphs")
    _check_graph(model.meta_graphs[0])


def _check_graph(graph: MetaGraphDef) -> None:
    if graph.asset_file_def:
        raise UnusableFileError("a graph without files of its own", f"{len(graph.asset_file_def)} assets")
    functions = {function.signature.name: function.node_def for function in graph.graph_def.library.function}
    _refuse_recursion(functions)
    saving = _saving_functions(graph, functions)
    _check_nodes(graph.graph_def.node, COMPUTING)
    for name, nodes in functions.items():
        _check_nodes(nodes, COMPUTING | SAVING if name in saving else COMPUTING)


def _refuse_recursion(functions: Functions) -> None:
    calls = {caller: {name for node in nodes for name in _called(node)} for caller, nodes in functions.items()}
    try:
        TopologicalSorter(calls).prepare()
    except CycleError as error:
        raise UnusableFileError("functions that do not call themselves", shown(error.args[1])) from error


def _check_nodes(nodes: Iterable[NodeDef], known: frozenset[str]) -> None:
    for node in nodes:
        if node.op not in known:
            raise UnusableFileError("operations that compute", f"the operation '{node.op[:80]}'")


def _saving_functions(graph: MetaGraphDef, functions: Functions) -> set[str]:
    """Functions that only the two nodes for writing and reading variables call, which loading does not run."""
    saver = graph.saver_def
    savers = {saver.save_tensor_name.partition(":")[0], saver.restore_op_name}
    called = {name for node in graph.graph_def.node if node.name in savers for name in _called(node)}
    elsewhere = {name for node in graph.graph_def.node if node.name not in savers for name in _called(node)}
    elsewhere |= {name for nodes in functions.values() for node in nodes for name in _called(node)}
    return called - elsewhere - set(graph.object_graph_def.concrete_functions)


def _called(node: NodeDef) -> Iterator[str]:
    yield node.op  # a function may be called by its name in place of an operation's
    for value in node.attr.values():
        yield value.func.name
        yield from (function.name for function in value.list.func)
