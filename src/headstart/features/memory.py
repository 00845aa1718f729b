"""Whether an error means that memory ran out, on any backend."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or the machine had no memory for what was to be computed.

    By text, because each backend has a class of its own: `ResourceExhaustedError` of TensorFlow, `XlaRuntimeError` of
    JAX, `OutOfMemoryError` of PyTorch. All name the gRPC status or the condition.
    """
    if isinstance(error, MemoryError):
        return True
    text = f"{type(error).__name__} {error}"
    return any(word in text for word in ("ResourceExhausted", "RESOURCE_EXHAUSTED", "OutOfMemory", "out of memory"))
