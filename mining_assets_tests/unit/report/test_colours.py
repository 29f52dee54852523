"""The colours of the report: words and marks stand out from what they lie on, in light and in dark."""

import re

from mining_assets_tests.support.paths import ROOT


def test_words_are_readable_in_light_and_dark() -> None:
    style = (ROOT / "mining_assets/report/templates/style.css").read_text()
    light, dark = ({**_colours(part)} for part in style.split("@media screen")[:2])
    for colours in (light, light | dark):
        for ink, ground in (
            *((ink, ground) for ink in ("ink", "muted", "link") for ground in ("page", "card")),
            *((f"{kind}-ink", f"{kind}-bg") for kind in ("good", "warn", "bad")),
        ):
            assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for mark in (
            *(f"series-{number}" for number in range(1, 7)),
            "final",
            "provisional",
            "alarm",
            "warn",
            "gap-line",
        ):
            assert _contrast(colours[mark], colours["page"]) >= 3, mark


def _colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", css))


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
