// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic memory handshake.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/export.h>

#include "../wire/dm.h"
#include "dm_version.h"

/* Best first. */
static const u32 versions[] = {
	HVDM_VERSION_2_0,
	HVDM_VERSION_1_0,
	HVDM_VERSION_0_3,
};

static enum hvdm_nego_act nego_fail(struct hvdm_nego *nego)
{
	WRITE_ONCE(nego->phase, HVDM_NEGO_FAILED);
	return HVDM_NEGO_ACT_FAIL;
}

static enum hvdm_nego_act nego_propose(struct hvdm_nego *nego)
{
	if (nego->next >= ARRAY_SIZE(versions))
		return nego_fail(nego);
	WRITE_ONCE(nego->phase, HVDM_NEGO_VERSION);
	nego->version = versions[nego->next++];
	nego->is_last = nego->next == ARRAY_SIZE(versions);
	return HVDM_NEGO_ACT_VERSION;
}

/**
 * hvdm_nego_start() - begin a handshake
 * @nego: state; whatever it held is forgotten
 *
 * Return: HVDM_NEGO_ACT_VERSION.
 */
enum hvdm_nego_act hvdm_nego_start(struct hvdm_nego *nego)
{
	nego->next = 0;
	return nego_propose(nego);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_nego_start);

/**
 * hvdm_nego_version() - the host answered a version request
 * @nego: state
 * @accepted: the host takes the version
 *
 * Return: what to do next.
 */
enum hvdm_nego_act hvdm_nego_version(struct hvdm_nego *nego, bool accepted)
{
	if (nego->phase != HVDM_NEGO_VERSION)
		return HVDM_NEGO_ACT_NONE;
	if (!accepted)
		return nego_propose(nego);
	WRITE_ONCE(nego->phase, HVDM_NEGO_CAPS);
	return HVDM_NEGO_ACT_CAPS;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_nego_version);

/**
 * hvdm_nego_caps() - the host answered the capabilities report
 * @nego: state
 * @accepted: the host takes the capabilities
 *
 * Return: what to do next.
 */
enum hvdm_nego_act hvdm_nego_caps(struct hvdm_nego *nego, bool accepted)
{
	if (nego->phase != HVDM_NEGO_CAPS)
		return HVDM_NEGO_ACT_NONE;
	if (!accepted)
		return nego_fail(nego);
	WRITE_ONCE(nego->phase, HVDM_NEGO_DONE);
	return HVDM_NEGO_ACT_DONE;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_nego_caps);
