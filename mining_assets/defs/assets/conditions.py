"""When months and years are rebuilt by themselves."""

import dagster as dg

_WHEN = dg.AutomationCondition

# The usual `eager()` recipe loses an update that arrives in the same tick as the request of an earlier one; this form
# keeps it, at the price of rebuilding a span once more now and then, which writes nothing when nothing changed.
ANY_UPSTREAM_PARTITION_CHANGED = (
    _WHEN.any_deps_match(_WHEN.newly_updated()).since(_WHEN.newly_requested())
    & ~_WHEN.any_deps_in_progress()
    & ~_WHEN.in_progress()
).with_label("any_upstream_partition_changed")
