# SPDX-License-Identifier: GPL-2.0-only
"""Prints what a run saw as a table: device, driver, version, figure."""


def tour_rows(values):
    """The rows for the run scenario's values."""
    down = values["total"] - values["total_down"]
    up = values["total_up"] - values["total_down"]
    return [
        ("VMBus", "hv_vmbus", "VMBus " + values["vmbus_version"],
         "kernel " + values["kernel"]),
        (values["device"][:8] + " (memory)", values["driver"],
         "dynamic memory " + values["dm_version"],
         "status: %d MiB committed, %d MiB available" % (
             values["committed"] // 1024, values["available"] // 1024)),
        ("", "", "balloon down", "%d -> %d kB MemTotal (%d MiB given)" % (
            values["total"], values["total_down"], down // 1024)),
        ("", "", "balloon up", "%d -> %d kB MemTotal (%d MiB back)" % (
            values["total_down"], values["total_up"], up // 1024)),
    ]


def render(header, rows):
    """A plain text table."""
    widths = [max(len(row[i]) for row in [header] + rows)
              for i in range(len(header))]
    rule = tuple("-" * width for width in widths)
    return "\n".join("  ".join(cell.ljust(width)
                               for cell, width in zip(row, widths)).rstrip()
                     for row in [header, rule] + rows)
