"""Bodies as Elexon shapes them, with made-up content, and what the client makes of them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

from mining_assets.sources.elexon import ElexonClient
from mining_assets_tests.support.loopback import QUICK, run

T = TypeVar("T")

ROW: dict[str, Any] = {
    "settlementDate": "2025-06-01",
    "settlementPeriod": 3,
    "startTime": "2025-06-01T00:00:00Z",
    "createdDateTime": "2025-06-02T06:44:27Z",
    "sequenceNumber": 1,
    "id": "T_MADEUP-1",
    "acceptanceId": 1234,
    "bidOfferPairId": -1,
    "cadlFlag": None,
    "soFlag": True,
    "storProviderFlag": False,
    "repricedIndicator": False,
    "reserveScarcityPrice": 0.0,
    "originalPrice": -71.5,
    "volume": -12.25,
    "dmatAdjustedVolume": -12.25,
    "arbitrageAdjustedVolume": None,
    "nivAdjustedVolume": None,
    "parAdjustedVolume": None,
    "finalPrice": None,
    "transmissionLossMultiplier": 0.9612,
    "tlmAdjustedVolume": None,
    "tlmAdjustedCost": None,
}

VOLUME: dict[str, Any] = {
    "settlementDate": "2025-06-01",
    "settlementPeriod": 3,
    "startTime": "2025-06-01T00:00:00Z",
    "createdDateTime": "2025-06-02T06:44:27Z",
    "bmUnit": "T_MADEUP-1",
    "dataType": "Original",
    "totalVolumeAccepted": -12.25,
    "pairVolumes": {"negative1": -12.25, "positive1": None},
}

CASHFLOW: dict[str, Any] = {
    "settlementDate": "2025-06-01",
    "settlementPeriod": 3,
    "startTime": "2025-06-01T00:00:00Z",
    "createdDateTime": "2025-06-02T06:44:27Z",
    "bmUnit": "T_MADEUP-1",
    "totalCashflow": 841.9,
}

UNIT: dict[str, Any] = {
    "nationalGridBmUnit": "MADEUP-1",
    "elexonBmUnit": "T_MADEUP-1",
    "eic": None,
    "fuelType": "WIND",
    "leadPartyName": "Made Up Wind Limited",
    "bmUnitType": "T",
    "fpnFlag": True,
    "bmUnitName": "Made Up Wind Farm",
    "leadPartyId": "MADEUP",
    "demandCapacity": "-2.000",
    "generationCapacity": "99.000",
    "productionOrConsumptionFlag": "P",
    "transmissionLossFactor": "-0.0301340",
    "gspGroupName": None,
}


def rows(*changes: dict[str, Any], of: dict[str, Any] = ROW) -> dict[str, Any]:
    """A body of one row per change, the rows being numbered from 1."""
    numbered = [{"sequenceNumber": number} for number in range(1, len(changes) + 1)]
    return {
        "metadata": {"datasets": ["ISPSTACK"]},
        "data": [
            of | (number if "sequenceNumber" in of else {}) | change
            for number, change in zip(numbered, changes, strict=True)
        ],
    }


def without(field: str, of: dict[str, Any] = ROW) -> dict[str, Any]:
    """A body of one row that lacks a field."""
    return {"data": [{name: value for name, value in of.items() if name != field}]}


def asked(body: object, ask: Callable[[ElexonClient], Awaitable[T]]) -> T:
    """What the client makes of a body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def work() -> T:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
        async with ElexonClient("http://elexon.test/api", QUICK, transport=transport) as client:
            return await ask(client)

    return run(work())
