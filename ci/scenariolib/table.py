# SPDX-License-Identifier: GPL-2.0-only
"""Prints what a run saw as a table: device, driver, protocol, figure."""


def _disk_rows(values):
    yield (values["storage"][:8] + " (SCSI)", values["storage_driver"],
           "vstor " + values["vstor_version"],
           "root file system: " + " ".join(values["root"].split()))
    yield ("", "", "data disk", "%d MiB written and verified" % (
        values["written"] >> 20))
    yield ("", "", "TRIM", "%d of %d MiB given back" % (
        values["unmapped"] >> 20, values["lun_size"] >> 20))


def _nic_rows(values):
    yield (values["nic"][:8] + " (NIC)", values["nic_driver"],
           "NVSP %s" % values["nvsp"],
           "%d of 200 pings of 1000 bytes answered by the other NIC" % (
               values["pings"]))
    yield ("", "", "TCP", "%d KiB, %d large packets cut by the host" % (
        values["tcp_bytes"] >> 10, values["tcp_large"]))
    yield ("", "", "checksums", "%d good, %d bad" % (
        values["checksums"], values["bad"]))


def _memory_rows(values):
    down = values["total"] - values["total_down"]
    up = values["total_up"] - values["total_down"]
    yield (values["device"][:8] + " (memory)", values["driver"],
           "dynamic memory " + values["dm_version"],
           "status: %d MiB committed, %d MiB available" % (
               values["committed"] // 1024, values["available"] // 1024))
    yield ("", "", "balloon down", "%d -> %d kB MemTotal (%d MiB given)" % (
        values["total"], values["total_down"], down // 1024))
    yield ("", "", "balloon up", "%d -> %d kB MemTotal (%d MiB back)" % (
        values["total_down"], values["total_up"], up // 1024))


def _component_rows(values):
    yield ("heartbeat", values["beats_driver"],
           "heartbeat %s" % values["beats_version"],
           "%d beats answered" % values["beats"])
    yield ("time sync", values["beats_driver"],
           "time sync %s" % values["time_version"],
           "guest and host %d s apart" % abs(
               values["guest_time"] - values["host_time"]))
    yield ("key/value", values["beats_driver"],
           "KVP %s" % values["kvp_version"],
           "%d items from the guest's daemon" % values["kvp_items"])
    yield ("shutdown", values["beats_driver"],
           "shutdown %s" % values["shutdown_version"],
           "the guest is off, as the host asked")


# The value that says that a run saw the device, and its rows.
PARTS = (("storage", _disk_rows), ("nic", _nic_rows),
         ("device", _memory_rows),
         ("beats", _component_rows))


def tour_rows(values):
    """The rows for the run scenario's values."""
    rows = [("VMBus", "hv_vmbus", "VMBus " + values["vmbus_version"],
             "kernel " + values["kernel"])]
    for key, part in PARTS:
        if key in values:
            rows += part(values)
    return rows


def render(header, rows):
    """A plain text table."""
    widths = [max(len(row[i]) for row in [header] + rows)
              for i in range(len(header))]
    rule = tuple("-" * width for width in widths)
    return "\n".join("  ".join(cell.ljust(width)
                               for cell, width in zip(row, widths)).rstrip()
                     for row in [header, rule] + rows)
