/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_PRINTK_H
#define SHIM_LINUX_PRINTK_H

#include <linux/kconfig.h>
#include <stdio.h>

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#define KERN_ERR	""
#define KERN_WARNING	""
#define KERN_INFO	""
#define printk(...)	fprintf(stderr, __VA_ARGS__)
#define pr_err(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn			pr_err
#define pr_notice		pr_err
#define pr_info			pr_err
#define pr_debug(fmt, ...)	do { } while (0)
#define pr_err_ratelimited	pr_err
#define pr_warn_ratelimited	pr_err

static inline int __attribute__((__format__(printf, 3, 4)))
scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	__builtin_va_list ap;
	int n;

	if (!size)
		return 0;
	__builtin_va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	__builtin_va_end(ap);
	return n < (int)size ? n : (int)size - 1;
}

#endif /* SHIM_LINUX_PRINTK_H */
