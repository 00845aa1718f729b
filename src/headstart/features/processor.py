"""What the processor of this machine can do: settings follow from it by rule, not by stop-watch."""

from functools import cache
from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")
BFLOAT16_MATRICES, INT8_MATRICES = "amx_bf16", "amx_int8"
INT8_VECTORS = frozenset({"avx512_vnni", "avx_vnni"})


@cache
def instructions() -> frozenset[str]:
    """Names of the processor's instruction sets as Linux writes them, such as `amx_bf16`; empty on other systems."""
    try:
        return frozenset(CPU_FACTS.read_text(encoding="utf-8", errors="replace").split())
    except OSError:  # only Linux tells
        return frozenset()
