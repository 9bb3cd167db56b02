// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sense data: bytes to the three numbers that matter.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/minmax.h>

#include "sense.h"

#define RESPONSE_MASK		0x7f
#define RESPONSE_SENSE		0x70	/* bits that all sense data has */
#define RESPONSE_DESCRIPTORS	0x72	/* from here on with descriptors */
#define KEY_MASK		0x0f

#define DESC_KEY		1
#define DESC_ASC		2
#define DESC_ASCQ		3

/* Fixed format: what counts ends where the additional length says. */
#define FIXED_KEY		2
#define FIXED_ADD_LEN		7
#define FIXED_HEAD		8
#define FIXED_ASC		12
#define FIXED_ASCQ		13

/* One byte, or 0 if the data is too short for it. */
static u8 byte_or_0(const struct hv_view *data, u32 off)
{
	u8 val;

	return hv_view_u8(data, off, &val) ? 0 : val;
}

static void parse_fixed(const struct hv_view *data, struct stv_sense *sense)
{
	struct hv_view valid = *data;
	u8 more;

	sense->key = byte_or_0(data, FIXED_KEY) & KEY_MASK;
	if (hv_view_u8(data, FIXED_ADD_LEN, &more))
		return;
	valid.len = min_t(u32, valid.len, FIXED_HEAD + more);
	sense->asc = byte_or_0(&valid, FIXED_ASC);
	sense->ascq = byte_or_0(&valid, FIXED_ASCQ);
}

/**
 * stv_sense_parse() - decode sense data
 * @data: sense data, any bytes of any length
 * @sense: where to put the numbers; all of it is written
 *
 * Context: any.
 * Return: true if it is sense data; else @sense is all 0.
 */
bool stv_sense_parse(const struct hv_view *data, struct stv_sense *sense)
{
	u8 response = byte_or_0(data, 0) & RESPONSE_MASK;

	*sense = (struct stv_sense) {};
	if ((response & RESPONSE_SENSE) != RESPONSE_SENSE)
		return false;

	sense->response = response;
	if (response >= RESPONSE_DESCRIPTORS) {
		sense->key = byte_or_0(data, DESC_KEY) & KEY_MASK;
		sense->asc = byte_or_0(data, DESC_ASC);
		sense->ascq = byte_or_0(data, DESC_ASCQ);
	} else {
		parse_fixed(data, sense);
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(stv_sense_parse);
