/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_KCONFIG_H
#define SHIM_LINUX_KCONFIG_H

/* No option is set in user space but KUnit itself. */
#define CONFIG_KUNIT		1
#define SHIM_ON_1		0,
#define SHIM_SECOND(a, b, ...)	b
#define SHIM_IS(v)		SHIM_IS_(SHIM_ON_##v)
#define SHIM_IS_(junk)		SHIM_SECOND(junk 1, 0, 0)
#define IS_ENABLED(option)	SHIM_IS(option)
#define IS_BUILTIN(option)	SHIM_IS(option)
#define IS_MODULE(option)	0
#define IS_REACHABLE(option)	SHIM_IS(option)

#endif /* SHIM_LINUX_KCONFIG_H */
