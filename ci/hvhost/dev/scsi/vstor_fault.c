// SPDX-License-Identifier: GPL-2.0-only
/*
 * Misbehaviour on purpose: what a broken or hostile host could answer, so that a
 * guest's checks can be tried. One fault is set at a time, for a number of messages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vstor.h"

enum vstor_fault_field {
	FAULT_OP, FAULT_STATUS, FAULT_SRB, FAULT_SCSI, FAULT_LENGTH, FAULT_SENSE_LENGTH,
	FAULT_BYTES, FAULT_ID, FAULT_MAX_TRANSFER, FAULT_FIELDS,
};

static const struct {
	const char *name;
	uint64_t max;
} field[FAULT_FIELDS] = {
	[FAULT_OP]		= { "op", UINT32_MAX },
	[FAULT_STATUS]		= { "status", UINT32_MAX },
	[FAULT_SRB]		= { "srb", UINT8_MAX },
	[FAULT_SCSI]		= { "scsi", UINT8_MAX },
	[FAULT_LENGTH]		= { "length", UINT32_MAX },
	[FAULT_SENSE_LENGTH]	= { "sense-length", UINT8_MAX },
	[FAULT_BYTES]		= { "bytes", sizeof(struct vstor_msg) },
	[FAULT_ID]		= { "id", UINT64_MAX },
	[FAULT_MAX_TRANSFER]	= { "max-transfer", UINT32_MAX },
};

_Static_assert(FAULT_FIELDS == ARRAY_SIZE(((struct vstor_fault *)0)->value), "fault fields");

static void usage(struct text *answer)
{
	text_add(answer,
		 "fault [on=OP] [count=N] CHANGE... : the next N (1) answers to operation OP (3,\n"
		 "  a SCSI request), or unasked messages of it, are changed: op=, status=, srb=,\n"
		 "  scsi=, length= (transferred), sense-length=, bytes= (of the message), id=\n"
		 "  (transaction), max-transfer= give values; twice: sent twice; lost: not sent.\n"
		 "fault off : no more faults\n");
}

static bool set_field(struct vstor_fault *f, const char *name, size_t len, const char *value)
{
	for (unsigned int i = 0; i < FAULT_FIELDS; i++) {
		if (strlen(field[i].name) != len || strncmp(name, field[i].name, len))
			continue;
		f->set |= 1u << i;
		return vstor_number(value, field[i].max, &f->value[i]);
	}
	return false;
}

static bool set_part(struct vstor_fault *f, const char *arg)
{
	const char *equals = strchr(arg, '=');
	uint64_t value;

	if (!strcmp(arg, "twice")) {
		f->twice = true;
	} else if (!strcmp(arg, "lost")) {
		f->lost = true;
	} else if (!equals) {
		return false;
	} else if (!strncmp(arg, "on=", 3)) {
		if (!vstor_number(arg + 3, UINT32_MAX, &value))
			return false;
		f->on = value;
	} else if (!strncmp(arg, "count=", 6)) {
		if (!vstor_number(arg + 6, UINT32_MAX, &value))
			return false;
		f->count = value;
	} else {
		return set_field(f, arg, equals - arg, equals + 1);
	}
	return true;
}

bool vstor_fault_set(struct vstor *v, int argc, char **argv, struct text *answer)
{
	struct vstor_fault f = { .count = 1, .on = VSTOR_EXECUTE_SRB };

	if (argc < 2 || !strcmp(argv[1], "help")) {
		usage(answer);
		return argc >= 2;
	}
	if (!strcmp(argv[1], "off") && argc == 2)
		f.count = 0;
	else
		for (int i = 1; i < argc; i++) {
			if (set_part(&f, argv[i]))
				continue;
			text_add(answer, "%s is no part of a fault, see `fault help`", argv[i]);
			return false;
		}
	pthread_mutex_lock(&v->lock);
	v->fault = f;
	v->faults_left = f.count;
	pthread_mutex_unlock(&v->lock);
	return true;
}

bool vstor_fault_take(struct vstor *v, uint32_t op, struct vstor_fault *fault)
{
	bool due;

	if (!atomic_load_explicit(&v->faults_left, memory_order_relaxed))
		return false;
	pthread_mutex_lock(&v->lock);
	due = v->fault.count && v->fault.on == op;
	if (due) {
		v->faults_left = --v->fault.count;
		*fault = v->fault;
	}
	pthread_mutex_unlock(&v->lock);
	return due;
}

uint32_t vstor_fault_apply(const struct vstor_fault *f, struct vstor_msg *msg, uint32_t bytes,
			   uint64_t *transaction)
{
	const uint64_t *value = f->value;

	if (f->set & 1u << FAULT_OP)
		msg->op = value[FAULT_OP];
	if (f->set & 1u << FAULT_STATUS)
		msg->status = value[FAULT_STATUS];
	if (f->set & 1u << FAULT_SRB)
		msg->srb.srb_status = value[FAULT_SRB];
	if (f->set & 1u << FAULT_SCSI)
		msg->srb.scsi_status = value[FAULT_SCSI];
	if (f->set & 1u << FAULT_LENGTH)
		msg->srb.data_length = value[FAULT_LENGTH];
	if (f->set & 1u << FAULT_SENSE_LENGTH)
		msg->srb.sense_length = value[FAULT_SENSE_LENGTH];
	if (f->set & 1u << FAULT_MAX_TRANSFER)
		msg->properties.max_transfer = value[FAULT_MAX_TRANSFER];
	if (f->set & 1u << FAULT_ID)
		*transaction = value[FAULT_ID];
	return f->set & 1u << FAULT_BYTES ? value[FAULT_BYTES] : bytes;
}
