/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What packet.c sees of the new core in the benchmark: the channel with its
 * two ring engines, and a doorbell that is never rung.
 */
#ifndef BENCH_CHAN_OPS_H
#define BENCH_CHAN_OPS_H

#include "kernel.h"
#include <linux/hyperv.h>

#include "logic/ring_rx.h"
#include "logic/ring_tx.h"

#define VMBUS_POISON_TX		0
#define VMBUS_POISON_RX		1
#define VMBUS_MAX_RELIDS	2048

struct vmbus_chan {
	struct vmbus_channel ch;
	struct hvb_ring_tx tx;
	unsigned long tx_flags;
	struct hvb_ring_rx rx;
	void *rx_buf;
	unsigned long *monitor_word;
	unsigned long poison_told;
};

#define to_vmbus_chan(c)	container_of(c, struct vmbus_chan, ch)

static u64 bench_int_page[512] __maybe_unused;

static struct {
	void *int_page;
} vmbus_conn __maybe_unused = { bench_int_page };

static struct {
	bool paravisor_present;
} ms_hyperv __maybe_unused;

void vmbus_ring_poisoned(struct vmbus_chan *chan, unsigned int which);

#define HVCALL_SIGNAL_EVENT		0x005d
#define HV_HYPERCALL_FAST_BIT		BIT(16)
#define sync_set_bit(n, p)		set_bit(n, (unsigned long *)(p))
#define hv_do_fast_hypercall8(c, v)	((void)(v))
#define hv_isolation_type_snp()		(false)
#define hv_isolation_type_tdx()		(false)
#define hv_ghcb_hypercall(c, i, o, n)	((void)(i))
#define hv_tdx_hypercall(c, a, b)	((void)(a))
#define __acquire(lock)			((void)0)
#define __release(lock)			((void)0)
#define trace_vmbus_setevent(c)		((void)(c))
#define vmbus_debug_delay_message(c)	((void)(c))

#endif /* BENCH_CHAN_OPS_H */
