"""Curtailed GB wind and the Bitcoin it could have mined."""

CODE_LOCATION = "mining_assets.definitions"
"""The name of the code location, which is one everywhere: the daemon finds the code of a queued run by it.

It is the module's, since that is the name which Dagster gives where a command says ``-m`` and cannot say another.
"""
