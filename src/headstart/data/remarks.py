"""What is seen while the list of files is made. Without pandas: a server reads images with this room."""

from typing import NamedTuple


class Remark(NamedTuple):
    """Something seen while the list of files was made, which the audit reports as a finding.

    `kind` is a row of `headstart.data.findings.KINDS`, `path` is relative to the data set's root.
    """

    kind: str
    path: str
    detail: str
