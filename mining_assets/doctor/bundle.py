"""The doctor's bundle: the page and the answers as they came, in one zip to attach to a report of a fault."""

import hashlib
import json
import zipfile
from pathlib import Path

from mining_assets.doctor.page import Page, as_dict, as_text
from mining_assets.files import atomic_write
from mining_assets.sources.received import Received


def write_bundle(page: Page, path: Path) -> None:
    """Write the page, masked before, as text and JSON with the bodies of the answers.

    Raises:
        FileExistsError: the file is there already; it stays as it is.
        OSError: it cannot be written.
    """
    if path.exists():
        raise FileExistsError(path)
    bodies = [(f"answers/{number:02}.json", each) for number, each in enumerate(page.received, start=1)]
    index = [_described(name, each) for name, each in bodies]
    with atomic_write(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("report.txt", as_text(page) + "\n")
        bundle.writestr("report.json", json.dumps(as_dict(page), indent=2) + "\n")
        bundle.writestr("answers/index.json", json.dumps(index, indent=2) + "\n")
        for name, each in bodies:
            if each.body is not None:
                bundle.writestr(name, each.body)


def _described(name: str, received: Received) -> dict[str, object]:
    body = received.body
    return {
        "file": None if body is None else name,
        "url": received.url,
        "requested_at": received.requested_at.isoformat(timespec="milliseconds"),
        "status": received.status,
        "sha256": None if body is None else hashlib.sha256(body).hexdigest(),
        "reason": received.reason or None,
    }
