// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for the limits of a SCSI host. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../logic/limits.h"

static const struct stv_limits_in usual = {
	.kind = STV_DEV_SCSI,
	.ring_bytes = 128 << 10,
	.online_cpus = 4,
	.present_cpus = 4,
	.vcpus_per_sub_channel = 4,
	.lowater = 10,
	.max_transfer = 8 << 20,
};

static void limits_usual(struct kunit *test)
{
	struct stv_limits lim;

	stv_limits(&usual, &lim);
	KUNIT_EXPECT_EQ(test, lim.can_queue, 327);
	KUNIT_EXPECT_EQ(test, lim.max_sectors, 16384);
	KUNIT_EXPECT_EQ(test, lim.sg_tablesize, 2049);
	KUNIT_EXPECT_EQ(test, lim.nr_hw_queues, 4);
	KUNIT_EXPECT_FALSE(test, lim.hw_queues_reset);
	KUNIT_EXPECT_EQ(test, lim.max_lun, 255);
	KUNIT_EXPECT_EQ(test, lim.max_id, 2);
	KUNIT_EXPECT_EQ(test, lim.max_channel, 7);
}

/* What the original driver comes to, by its formula and a calculator. */
static void limits_can_queue(struct kunit *test)
{
	static const struct {
		enum stv_dev_kind kind;
		u32 ring, cpus;
		int ratio, lowater;
		u32 want;
	} cases[] = {
		{ STV_DEV_SCSI, 128 << 10, 1, 4, 10, 327 },
		{ STV_DEV_SCSI, 128 << 10, 5, 4, 10, 655 },
		{ STV_DEV_SCSI, 128 << 10, 64, 4, 10, 5241 },
		{ STV_DEV_SCSI, 128 << 10, 128, 4, 10, 10483 },
		{ STV_DEV_FC, 128 << 10, 64, 4, 10, 5241 },
		{ STV_DEV_IDE, 128 << 10, 64, 4, 10, 327 },
		{ STV_DEV_SCSI, 1 << 20, 4, 4, 10, 2620 },
		{ STV_DEV_SCSI, 128 << 10, 8, 1, 10, 2620 },
		{ STV_DEV_SCSI, 128 << 10, 4, 4, 0, 364 },
		{ STV_DEV_SCSI, 128 << 10, 4, 4, 99, 3 },
		/* Where the original's arithmetic breaks. */
		{ STV_DEV_SCSI, 128 << 10, 64, 0, 10, 5241 },
		{ STV_DEV_SCSI, 128 << 10, 64, -1, 10, 5241 },
		{ STV_DEV_SCSI, 128 << 10, 64, S32_MIN, 10, 5241 },
		{ STV_DEV_SCSI, 128 << 10, 64, S32_MAX, 10, 327 },
		{ STV_DEV_SCSI, 128 << 10, 4, 4, 100, 3 },
		{ STV_DEV_SCSI, 128 << 10, 4, 4, S32_MAX, 3 },
		{ STV_DEV_SCSI, 128 << 10, 4, 4, -5, 364 },
		{ STV_DEV_SCSI, 128 << 10, 4, 4, S32_MIN, 364 },
		{ STV_DEV_SCSI, 0, 4, 4, 10, 1 },
		{ STV_DEV_SCSI, 359, 4, 4, 10, 1 },
		{ STV_DEV_SCSI, U32_MAX, 4, 4, 10, STV_CAN_QUEUE_MAX },
		{ STV_DEV_SCSI, U32_MAX, U32_MAX, 1, 0, STV_CAN_QUEUE_MAX },
		{ STV_DEV_SCSI, 128 << 10, 0, 4, 10, 327 },
	};
	struct stv_limits lim;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stv_limits_in in = usual;

		in.kind = cases[i].kind;
		in.ring_bytes = cases[i].ring;
		in.online_cpus = cases[i].cpus;
		in.vcpus_per_sub_channel = cases[i].ratio;
		in.lowater = cases[i].lowater;
		stv_limits(&in, &lim);
		KUNIT_EXPECT_EQ_MSG(test, lim.can_queue, cases[i].want,
				    "case %u", i);
	}
}

