/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KVM's Hyper-V emulation leaves to user space (TLFS; KVM api.rst): CPUID
 * leaves, message slots and event flags of SynIC, the post-message hypercall, the
 * signal-event connections, the crash registers. Knows nothing of VMBus: the bus
 * gets messages by vmbus_post_message() and sends by synic_*().
 *
 * SynIC state of a VP is guarded by its own lock, a leaf but for the irqfd write.
 */
#ifndef HVHOST_HYPERV_H
#define HVHOST_HYPERV_H

#include "../machine/machine.h"

#define HV_MESSAGE_BYTES	240	/* TLFS: payload of a SynIC message */
#define HV_EVENT_FLAGS		2048	/* per SINT */
#define HV_SINTS		16	/* per VP */
#define HV_MESSAGE_QUEUE	1024	/* messages that wait, per VP */

/* TLFS hypercall status codes */
enum {
	HV_OK			= 0,
	HV_INVALID_CODE		= 2,
	HV_INVALID_INPUT	= 3,
	HV_INVALID_ALIGNMENT	= 4,
	HV_INVALID_PARAMETER	= 5,
	HV_INVALID_CONNECTION	= 18,
	HV_NO_BUFFERS		= 19,
};

/* Dies naming the capability that this KVM lacks. */
void hyperv_check_kvm(void);
/* Once per vCPU after its creation: CPUID, SynIC, MSR filter. */
void hyperv_vcpu_setup(struct vcpu *v);
/* Once, after all vCPUs exist: GSI routes and irqfds of the SINTs. */
void hyperv_setup(void);
/* Exits: return false when the exit is not for Hyper-V. vCPU thread. */
bool hyperv_exit(struct vcpu *v);

/* Room for another queued message? */
bool synic_room(unsigned int vp);
/*
 * Queues a message for a VP's SINT; slots keep order and wait for EOM. Any thread.
 * False: no such VP, too long, or queue full (HV_MESSAGE_QUEUE entries).
 */
bool synic_post(unsigned int vp, unsigned int sint, const void *payload, size_t len);
/* The same with another message type of the TLFS than VMBus's. */
bool synic_post_type(unsigned int vp, unsigned int sint, uint32_t type, const void *payload,
		     size_t len);
/* Sets an event flag, and interrupts if it was clear. Any thread. */
void synic_flag(unsigned int vp, unsigned int sint, unsigned int flag);
/* Forgets all queued messages of all VPs (new connection). */
void synic_forget(void);

/*
 * HvSignalEvent on connection conn ends in an eventfd, in the kernel. Returns the
 * fd (non-blocking, owned by the caller) or -1; hv_signal_remove() closes it.
 */
int hv_signal_add(uint32_t conn);
void hv_signal_remove(uint32_t conn, int fd);

/* What became of the guest's hints that free pages are cold. Any thread. */
struct cold_counters {
	uint64_t hints, bytes, refused;
};
void hyperv_cold(struct cold_counters *c);

/* What the guest left in the crash registers. False: it did not crash. */
bool hyperv_crash_parameters(uint64_t parameter[5]);

/* Up-calls, implemented by the bus. vCPU thread. Return TLFS status. */
uint16_t vmbus_post_message(unsigned int vp, uint32_t conn, uint32_t type,
			    const void *payload, uint32_t len);

#endif
