"""The page as text, as a document and as a bundle: the verdict, what stands out, and no secret in any of them."""

import hashlib
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mining_assets.doctor.bundle import write_bundle
from mining_assets.doctor.examine import ARCHIVE, DATABASE, MACHINE, SETTINGS, examine, secrets_of
from mining_assets.doctor.lines import Line, Section, Status
from mining_assets.doctor.page import Page, ShownSetting, as_dict, as_text, masked
from mining_assets.errors import SettingsError
from mining_assets.sources.received import Received
from mining_assets_tests.support.doctored import Transport, settings

AT = datetime(2026, 11, 20, 12, 30, 15, tzinfo=UTC)
URL = "http://source.example/api/list?of=day"
PASSWORD, HOOK = "Unmistakable 7f3a", "http://hooks.example/T0/Unmistakable-hook"
ANSWER = Received("list?of=day", URL, AT, 200, b'{"data":[1,  2]}', 1, "", {"date": "today"})
FAILED = Received("other", URL, AT, None, None, 1, "ConnectError: no")


def page(*statuses: Status, origin: str | None = None, received: tuple[Received, ...] = (ANSWER, FAILED)) -> Page:
    lines = [
        Line("stack, bid", f"aspect {number}" if number else "", status, f"found {number}", f"assumed {number}", URL)
        for number, status in enumerate(statuses)
    ]
    section = Section("Elexon", lines, ("stack, bid: order",), origin)
    return Page(
        AT, "1.2.3", [section], [ShownSetting("A", "1", "environment"), ShownSetting("B", None, "default")], received
    )


@pytest.mark.parametrize(
    ("statuses", "code", "sentence"),
    [
        (["pass", "pass"], 0, "Everything is ready."),
        (["pass", "differs"], 1, "Not everything is ready: 1 line differs from what is needed."),
        (["unreachable", "pass"], 3, "Not everything is ready: 1 cannot be reached."),
        (
            ["differs", "differs", "unreachable"],
            1,
            "Not everything is ready: 2 lines differ from what is needed, 1 cannot be reached.",
        ),
    ],
)
def test_the_verdict_is_as_bad_as_the_worst_line(statuses: list[Status], code: int, sentence: str) -> None:
    made = page(*statuses)
    assert (made.exit_code, made.sentence) == (code, sentence)
    assert as_text(made).startswith(f"mining-assets 1.2.3, 2026-11-20 12:30 UTC. {sentence}\n")
    document = as_dict(made)
    assert (document["exit_code"], document["ready"], document["sentence"]) == (code, code == 0, sentence)


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("https://data.elexon.co.uk/bmrs/api/v1", "Everything is ready."),
        ("http://twin/api", "Everything is ready. Not all sources are the live ones."),
        (
            "http://twin/api (generated)",
            "Everything is ready. The sources answer with generated data, not with real figures.",
        ),
    ],
)
def test_sources_that_are_not_the_live_ones_are_told(origin: str, said: str) -> None:
    made = page("pass", origin=origin)
    assert made.sentence == said
    assert f"=== Elexon: {origin} ===" in as_text(made)


def test_what_passes_is_short_and_what_does_not_says_what_and_where() -> None:
    assert as_text(page("pass", "pass", "differs", "unreachable")).splitlines()[2:] == [
        "=== Elexon ===",
        "pass        stack, bid: found 0; as assumed: aspect 1",
        "differs     stack, bid: aspect 2: found 2",
        "            assumed: assumed 2",
        f"            {URL}",
        "unreachable stack, bid: aspect 3: found 3",
        f"            {URL}",
        "not examined: stack, bid: order",
        "",
        "=== Settings ===",
        "A=1 (environment)",
        "By default: 1 other setting (`mining-assets settings` lists them)",
    ]


def test_what_follows_from_a_line_is_not_repeated() -> None:
    lines = [
        Line("register", "", "unreachable", "no", url=URL),
        Line("stack", "", "unreachable", "not asked, since it does not answer"),
        Line("volumes", "", "unreachable", "not asked, since it does not answer"),
    ]
    made = Page(AT, "1", [Section("Elexon", lines, ("register: wind", "stack: order", "answers: compression"))])
    assert as_text(made).splitlines()[3:] == [
        "unreachable register: no",
        f"            {URL}",
        "unreachable stack; volumes: not asked, since it does not answer",
        "not examined: answers: compression",
    ]
    assert len(as_dict(made)["sections"][0]["not_examined"]) == 3


def test_the_document_has_every_line_and_request() -> None:
    document = json.loads(json.dumps(as_dict(page("pass", "differs"))))
    (section,) = document["sections"]
    assert section["lines"][1] == {
        "name": "stack, bid: aspect 1",
        "result": "differs",
        "found": "found 1",
        "assumed": "assumed 1",
        "url": URL,
    }
    assert section["not_examined"] == ["stack, bid: order"]
    assert document["settings"][0] == {"name": "A", "value": "1", "origin": "environment"}
    assert [(asked["url"], asked["status"], asked["bytes"], asked["reason"]) for asked in document["requests"]] == [
        (URL, 200, 16, None),
        (URL, None, None, "ConnectError: no"),
    ]


