"""What is legal? The protocols as data, and a small pure loader.

`load` gives a frozen `Protocol`; `Validators` decides whether a message is legal and says why not.
"""

from schemas.errors import PackError
from schemas.loader import load, load_frozen, load_requirements, protocol_ids
from schemas.spec import (
    Channel,
    Example,
    FrozenSet,
    Level,
    Message,
    Operation,
    Place,
    Protocol,
    Requirement,
    Role,
)
from schemas.validation import Shape, Validators, Violation

__all__ = [
    "Channel",
    "Example",
    "FrozenSet",
    "Level",
    "Message",
    "Operation",
    "PackError",
    "Place",
    "Protocol",
    "Requirement",
    "Role",
    "Shape",
    "Validators",
    "Violation",
    "load",
    "load_frozen",
    "load_requirements",
    "protocol_ids",
]
