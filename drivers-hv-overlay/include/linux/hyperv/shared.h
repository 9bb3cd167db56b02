/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one door to memory that a Hyper-V host shares with this guest.
 *
 * A pointer to such memory is marked __hvshared, which sparse treats as an
 * address space of its own: it cannot be dereferenced, only handed to the
 * helpers below.  They make every access exactly one access: what was loaded
 * or copied is a private value that the host can no longer change, and the
 * compiler may not fetch it again.
 *
 * Integers in shared memory are little endian; helpers take and give native
 * values.  The ordering that a helper promises is the one in its name, none
 * otherwise.
 *
 * Context: any.  Builds in user space and on either byte order.
 */
#ifndef _LINUX_HYPERV_SHARED_H
#define _LINUX_HYPERV_SHARED_H

#include <asm/barrier.h>
#include <asm/byteorder.h>
#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

#ifdef __CHECKER__
#define __hvshared __attribute__((noderef, address_space(__hvshared)))
#else
#define __hvshared
#endif

/**
 * hvs_load32() - load a 32 bit integer once, without ordering
 * @p: where it is
 *
 * Return: the value in native byte order.
 */
static inline u32 hvs_load32(const __le32 __hvshared *p)
{
	return le32_to_cpu(READ_ONCE(*(const __force __le32 *)p));
}

/**
 * hvs_load32_acquire() - load a 32 bit integer before anything that follows
 * @p: where it is
 *
 * Return: the value in native byte order.
 */
static inline u32 hvs_load32_acquire(const __le32 __hvshared *p)
{
	/* Pairing is the caller's business. */
	return le32_to_cpu(virt_load_acquire((const __force __le32 *)p));
}

/**
 * hvs_load64() - load a 64 bit integer once, without ordering
 * @p: where it is; 8 byte aligned
 *
 * A 32 bit machine may load the halves one after the other, each once.
 *
 * Return: the value in native byte order.
 */
static inline u64 hvs_load64(const __le64 __hvshared *p)
{
	return le64_to_cpu(READ_ONCE(*(const __force __le64 *)p));
}

/**
 * hvs_store32() - store a 32 bit integer, without ordering
 * @p: where to
 * @val: value in native byte order
 */
static inline void hvs_store32(__le32 __hvshared *p, u32 val)
{
	WRITE_ONCE(*(__force __le32 *)p, cpu_to_le32(val));
}

/**
 * hvs_store32_release() - store a 32 bit integer after all that came before
 * @p: where to
 * @val: value in native byte order
 */
static inline void hvs_store32_release(__le32 __hvshared *p, u32 val)
{
	/* Pairing is the caller's business. */
	virt_store_release((__force __le32 *)p, cpu_to_le32(val));
}

/**
 * hvs_copyin() - copy shared memory into private memory, once
 * @dst: private destination
 * @src: shared source
 * @len: length in bytes
 *
 * The barrier keeps the compiler from reading @src again in place of the copy.
 */
static inline void hvs_copyin(void *dst, const void __hvshared *src, size_t len)
{
	memcpy(dst, (const __force void *)src, len);
	barrier_data(dst);
}

/**
 * hvs_copyout() - copy private memory into shared memory
 * @dst: shared destination
 * @src: private source
 * @len: length in bytes
 */
static inline void hvs_copyout(void __hvshared *dst, const void *src,
			       size_t len)
{
	memcpy((__force void *)dst, src, len);
}

/**
 * hvs_zero() - clear shared memory
 * @dst: shared destination
 * @len: length in bytes
 */
static inline void hvs_zero(void __hvshared *dst, size_t len)
{
	memset((__force void *)dst, 0, len);
}

#endif /* _LINUX_HYPERV_SHARED_H */
