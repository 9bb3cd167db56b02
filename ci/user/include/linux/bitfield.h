/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BITFIELD_H
#define SHIM_LINUX_BITFIELD_H

#include <linux/bits.h>

#define SHIM_SHIFT(mask)	__builtin_ctzll(mask)
#define FIELD_GET(mask, v) \
	((__typeof__(mask))(((v) & (mask)) >> SHIM_SHIFT(mask)))
#define FIELD_PREP(mask, v) \
	(((__typeof__(mask))(v) << SHIM_SHIFT(mask)) & (mask))
#define FIELD_FIT(mask, v) \
	(!((((__typeof__(mask))(v)) << SHIM_SHIFT(mask)) & ~(mask)))
#define FIELD_MAX(mask) ((__typeof__(mask))((mask) >> SHIM_SHIFT(mask)))

#endif /* SHIM_LINUX_BITFIELD_H */
