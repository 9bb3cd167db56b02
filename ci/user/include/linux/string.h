/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_STRING_H
#define SHIM_LINUX_STRING_H

#include <linux/errno.h>
#include <linux/types.h>
#include <string.h>
#include <strings.h>

static inline ssize_t shim_strscpy(char *d, const char *s, size_t n)
{
	size_t len = strnlen(s, n);

	if (!n)
		return -E2BIG;
	if (len == n) {
		memcpy(d, s, n - 1);
		d[n - 1] = '\0';
		return -E2BIG;
	}
	memcpy(d, s, len + 1);
	return len;
}

#define SHIM_STRSCPY_2(d, s)		shim_strscpy(d, s, sizeof(d))
#define SHIM_STRSCPY_3(d, s, n)		shim_strscpy(d, s, n)
#define SHIM_STRSCPY_N(a, b, c, n, ...)	SHIM_STRSCPY_##n
#define SHIM_STRSCPY(...)		SHIM_STRSCPY_N(__VA_ARGS__, 3, 2, 1)
#define strscpy(...)			SHIM_STRSCPY(__VA_ARGS__)(__VA_ARGS__)

static inline void *memchr_inv(const void *p, int c, size_t n)
{
	const u8 *s = p;

	for (; n; s++, n--)
		if (*s != (u8)c)
			return (void *)s;
	return NULL;
}

static inline bool mem_is_zero(const void *p, size_t n)
{
	return !memchr_inv(p, 0, n);
}

static inline void memzero_explicit(void *p, size_t n)
{
	memset(p, 0, n);
	barrier_data(p);
}

static inline size_t str_has_prefix(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) ? 0 : n;
}

static inline bool strstarts(const char *s, const char *prefix)
{
	return str_has_prefix(s, prefix);
}

#define memset_after(obj, v, member) \
	memset((u8 *)(obj) + offsetofend(__typeof__(*(obj)), member), (v), \
	       sizeof(*(obj)) - offsetofend(__typeof__(*(obj)), member))

#endif /* SHIM_LINUX_STRING_H */
