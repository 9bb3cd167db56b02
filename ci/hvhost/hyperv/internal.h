/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the Hyper-V layer tell each other. */
#ifndef HVHOST_HYPERV_INTERNAL_H
#define HVHOST_HYPERV_INTERNAL_H

#include "hyperv.h"

/* Synthetic MSRs (TLFS, appendix) that user space sees */
#define HV_MSR_EOM		0x40000084u
#define HV_MSR_CRASH_P0		0x40000100u
#define HV_CRASH_PARAMETERS	5u
#define HV_MSR_CRASH_CTL	0x40000105u

/* cpuid.c */
void cpuid_setup(struct vcpu *v);

/* synic.c */
void synic_setup_vcpu(struct vcpu *v);
void synic_setup_routes(void);
/* The guest wrote a SynIC register. */
void synic_registers(struct vcpu *v, uint64_t control, uint64_t messages, uint64_t events);
/* The guest said end of message. */
void synic_eom(struct vcpu *v);

/* ext.c: extended hypercalls; the result with its repetitions. Any vCPU thread. */
uint64_t ext_call(uint64_t input, uint64_t in, uint64_t out);

/* crash.c: MSRs through which a guest tells that it crashed. False: not such an MSR. */
bool crash_read(uint32_t msr, uint64_t *value);
bool crash_write(uint32_t msr, uint64_t value);
void crash_reset(void);

#endif
