/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The barriers that the kernel uses against another processor, spelled so
 * that they cost what they cost there.
 */
#ifndef SHIM_ASM_BARRIER_H
#define SHIM_ASM_BARRIER_H

#include <linux/compiler.h>

#if defined(__x86_64__)
#define virt_mb() \
	__asm__ __volatile__("lock; addl $0,-4(%%rsp)" : : : "memory", "cc")
#define virt_rmb()	barrier()
#define virt_wmb()	barrier()
#else
#define virt_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define virt_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define virt_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#endif

#define virt_store_release(p, v)	__atomic_store_n((p), (v), \
							 __ATOMIC_RELEASE)
#define virt_load_acquire(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define virt_store_mb(x, v)	do { WRITE_ONCE(x, v); virt_mb(); } while (0)

#define mb()			virt_mb()
#define rmb()			virt_rmb()
#define wmb()			virt_wmb()
#define smp_mb()		virt_mb()
#define smp_rmb()		virt_rmb()
#define smp_wmb()		virt_wmb()
#define smp_store_release	virt_store_release
#define smp_load_acquire	virt_load_acquire

#endif /* SHIM_ASM_BARRIER_H */
