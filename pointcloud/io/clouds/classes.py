"""What the classes of points are called."""

from __future__ import annotations

from pointcloud.messages import say

_CLASS_NAMES = (
    *("info.class_0", "info.class_1", "info.class_2", "info.class_3", "info.class_4", "info.class_5"),
    *("info.class_6", "info.class_7", "info.class_8", "info.class_9", "info.class_10", "info.class_11"),
    *("info.class_12", "info.class_13", "info.class_14", "info.class_15", "info.class_16", "info.class_17"),
    *("info.class_18", "info.class_19", "info.class_20", "info.class_21", "info.class_22"),
)
_FIRST_USER_CLASS = 64


def class_name(code: int) -> str:
    """Return what the ASPRS calls a class (LAS 1.4 – R15, tables 9 and 17)."""
    if code < len(_CLASS_NAMES):
        return say(_CLASS_NAMES[code])
    return say("info.class_user") if code >= _FIRST_USER_CLASS else say("info.class_reserved")
