"""The errors of the archive. Each names the object or the manifest, and what to do."""


class ArchiveError(Exception):
    """The archive cannot be used as asked; nothing that it held was changed.

    Attributes:
        location: the object, manifest or folder that it is about, without credentials.
    """

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(f"archive: {location}: {reason}")
        self.location, self.reason = location, reason


class ArchiveUnavailable(ArchiveError):
    """The store could not be reached, is full, or may not be written: the same may succeed later."""


class ObjectMissing(ArchiveError):
    """There is no such object."""


class ObjectDamaged(ArchiveError):
    """An object or a manifest is there, and is not what was written."""
