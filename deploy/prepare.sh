#!/bin/sh
# What has to be done once before a version starts, and does nothing the second time: both schemas, and the pool's
# limit, which a fresh instance would not hold for the first runs it takes from the queue.
set -eu
mining-assets db upgrade
mining-assets db check
dagster instance migrate
dagster instance concurrency set elexon_api 1
