"""What an object holds: every answer as it came, one name for the same answers, and no damage unseen."""

import io
import random
import tarfile
from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.archive.errors import ObjectDamaged
from mining_assets.archive.objects import KeptAnswer, pack, unpack
from mining_assets_tests.support.answers import answer, answers

BEGUN = datetime(2025, 6, 4, 15, 0, 0, 123456, UTC)


def test_every_answer_comes_back_as_it_came() -> None:
    received = [
        answer("stack/bid/2025-06-03/2", b'{"data": [1]}'),
        answer("stack/bid/2025-06-03/1", '{"data":  "é"}'.encode()),
        answer("volumes?of=day", None, status=500, reason="server error"),
        answer("cashflows", None, status=None, reason="ConnectError"),
        answer("refused", b'"impossible"', reason="the value is impossible"),
    ]
    packed = pack(received)
    kept = unpack(packed.data, packed.sha256, "here")
    by_path = {each.path: each for each in kept}
    assert [each.path for each in kept] == sorted(by_path) == [each.path for each in packed.answers]
    for each in received:
        assert by_path[each.path] == KeptAnswer(each.path, each.status, each.reason, each.body)
    assert packed.body_bytes == sum(len(each.body or b"") for each in received)


def test_one_path_asked_twice_keeps_both_answers_in_their_order() -> None:
    first, second = answer("stack/1", b"[]", seconds=0), answer("stack/1", b"[1]", seconds=5)
    packed = pack([second, first])
    assert [each.body for each in unpack(packed.data, packed.sha256, "here")] == [b"[]", b"[1]"]


@given(st.permutations(range(6)), st.integers(0, 10**9))
def test_same_answers_are_the_same_object_whenever_they_came(order: list[int], microseconds: int) -> None:
    late = timedelta(microseconds=microseconds)
    at_once = pack(answers(6))
    later = pack([answers(6, begun=BEGUN + late)[number] for number in order])
    assert (later.sha256, later.data) == (at_once.sha256, at_once.data)


def test_another_body_is_another_object() -> None:
    assert pack([answer("a", b"1")]).sha256 != pack([answer("a", b"2")]).sha256


def test_people_can_read_it_with_standard_tools() -> None:
    packed = pack(answers(2))
    content = zstandard.ZstdDecompressor().decompressobj().decompress(packed.data)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert tar.getnames() == ["index.jsonl", "0000.json", "0001.json"]


@pytest.mark.parametrize("seed", range(30))
def test_no_damage_goes_unseen(seed: int) -> None:
    packed = pack(answers(3))
    chance = random.Random(seed)
    data = bytearray(packed.data)
    place = chance.randrange(len(data))
    damaged = [bytes(data[:place]), bytes(data[:place]) + bytes([data[place] ^ 0x55]) + bytes(data[place + 1 :]), b""]
    with pytest.raises(ObjectDamaged, match=r"archive: s3://there: (cannot be read|its index has|the body of)"):
        unpack(damaged[seed % 3], packed.sha256, "s3://there")


def test_another_object_in_its_place_is_seen() -> None:
    with pytest.raises(ObjectDamaged, match="not"):
        unpack(pack(answers(2)).data, pack(answers(3)).sha256, "here")