/* H19: any size of transfer gives numbers that the SCSI layer can take. */
static void limits_h19_transfer(struct kunit *test)
{
	static const struct {
		enum stv_dev_kind kind;
		u32 ring, transfer, sectors, segments;
	} cases[] = {
		{ STV_DEV_SCSI, 128 << 10, 64 << 10, 128, 17 },
		{ STV_DEV_SCSI, 128 << 10, 512 << 10, 1024, 129 },
		{ STV_DEV_SCSI, 128 << 10, (512 << 10) + 4095, 1024, 129 },
		{ STV_DEV_IDE, 128 << 10, 512 << 10, 1024, 129 },
		{ STV_DEV_FC, 128 << 10, 8 << 20, 1024, 129 },
		{ STV_DEV_FC, 128 << 10, 64 << 10, 128, 17 },
		{ STV_DEV_SCSI, 128 << 10, 16 << 20, 32768, 4097 },
		{ STV_DEV_SCSI, 128 << 10, 256 << 20, 32768, 4097 },
		{ STV_DEV_SCSI, 128 << 10, U32_MAX, 32768, 4097 },
		{ STV_DEV_SCSI, 128 << 10, 0, 8, 2 },
		{ STV_DEV_SCSI, 128 << 10, 4095, 8, 2 },
		/* Rings in which a large command would never find room. */
		{ STV_DEV_SCSI, 16 << 10, 8 << 20, 8080, 1011 },
		{ STV_DEV_SCSI, 4 << 10, 8 << 20, 1936, 243 },
		{ STV_DEV_SCSI, 256, 8 << 20, 16, 3 },
		{ STV_DEV_SCSI, 0, 8 << 20, 8, 2 },
	};
	struct stv_limits lim;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stv_limits_in in = usual;

		in.kind = cases[i].kind;
		in.ring_bytes = cases[i].ring;
		in.max_transfer = cases[i].transfer;
		stv_limits(&in, &lim);
		KUNIT_EXPECT_EQ_MSG(test, lim.max_sectors, cases[i].sectors,
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, lim.sg_tablesize, cases[i].segments,
				    "case %u", i);
	}
}

/* Two of the largest commands fit into every ring that is no toy. */
static void limits_fit_the_ring(struct kunit *test)
{
	struct stv_limits_in in = usual;
	struct stv_limits lim;
	u32 pfns, packet;

	in.max_transfer = STV_TRANSFER_MAX;
	for (in.ring_bytes = 1024; in.ring_bytes < 1 << 20;
	     in.ring_bytes += 512) {
		stv_limits(&in, &lim);
		/* The worst case: from the last byte of a page on. */
		pfns = stv_range_pfns(STV_PAGE_SIZE - 1,
				      lim.max_sectors * 512);
		packet = 16 + stv_range_size(pfns) + STV_PKT_LEN + 8;
		KUNIT_EXPECT_LE_MSG(test, 2 * packet, in.ring_bytes,
				    "ring of %u", in.ring_bytes);
	}
}

static void limits_hw_queues(struct kunit *test)
{
	static const struct {
		enum stv_dev_kind kind;
		u32 present, param, want;
		bool reset;
	} cases[] = {
		{ STV_DEV_SCSI, 8, 0, 8, false },
		{ STV_DEV_SCSI, 8, 3, 3, false },
		{ STV_DEV_SCSI, 8, 8, 8, false },
		{ STV_DEV_SCSI, 8, 9, 8, true },
		{ STV_DEV_SCSI, 8, U32_MAX, 8, true },
		{ STV_DEV_FC, 8, 2, 2, false },
		{ STV_DEV_IDE, 8, 0, 1, false },
		{ STV_DEV_IDE, 8, 9, 1, false },
		{ STV_DEV_SCSI, 0, 0, 1, false },
	};
	struct stv_limits lim;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stv_limits_in in = usual;

		in.kind = cases[i].kind;
		in.present_cpus = cases[i].present;
		in.max_hw_queues = cases[i].param;
		stv_limits(&in, &lim);
		KUNIT_EXPECT_EQ_MSG(test, lim.nr_hw_queues, cases[i].want,
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, lim.hw_queues_reset, cases[i].reset,
				    "case %u", i);
	}
}

static void limits_addresses(struct kunit *test)
{
	struct stv_limits_in in = usual;
	struct stv_limits lim;

	in.kind = STV_DEV_FC;
	stv_limits(&in, &lim);
	KUNIT_EXPECT_EQ(test, lim.max_lun, 255);
	KUNIT_EXPECT_EQ(test, lim.max_id, 128);
	KUNIT_EXPECT_EQ(test, lim.max_channel, 7);
	in.kind = STV_DEV_IDE;
	stv_limits(&in, &lim);
	KUNIT_EXPECT_EQ(test, lim.max_lun, 64);
	KUNIT_EXPECT_EQ(test, lim.max_id, 1);
	KUNIT_EXPECT_EQ(test, lim.max_channel, 0);
}

static void limits_wants(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, stv_want_sub_channels(0), 0);
	KUNIT_EXPECT_EQ(test, stv_want_sub_channels(1), 0);
	KUNIT_EXPECT_EQ(test, stv_want_sub_channels(64), 63);
	KUNIT_EXPECT_EQ(test, stv_lowater(-1), 0);
	KUNIT_EXPECT_EQ(test, stv_lowater(10), 10);
	KUNIT_EXPECT_EQ(test, stv_lowater(100), 99);
}

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(limits_usual),
	KUNIT_CASE(limits_can_queue),
	KUNIT_CASE(limits_h19_transfer),
	KUNIT_CASE(limits_fit_the_ring),
	KUNIT_CASE(limits_hw_queues),
	KUNIT_CASE(limits_addresses),
	KUNIT_CASE(limits_wants),
	{}
};

static struct kunit_suite limits_suite = {
	.name = "hv_storvsc_limits",
	.test_cases = limits_cases,
};

kunit_test_suites(&limits_suite);

MODULE_DESCRIPTION("KUnit suite for the limits of a storage adapter");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
