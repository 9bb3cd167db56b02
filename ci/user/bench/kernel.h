/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stand-ins that let the kernel's linux/hyperv.h, its drivers/hv/ring_buffer.c
 * and our packet.c compile in user space for the benchmark.  Types only as
 * deep as these files look; what the measured paths execute, locks first of
 * all, is the same for both sides.  Headers that just include this one are
 * made in the build folder by ci/bench.
 */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <asm/barrier.h>
#include <asm/byteorder.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uuid.h>

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define PAGE_ALIGN(x)		ALIGN(x, PAGE_SIZE)
#define HV_HYP_PAGE_SHIFT	12
#define HV_HYP_PAGE_SIZE	(1UL << HV_HYP_PAGE_SHIFT)
#define HV_HYP_PAGE_MASK	(~(HV_HYP_PAGE_SIZE - 1))

typedef struct { int val; } spinlock_t;
typedef struct { int counter; } atomic_t;
struct mutex { int val; };
struct completion { int val; };
struct rcu_head { void *next; void (*func)(struct rcu_head *head); };
struct kobject { const char *name; };
struct kset { struct kobject kobj; };
struct work_struct { void (*func)(struct work_struct *work); };
struct tasklet_struct { void (*func)(unsigned long data); };
struct device_driver { const char *name; };
struct device_dma_parameters { int val; };
struct device { void *driver_data; };
struct cpumask { unsigned long bits[1]; };
typedef struct cpumask cpumask_t;
typedef struct cpumask cpumask_var_t[1];
struct kvec { void *iov_base; size_t iov_len; };
struct reciprocal_value { u32 m; u8 sh1, sh2; };
struct hv_vmbus_device_id { guid_t guid; unsigned long driver_data; };
typedef struct { unsigned long val; } pgprot_t;
struct page { unsigned long flags; };
struct dentry;
struct resource;
struct vm_area_struct;

#define container_of_const	container_of
#define dev_set_drvdata(d, v)	((d)->driver_data = (v))
#define dev_get_drvdata(d)	((d)->driver_data)

static inline u32 reciprocal_divide(u32 a, struct reciprocal_value r)
{
	u32 t = (u32)(((u64)a * r.m) >> 32);

	return (t + ((a - t) >> r.sh1)) >> r.sh2;
}

static inline struct reciprocal_value reciprocal_value(u32 d)
{
	return (struct reciprocal_value){ .m = d };
}

static inline bool spin_is_locked(const spinlock_t *lock)
{
	return READ_ONCE(lock->val);
}

/* One atomic to take it and a store to release it, as on x86. */
static inline void spin_lock(spinlock_t *lock)
{
	int expected = 0;

	while (unlikely(!__atomic_compare_exchange_n(&lock->val, &expected, 1,
						     false, __ATOMIC_ACQUIRE,
						     __ATOMIC_RELAXED)))
		expected = 0;
}

static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->val, 0, __ATOMIC_RELEASE);
}

#define spin_lock_irqsave(l, flags) \
	do { (flags) = 0; spin_lock(l); } while (0)
#define spin_unlock_irqrestore(l, flags) \
	do { (void)(flags); spin_unlock(l); } while (0)
#define spin_lock_init(l)		((l)->val = 0)
#define mutex_init(m)			((m)->val = 0)
#define mutex_lock(m)			((m)->val = 1)
#define mutex_unlock(m)			((m)->val = 0)

/* Memory management of the legacy ring, which the benchmark does itself. */
#define VM_MAP				0
#define PAGE_KERNEL			((pgprot_t){ 0 })
#define pgprot_decrypted(p)		(p)
#define vmap(pages, n, flags, prot)	((void *)(pages))
#define vunmap(p)			((void)(p))
#define virt_to_phys(p)			((unsigned long)(p))
#define is_vmalloc_addr(p)		(false)
#define vmalloc_to_pfn(p)		((unsigned long)(p))
#define offset_in_page(p)		((unsigned long)(p) & (PAGE_SIZE - 1))
#define __phys_to_pfn(p)		((p) >> PAGE_SHIFT)

#define pr_err_once(...)		do { } while (0)

#endif /* BENCH_KERNEL_H */
