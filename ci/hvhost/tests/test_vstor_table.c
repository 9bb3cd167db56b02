// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUNs come and go while workers use them: the table has no lock, so this is a test for
 * the address sanitizer. Each worker holds its channel's lock as the bus does.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "test.h"

#include "../dev/scsi/vstor.h"
#include "../machine/machine.h"

#define WORKERS	2
#define ROUNDS	500u

struct machine machine;

static struct hv_device device;
static struct hv_channel channel[WORKERS];
static pthread_mutex_t lock[WORKERS] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };
static atomic_bool stop;
static atomic_uint found[WORKERS], missed[WORKERS];

bool channel_lock(struct hv_channel *ch)
{
	pthread_mutex_lock(&lock[ch->sub]);
	return true;
}

void channel_unlock(struct hv_channel *ch)
{
	pthread_mutex_unlock(&lock[ch->sub]);
}

struct hv_channel *device_channel(struct hv_device *dev, unsigned int sub)
{
	return sub <= dev->max_sub ? &channel[sub] : NULL;
}

/* What else of the bus the controller names; nothing here calls it. */
bool channel_send(struct hv_channel *ch, const void *data, uint32_t len, uint64_t transaction,
		  bool want_completion)
{
	(void)ch, (void)data, (void)len, (void)transaction, (void)want_completion;
	return false;
}

bool channel_complete(struct hv_channel *ch, uint64_t transaction, const void *data,
		      uint32_t len)
{
	(void)ch, (void)data, (void)len, (void)transaction;
	return false;
}

void channel_hold(struct hv_channel *ch) { (void)ch; }
void channel_release(struct hv_channel *ch) { (void)ch; }
void channel_timer(struct hv_channel *ch, uint64_t ns) { (void)ch, (void)ns; }
void channel_kill(struct hv_channel *ch, const char *why) { (void)ch, (void)why; }

bool device_offer_subchannels(struct hv_device *dev, unsigned int count)
{
	(void)dev, (void)count;
	return false;
}

void *guest_ptr(uint64_t gpa, uint64_t len)
{
	(void)gpa, (void)len;
	return NULL;
}

static void read_one(struct vstor *v, unsigned int worker)
{
	struct scsi_cmd cmd = { .cdb = { 0x28, [8] = 8 }, .cdb_len = 10, .data_len = 4096 };
	uint8_t data[4096];
	struct sg_entry entry = { data, sizeof(data) };
	struct sg sg = { .entry = &entry, .count = 1, .bytes = sizeof(data) };
	struct lun *lun;

	cmd.data = &sg;
	channel_lock(&channel[worker]);
	lun = vstor_lun(v, 1, 5);
	if (lun) {
		lun_execute(lun, &cmd);
		found[worker]++;
	} else {
		missed[worker]++;
	}
	channel_unlock(&channel[worker]);
}

static void *work(void *arg)
{
	unsigned int worker = (struct hv_channel *)arg - channel;

	while (!stop)
		read_one(device.priv, worker);
	return NULL;
}

static void luns_come_and_go(void **state)
{
	struct options *o = options_parse("subchannels=1");
	pthread_t thread[WORKERS];
	char error[200] = "";
	unsigned int round = 0;
	bool all = false;

	(void)state;
	device.ops = &scsi_ops;
	assert_true(scsi_ops.create(&device, o, error, sizeof(error)));
	assert_true(options_end(o, error, sizeof(error)));
	for (unsigned int i = 0; i < WORKERS; i++) {
		channel[i] = (struct hv_channel){ .dev = &device, .sub = i };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &channel[i]), 0);
	}
	/* Until each worker has seen both: it is no test where nothing met. */
	while (round < ROUNDS || !all) {
		assert_true(vstor_lun_add(device.priv, 1, 5, "mem:64K", error, sizeof(error)));
		assert_false(vstor_lun_add(device.priv, 1, 5, "mem:64K", error, sizeof(error)));
		assert_true(vstor_lun_remove(device.priv, 1, 5));
		assert_false(vstor_lun_remove(device.priv, 1, 5));
		round++;
		all = true;
		for (unsigned int i = 0; i < WORKERS; i++)
			all &= found[i] && missed[i];
	}
	stop = true;
	for (unsigned int i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	scsi_ops.destroy(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(luns_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
