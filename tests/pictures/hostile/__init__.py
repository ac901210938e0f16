"""Files made to harm, each with the answer it must get: refused with its reason, or taken in with its remarks.

The generator is deterministic: the same files in every run, whatever is installed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from tests.pictures.hostile import bent, bombs, exif_traps, frames, heic, passengers, strangers
from tests.pictures.hostile.specimen import Specimen

FAMILIES = (strangers, bombs, bent, frames, passengers, exif_traps, heic)


def specimens() -> Iterator[Specimen]:
    """Give every file with what is expected of it; bytes that came before are left out."""
    seen = set()
    for family in FAMILIES:
        for found in family.specimens():
            digest = hashlib.sha256(found.data).hexdigest()
            if digest not in seen:
                seen.add(digest)
                yield found


def dear() -> Iterator[Specimen]:
    """Give lawful files at the limit that take long to make."""
    return bombs.dear()