def test_the_bundle_has_the_page_and_the_bodies_as_they_came(tmp_path: Path) -> None:
    made, path = page("pass"), tmp_path / "deep" / "doctor.zip"
    write_bundle(made, path)
    assert list(path.parent.iterdir()) == [path]
    with zipfile.ZipFile(path) as bundle:
        assert bundle.namelist() == ["report.txt", "report.json", "answers/index.json", "answers/01.json"]
        assert bundle.read("report.txt").decode() == as_text(made) + "\n"
        assert json.loads(bundle.read("report.json")) == json.loads(json.dumps(as_dict(made)))
        assert bundle.read("answers/01.json") == ANSWER.body
        first, second = json.loads(bundle.read("answers/index.json"))
    assert (first["file"], first["url"]) == ("answers/01.json", URL)
    assert first["sha256"] == hashlib.sha256(ANSWER.body or b"").hexdigest()
    assert (second["file"], second["reason"]) == (None, "ConnectError: no")


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "doctor.zip"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_bundle(page("pass"), path)
    assert path.read_text() == "mine"


def test_a_bundle_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mining_assets.doctor.bundle.as_text", lambda page: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_bundle(page("pass"), tmp_path / "doctor.zip")
    assert list(tmp_path.iterdir()) == []


def secret_settings(**changes: Any) -> dict[str, Any]:
    quoted = PASSWORD.replace(" ", "%20")
    return {
        "elexon_url": f"http://user:{quoted}@twin/bmrs/api/v1",
        "warehouse_url": f"postgresql://user:{quoted}@127.0.0.1:9/name",
        "alert_webhook": HOOK,
    } | changes


def test_secrets_are_passwords_also_as_they_stand_in_addresses_and_the_webhook() -> None:
    assert set(secrets_of(settings(**secret_settings()))) == {PASSWORD, PASSWORD.replace(" ", "%20"), HOOK}


def test_the_keys_of_an_object_store_are_secrets_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    assert secrets_of(settings()) == [PASSWORD]


def test_no_secret_is_in_text_document_or_bundle(tmp_path: Path) -> None:
    body = json.dumps({"echo": f"{PASSWORD} and {HOOK}"}).encode()
    leaky = Received("list", f"http://x/{PASSWORD}", AT, 200, body, 1, PASSWORD, {"date": PASSWORD})
    made = page("differs", received=(leaky,))
    line = Line("database", "", "differs", f"the server says {PASSWORD}", url=f"http://x/{HOOK}")
    made = Page(
        AT, "1", [*made.sections, Section("Database", [line])], [ShownSetting("B", HOOK, "environment")], made.received
    )
    write_bundle(masked(made, [PASSWORD, HOOK, ""]), tmp_path / "masked.zip")
    write_bundle(made, tmp_path / "plain.zip")
    assert "Unmistakable" in unpacked(tmp_path / "plain.zip")
    assert "Unmistakable" not in unpacked(tmp_path / "masked.zip")
    assert "the server says ***" in unpacked(tmp_path / "masked.zip")


def test_no_short_secret_spoils_figures() -> None:
    assert masked(page("pass"), ["1", "2, 2"]).received[0].body == ANSWER.body


def unpacked(path: Path) -> str:
    with zipfile.ZipFile(path) as bundle:
        return "\n".join(bundle.read(name).decode() for name in bundle.namelist())


def test_everything_is_examined_and_nothing_secret_is_kept(tmp_path: Path) -> None:
    given = settings(**secret_settings(home=tmp_path / "home"))
    said: list[str] = []
    made = examine(given, [], said.append, Transport())
    assert [section.title for section in made.sections] == [
        MACHINE, SETTINGS, DATABASE, ARCHIVE, "Elexon", "mempool.space", "Coinbase", "Prices",
    ]  # fmt: skip
    assert said == ["looking at the database", "looking at the archive", "asking the sources"]
    assert {line.status for line in made.sections[2].lines} == {"unreachable"}
    assert "Unmistakable" not in as_text(made) + json.dumps(as_dict(made))
    assert "Unmistakable" not in b"".join(each.body or b"" for each in made.received).decode()
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_used_hides_nothing_else() -> None:
    made = examine(settings(home=Path("/proc/home")), [], transport=Transport())
    differing = [line for line in made.lines if line.status == "differs" and line.subject != "prices"]
    assert "Dagster home" in {line.name for line in differing}
    assert "stack, bid" in {line.subject for line in made.lines if line.status == "pass"}


def test_a_wrong_setting_is_a_finding() -> None:
    made = examine(SettingsError("MINING_ASSETS_CONCURRENCY='x' is no number"), [], transport=Transport())
    assert made.exit_code == 1
    (wrong,) = [line for line in made.lines if line.status == "differs"]
    assert wrong.found == "MINING_ASSETS_CONCURRENCY='x' is no number"
    assert "Dagster home" in made.sections[0].not_examined
    assert made.received == ()


def test_a_wrong_file_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("day,pounds\n")
    made = examine(settings(home=tmp_path / "home", prices=file), [], transport=Transport())
    wrong = {line.name: line for line in made.sections[1].lines if line.status == "differs"}
    assert list(wrong) == ["prices"]
    assert str(file) in wrong["prices"].found
