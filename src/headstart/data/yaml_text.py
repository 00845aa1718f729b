"""YAML files as plain values: text stays as it was typed, and a hostile file ends in an error."""

from pathlib import Path

import yaml

Value = str | list["Value"] | dict[str, "Value"] | None

# The names of 10,000 classes fit. PyYAML reads about 100 kB a second.
MAX_BYTES = 2**18
_MAX_VALUES, _MAX_DEPTH = 50_000, 20
_TAG = "tag:yaml.org,2002:"
_NULL, _MERGE = f"{_TAG}null", f"{_TAG}merge"
_KNOWN_TAGS = {
    _TAG + tag for tag in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value")
}


def read_yaml(path: Path) -> Value:
    """The content of a YAML file. Scalars are the text in the file: `yes` is "yes" and `1.0` is "1.0".

    `null`, `~` and a missing value are None, unless they are quoted. Anchors, aliases and merge keys are followed.

    Raises:
        ValueError: no YAML, larger than 256 kB, nested deeper than 20 levels, more than 50,000 values once aliases are
            followed, a key twice in one mapping, or a tag that asks for anything but plain values.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES // 1024} kB")
    try:
        # Nodes instead of values: they still know whether a scalar was quoted, and aliases are not copied yet.
        node = yaml.compose(content, Loader=_ShallowLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"no YAML: {error}".replace('in "<byte string>", ', "in ")) from error
    return None if node is None else _Plain().value(node)


class _ShallowLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Stops at a nesting that is too deep: PyYAML's time for it grows with the square of the depth."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        """The next node, and those inside of it."""
        self._depth += 1
        if self._depth > _MAX_DEPTH + 1:
            raise ValueError("nested too deeply")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Plain:
    """Plain values of nodes, with a limit on their number, since an alias may stand for thousands."""

    def __init__(self) -> None:
        self.num_values = 0

    def value(self, node: yaml.Node, depth: int = 0) -> Value:
        self.num_values += 1
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        if self.num_values > _MAX_VALUES:
            raise ValueError(f"more than {_MAX_VALUES} values")
        if node.tag not in _KNOWN_TAGS:
            raise ValueError(f"the tag '{node.tag.removeprefix(_TAG)}', which is not supported")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        return None if node.tag == _NULL and node.style is None else str(node.value)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Value]:
        own: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        for key_node, value_node in node.value:
            value = self.value(value_node, depth + 1)
            if key_node.tag == _MERGE:
                for mapping in value if isinstance(value, list) else [value]:
                    merged = {**(mapping if isinstance(mapping, dict) else {}), **merged}
                continue
            key = self.value(key_node, depth + 1)
            if isinstance(key, list | dict):
                raise ValueError("a key that is a list")
            if str(key or "") in own:
                raise ValueError(f"the key '{key}' twice, also in line {key_node.start_mark.line + 1}")
            own[str(key or "")] = value
        return {**merged, **own}
