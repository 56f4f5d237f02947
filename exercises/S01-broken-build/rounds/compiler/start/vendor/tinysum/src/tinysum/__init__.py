"""Adds whole numbers: in C where that was built, else in Python."""
import ctypes
from pathlib import Path

_built = next(Path(__file__).parent.glob("_fast*.so"), None)

if _built:
    _total = ctypes.CDLL(str(_built)).total
    _total.argtypes = [ctypes.POINTER(ctypes.c_longlong), ctypes.c_size_t]
    _total.restype = ctypes.c_longlong


def total(numbers):
    """The sum of a list of whole numbers."""
    if not _built:
        return sum(numbers)
    return _total((ctypes.c_longlong * len(numbers))(*numbers), len(numbers))
