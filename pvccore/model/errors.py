"""The five ways in which a request can fail; every front end translates these and nothing else."""

from __future__ import annotations


class PvcError(Exception):
    """Any failure that a person or a caller may be told of, in words fit to be shown."""


class NotFound(PvcError):
    """A named thing is not in the cluster."""

    def __init__(self, kind: str, name: str, hint: str = "") -> None:
        """`kind` is a word of the glossary ("VM", "node"); `name` is what was asked for; `hint` goes on from there."""
        super().__init__(f"no {kind} {name!r}{hint}")
        self.kind = kind
        self.name = name


class Invalid(PvcError):
    """A given value is not acceptable; names the field and the value."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        """`reason` completes the sentence "FIELD VALUE: …"."""
        super().__init__(f"{field} {value!r}: {reason}")
        self.field = field
        self.value = value
        self.reason = reason


class Refused(PvcError):
    """A rule of the cluster forbids it now; the text says which and why."""


class Conflict(PvcError):
    """Somebody else changed the record first; reload and decide anew."""

    def __init__(self, subject: str, reason: str = "was changed meanwhile") -> None:
        """`subject` names the record or path whose check failed."""
        super().__init__(f"{subject} {reason}")
        self.subject = subject
        self.reason = reason


class Unavailable(PvcError):
    """The cluster's memory (or a tool) can't be reached; `in_doubt` when the request may have been carried out."""

    def __init__(self, reason: str, *, in_doubt: bool = False) -> None:
        """`in_doubt` is set when the connection broke after the request was sent."""
        super().__init__(reason)
        self.in_doubt = in_doubt
