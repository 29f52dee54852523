"""Pictures for the README, taken by the tests: what they show was there."""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import FloatRect, Page

from mining_assets_tests.demo import LABEL

COLOURS = 256
LARGEST_BYTES = 300_000
BAND, INK, PAPER = 26, (255, 255, 255), (120, 20, 20)


@dataclass(frozen=True)
class Pictures:
    """Where pictures go; without a folder none is taken."""

    folder: Path | None

    def take(self, page: Page, name: str, clip: FloatRect | None = None) -> None:
        """What the window shows, or a part of it, marked as generated data and small enough for a repository."""
        if self.folder is None:
            return
        shown = Image.open(io.BytesIO(page.screenshot(clip=clip, animations="disabled"))).convert("RGB")
        path = self.folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        labelled(shown).quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        assert path.stat().st_size < LARGEST_BYTES, f"{path.name} has {path.stat().st_size:,} bytes"


def labelled(shown: Image.Image) -> Image.Image:
    """The picture with a band below it that says what its data is."""
    whole = Image.new("RGB", (shown.width, shown.height + BAND), PAPER)
    whole.paste(shown)
    at = (shown.width / 2, shown.height + BAND / 2)
    ImageDraw.Draw(whole).text(at, LABEL, INK, ImageFont.load_default(14), anchor="mm")
    return whole
