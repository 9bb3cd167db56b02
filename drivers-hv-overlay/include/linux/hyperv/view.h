/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bounds-checked views of host supplied bytes.
 *
 * Everything a Hyper-V host sends is copied out of shared memory once, into
 * private memory, and is then read through a view: a pointer, a length, and
 * accessors that cannot leave it.  Vocabulary:
 *
 * view		a private, immutable range of bytes.  A view never points into
 *		memory that the host can change, and it owns nothing: whoever
 *		made the copy keeps it alive.
 * sub-view	a part of a view; it can only get smaller.
 * cursor	a view and a position that only moves forward.  Every
 *		successful step consumes at least one byte, so a loop over a
 *		cursor ends whatever the bytes say.
 *
 * Offsets and lengths may come straight from the host: no sum of them is
 * computed before it is known to fit.  Every accessor returns 0 or -EBADMSG
 * and leaves its output alone when it fails.  Integers on the wire are little
 * endian and unaligned, the values handed out are native.
 *
 * Context: any.  Nothing here takes a lock, sleeps or allocates, and all of it
 * builds in user space and on either byte order.
 */
#ifndef _LINUX_HYPERV_VIEW_H
#define _LINUX_HYPERV_VIEW_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#include <linux/uuid.h>

/**
 * struct hv_view - a private range of bytes that came from the host
 * @p: first byte; may be %NULL if @len is 0
 * @len: length in bytes
 */
struct hv_view {
	const u8 *p;
	u32 len;
};

/**
 * hv_view_of() - make a view of a private buffer
 * @p: first byte of the buffer, not in shared memory
 * @len: number of valid bytes at @p
 *
 * Return: the view.
 */
static inline struct hv_view hv_view_of(const void *p, u32 len)
{
	return (struct hv_view){ .p = p, .len = len };
}

/**
 * hv_view_has() - test whether a range lies within a view
 * @v: view
 * @off: offset of the range in bytes, any value
 * @len: length of the range in bytes, any value
 *
 * Return: true if all @len bytes at @off are inside the view.
 */
static inline bool hv_view_has(const struct hv_view *v, u32 off, u32 len)
{
	return off <= v->len && len <= v->len - off;
}

/**
 * hv_view_u8() - read one byte
 * @v: view
 * @off: offset in bytes, any value
 * @out: where to put the value
 *
 * Return: 0 or -EBADMSG.
 */
static inline int __must_check hv_view_u8(const struct hv_view *v, u32 off,
					  u8 *out)
{
	if (!hv_view_has(v, off, sizeof(*out)))
		return -EBADMSG;
	*out = v->p[off];
	return 0;
}

/**
 * hv_view_le16() - read a little endian 16 bit integer
 * @v: view
 * @off: offset in bytes, any value
 * @out: where to put the value
 *
 * Return: 0 or -EBADMSG.
 */
static inline int __must_check hv_view_le16(const struct hv_view *v, u32 off,
					    u16 *out)
{
	if (!hv_view_has(v, off, sizeof(*out)))
		return -EBADMSG;
	*out = get_unaligned_le16(v->p + off);
	return 0;
}

/**
 * hv_view_le32() - read a little endian 32 bit integer
 * @v: view
 * @off: offset in bytes, any value
 * @out: where to put the value
 *
 * Return: 0 or -EBADMSG.
 */
static inline int __must_check hv_view_le32(const struct hv_view *v, u32 off,
					    u32 *out)
{
	if (!hv_view_has(v, off, sizeof(*out)))
		return -EBADMSG;
	*out = get_unaligned_le32(v->p + off);
	return 0;
}

/**
 * hv_view_le64() - read a little endian 64 bit integer
 * @v: view
 * @off: offset in bytes, any value
 * @out: where to put the value
 *
 * Return: 0 or -EBADMSG.
 */
static inline int __must_check hv_view_le64(const struct hv_view *v, u32 off,
					    u64 *out)
{
	if (!hv_view_has(v, off, sizeof(*out)))
		return -EBADMSG;
	*out = get_unaligned_le64(v->p + off);
	return 0;
}

/**
 * hv_view_copy() - copy bytes out of a view
 * @v: view
 * @off: offset in bytes, any value
 * @dst: destination, room for @len bytes
 * @len: number of bytes to copy; all or nothing
 *
 * Return: 0 or -EBADMSG.
 */
static inline int __must_check hv_view_copy(const struct hv_view *v, u32 off,
					    void *dst, u32 len)
{
	if (!hv_view_has(v, off, len))
		return -EBADMSG;
	if (len)
		memcpy(dst, v->p + off, len);
	return 0;
}

/**
 * hv_view_guid() - read a GUID
 * @v: view
 * @off: offset in bytes, any value
 * @out: where to put the GUID (the wire layout is that of guid_t)
 *
 * Return: 0 or -EBADMSG.
 */
static inline int __must_check hv_view_guid(const struct hv_view *v, u32 off,
					    guid_t *out)
{
	return hv_view_copy(v, off, out, sizeof(*out));
}

/**
 * hv_view_sub() - narrow a view
 * @v: view
 * @off: offset of the part in bytes, any value
 * @len: length of the part in bytes, any value; 0 gives an empty view
 * @sub: where to put the part; may be @v itself
 *
 * Return: 0 or -EBADMSG.
 */
