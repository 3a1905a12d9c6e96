"""NVIDIA's GPUs by their management library, which comes with the driver: no package is needed.

https://docs.nvidia.com/deploy/nvml-api
"""

from __future__ import annotations

import ctypes
from typing import Any, TypeVar

_LIBRARY = "libnvidia-ml.so.1"
_MOST = 16
_NAME = 96
"""Bytes that a name may take, its end included."""


_Found = TypeVar("_Found", bound=ctypes.Structure)


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _Memory(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class Nvml:
    """The GPUs of this machine.

    Args:
        library: NVML.

    Raises:
        OSError: It says that it cannot be used.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self._devices: list[ctypes.c_void_p] = []
        self.found: list[tuple[str, int]] = []
        """Each GPU's name, and how many bytes of memory it has."""
        number = ctypes.c_uint()
        self._ask("nvmlInit_v2")
        self._ask("nvmlDeviceGetCount_v2", ctypes.byref(number))
        for index in range(min(number.value, _MOST)):
            device, name = ctypes.c_void_p(), ctypes.create_string_buffer(_NAME)
            self._ask("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(device))
            self._ask("nvmlDeviceGetName", device, name, ctypes.c_uint(_NAME))
            memory = _Memory()
            self._ask("nvmlDeviceGetMemoryInfo", device, ctypes.byref(memory))
            self._devices.append(device)
            self.found.append((name.value.decode(errors="replace"), memory.total))

    @classmethod
    def opened(cls, library: str = _LIBRARY) -> Nvml | None:
        """The GPUs of this machine; None where it has none, or not NVIDIA's driver."""
        try:
            found = cls(ctypes.CDLL(library))
        except (OSError, AttributeError):
            return None
        return found if found.found else None

    def use(self) -> list[tuple[float | None, int | None]]:
        """Of each GPU the share of time in which it was busy, and the bytes of memory in use.

        None stands for what it does not say, as part of some virtual ones does not.
        """
        return [(self._busy(device), self._used(device)) for device in self._devices]

    def _busy(self, device: ctypes.c_void_p) -> float | None:
        found = self._filled("nvmlDeviceGetUtilizationRates", device, _Utilization())
        return None if found is None else found.gpu / 100

    def _used(self, device: ctypes.c_void_p) -> int | None:
        found = self._filled("nvmlDeviceGetMemoryInfo", device, _Memory())
        return None if found is None else int(found.used)

    def _filled(self, function: str, device: ctypes.c_void_p, found: _Found) -> _Found | None:
        """What a function has filled in; None where it says that it cannot."""
        try:
            self._ask(function, device, ctypes.byref(found))
        except OSError:
            return None
        return found

    def _ask(self, function: str, *arguments: Any) -> None:
        status = getattr(self._library, function)(*arguments)
        if status:
            raise OSError(f"{function} returned {status}")