static inline int __must_check hv_view_sub(const struct hv_view *v, u32 off,
					   u32 len, struct hv_view *sub)
{
	if (!hv_view_has(v, off, len))
		return -EBADMSG;
	*sub = hv_view_of(off ? v->p + off : v->p, len);
	return 0;
}

/**
 * hv_view_tail() - narrow a view to everything from an offset on
 * @v: view
 * @off: offset in bytes, any value up to and including the view's length
 * @tail: where to put the rest; may be @v itself
 *
 * Return: 0 or -EBADMSG.
 */
static inline int __must_check hv_view_tail(const struct hv_view *v, u32 off,
					    struct hv_view *tail)
{
	if (off > v->len)
		return -EBADMSG;
	*tail = hv_view_of(off ? v->p + off : v->p, v->len - off);
	return 0;
}

/**
 * struct hv_cursor - a view and a position that only moves forward
 * @v: the bytes that have not been consumed yet
 */
struct hv_cursor {
	struct hv_view v;
};

/**
 * hv_cursor_init() - start at the beginning of a view
 * @c: cursor
 * @v: view to walk
 */
static inline void hv_cursor_init(struct hv_cursor *c, const struct hv_view *v)
{
	c->v = *v;
}

/**
 * hv_cursor_left() - number of bytes that have not been consumed
 * @c: cursor
 *
 * Return: bytes left.
 */
static inline u32 hv_cursor_left(const struct hv_cursor *c)
{
	return c->v.len;
}

/**
 * hv_cursor_take() - consume bytes as a sub-view
 * @c: cursor
 * @len: number of bytes; 0 is refused, so that every success advances
 * @sub: where to put the view of the consumed bytes, or %NULL to skip them
 *
 * Return: 0 or -EBADMSG; the cursor does not move when it fails.
 */
static inline int __must_check hv_cursor_take(struct hv_cursor *c, u32 len,
					      struct hv_view *sub)
{
	if (!len || len > c->v.len)
		return -EBADMSG;
	if (sub)
		*sub = hv_view_of(c->v.p, len);
	c->v.p += len;
	c->v.len -= len;
	return 0;
}

/**
 * hv_cursor_u8() - consume one byte
 * @c: cursor
 * @out: where to put the value
 *
 * Return: 0 or -EBADMSG; the cursor does not move when it fails.
 */
static inline int __must_check hv_cursor_u8(struct hv_cursor *c, u8 *out)
{
	struct hv_view sub;
	int ret;

	ret = hv_cursor_take(c, sizeof(*out), &sub);
	return ret ?: hv_view_u8(&sub, 0, out);
}

/**
 * hv_cursor_le16() - consume a little endian 16 bit integer
 * @c: cursor
 * @out: where to put the value
 *
 * Return: 0 or -EBADMSG; the cursor does not move when it fails.
 */
static inline int __must_check hv_cursor_le16(struct hv_cursor *c, u16 *out)
{
	struct hv_view sub;
	int ret;

	ret = hv_cursor_take(c, sizeof(*out), &sub);
	return ret ?: hv_view_le16(&sub, 0, out);
}

/**
 * hv_cursor_le32() - consume a little endian 32 bit integer
 * @c: cursor
 * @out: where to put the value
 *
 * Return: 0 or -EBADMSG; the cursor does not move when it fails.
 */
static inline int __must_check hv_cursor_le32(struct hv_cursor *c, u32 *out)
{
	struct hv_view sub;
	int ret;

	ret = hv_cursor_take(c, sizeof(*out), &sub);
	return ret ?: hv_view_le32(&sub, 0, out);
}

/**
 * hv_cursor_le64() - consume a little endian 64 bit integer
 * @c: cursor
 * @out: where to put the value
 *
 * Return: 0 or -EBADMSG; the cursor does not move when it fails.
 */
static inline int __must_check hv_cursor_le64(struct hv_cursor *c, u64 *out)
{
	struct hv_view sub;
	int ret;

	ret = hv_cursor_take(c, sizeof(*out), &sub);
	return ret ?: hv_view_le64(&sub, 0, out);
}

/**
 * hv_cursor_copy() - consume bytes into a buffer
 * @c: cursor
 * @dst: destination, room for @len bytes
 * @len: number of bytes; 0 is refused, so that every success advances
 *
 * Return: 0 or -EBADMSG; the cursor does not move when it fails.
 */
static inline int __must_check hv_cursor_copy(struct hv_cursor *c, void *dst,
					      u32 len)
{
	struct hv_view sub;
	int ret;

	ret = hv_cursor_take(c, len, &sub);
	return ret ?: hv_view_copy(&sub, 0, dst, len);
}

/**
 * hv_cursor_guid() - consume a GUID
 * @c: cursor
 * @out: where to put the GUID
 *
 * Return: 0 or -EBADMSG; the cursor does not move when it fails.
 */
static inline int __must_check hv_cursor_guid(struct hv_cursor *c, guid_t *out)
{
	return hv_cursor_copy(c, out, sizeof(*out));
}

#endif /* _LINUX_HYPERV_VIEW_H */
