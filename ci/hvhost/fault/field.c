// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for what can be corrupted. Offsets are facts of the protocols: VMBus control
 * messages and packet descriptors, dynamic memory, vstor, NVSP, RNDIS and the frame of
 * the integration components.
 */
#include <string.h>

#include "../bus/ring.h"
#include "../bus/wire.h"
#include "rule.h"

#define MESSAGE(name_, type_, offset_, bytes_)						\
	{ .name = name_, .type = type_, .at = { PART_MESSAGE, offset_, bytes_ } }
#define PACKET(name_, type_, part_, offset_, bytes_)					\
	{ .name = name_, .type = type_, .at = { part_, offset_, bytes_ } }
#define GATED(name_, offset_, bytes_, gate_at, gate_width, gate)			\
	{ .name = name_, .at = { PART_DATA, offset_, bytes_ },				\
	  .gate_offset = gate_at, .gate_bytes = gate_width, .gate_value = gate }
#define DM(name, type, offset, bytes)		GATED(name, offset, bytes, 0, 2, type)
#define NVSP(name, type, offset, bytes)		GATED(name, offset, bytes, 0, 4, type)
#define VSTOR(name, offset, bytes)		GATED(name, offset, bytes, 0, 4, 1)
#define RNDIS(name_, offset_, bytes_, type_)						\
	{ .name = name_, .at = { PART_SECTION, offset_, bytes_ },			\
	  .gate_offset = 0, .gate_bytes = (type_) ? 4 : 0, .gate_value = type_ }

const char *const fault_part_name[FAULT_PARTS] = {
	[PART_MESSAGE]		= "message",
	[PART_DESCRIPTOR]	= "desc",
	[PART_HEADER]		= "head",
	[PART_DATA]		= "data",
	[PART_SECTION]		= "section",
	[PART_FLAG]		= "flag",
	[PART_RX]		= "rx",
	[PART_TX]		= "tx",
};

const struct fault_field fault_fields[] = {
	MESSAGE("OFFER.flags", MSG_OFFER, 56, 2),
	MESSAGE("OFFER.mmio_mb", MSG_OFFER, 58, 2),
	MESSAGE("OFFER.type", MSG_OFFER, 8, 8),
	MESSAGE("OFFER.instance", MSG_OFFER, 24, 8),
	MESSAGE("OFFER.sub_index", MSG_OFFER, 180, 2),
	MESSAGE("OFFER.child_relid", MSG_OFFER, 184, 4),
	MESSAGE("OFFER.monitorid", MSG_OFFER, 188, 1),
	MESSAGE("OFFER.monitor_allocated", MSG_OFFER, 189, 1),
	MESSAGE("OFFER.dedicated", MSG_OFFER, 190, 2),
	MESSAGE("OFFER.connection_id", MSG_OFFER, 192, 4),
	MESSAGE("RESCIND.child_relid", MSG_RESCIND, 8, 4),
	MESSAGE("OPEN_RESULT.child_relid", MSG_OPEN_RESULT, 8, 4),
	MESSAGE("OPEN_RESULT.openid", MSG_OPEN_RESULT, 12, 4),
	MESSAGE("OPEN_RESULT.status", MSG_OPEN_RESULT, 16, 4),
	MESSAGE("GPADL_CREATED.child_relid", MSG_GPADL_CREATED, 8, 4),
	MESSAGE("GPADL_CREATED.gpadl", MSG_GPADL_CREATED, 12, 4),
	MESSAGE("GPADL_CREATED.status", MSG_GPADL_CREATED, 16, 4),
	MESSAGE("GPADL_TORNDOWN.gpadl", MSG_GPADL_TORNDOWN, 8, 4),
	MESSAGE("VERSION_RESPONSE.supported", MSG_VERSION, 8, 1),
	MESSAGE("VERSION_RESPONSE.state", MSG_VERSION, 9, 1),
	MESSAGE("VERSION_RESPONSE.connection_id", MSG_VERSION, 12, 4),
	MESSAGE("TL_RESULT.status", MSG_TL_RESULT, 40, 4),
	MESSAGE("MODIFY_RESPONSE.child_relid", MSG_MODIFY_RESPONSE, 8, 4),
	MESSAGE("MODIFY_RESPONSE.status", MSG_MODIFY_RESPONSE, 12, 4),
	MESSAGE("msgtype", 0, 0, 4),
	MESSAGE("padding", 0, 4, 4),

	PACKET("desc.type", 0, PART_DESCRIPTOR, 0, 2),
	PACKET("desc.offset8", 0, PART_DESCRIPTOR, 2, 2),
	PACKET("desc.len8", 0, PART_DESCRIPTOR, 4, 2),
	PACKET("desc.flags", 0, PART_DESCRIPTOR, 6, 2),
	PACKET("desc.trans_id", 0, PART_DESCRIPTOR, 8, 8),
	PACKET("pages.set", PKT_TRANSFER_PAGES, PART_HEADER, 0, 2),
	PACKET("pages.count", PKT_TRANSFER_PAGES, PART_HEADER, 4, 4),
	PACKET("pages.bytes", PKT_TRANSFER_PAGES, PART_HEADER, 8, 4),
	PACKET("pages.offset", PKT_TRANSFER_PAGES, PART_HEADER, 12, 4),

	PACKET("dm.type", 0, PART_DATA, 0, 2),
	PACKET("dm.size", 0, PART_DATA, 2, 2),
	PACKET("dm.trans_id", 0, PART_DATA, 4, 4),
	DM("dm.version_accepted", 2, 8, 8),
	DM("dm.caps_accepted", 4, 8, 8),
	DM("dm.balloon_pages", 6, 8, 4),
	DM("dm.unballoon_more", 8, 8, 4),
	DM("dm.unballoon_count", 8, 12, 4),
	DM("dm.unballoon_range", 8, 16, 8),
	DM("dm.hot_add_range", 10, 8, 8),
	DM("dm.hot_add_region", 10, 16, 8),
	DM("dm.info_size", 12, 12, 4),
	DM("dm.info_type", 12, 16, 4),

	PACKET("vstor.op", 0, PART_DATA, 0, 4),
	VSTOR("vstor.flags", 4, 4),
	VSTOR("vstor.status", 8, 4),
	VSTOR("vstor.srb_length", 12, 2),
	VSTOR("vstor.srb_status", 14, 1),
	VSTOR("vstor.scsi_status", 15, 1),
	VSTOR("vstor.sense_length", 21, 1),
	VSTOR("vstor.data_length", 24, 4),
	VSTOR("vstor.max_channels", 16, 2),
	VSTOR("vstor.max_transfer", 24, 4),

	PACKET("nvsp.type", 0, PART_DATA, 0, 4),
	NVSP("nvsp.version", 2, 4, 4),
	NVSP("nvsp.init_status", 2, 12, 4),
	NVSP("nvsp.recv_status", 102, 4, 4),
	NVSP("nvsp.recv_sections", 102, 8, 4),
	NVSP("nvsp.section_offset", 102, 12, 4),
	NVSP("nvsp.section_size", 102, 16, 4),
	NVSP("nvsp.section_count", 102, 20, 4),
	NVSP("nvsp.section_end", 102, 24, 4),
	NVSP("nvsp.send_status", 105, 4, 4),
	NVSP("nvsp.send_section_size", 105, 8, 4),
	NVSP("nvsp.rndis_status", 108, 4, 4),
	NVSP("nvsp.vf_allocated", 128, 4, 4),
	NVSP("nvsp.sub_status", 133, 4, 4),
	NVSP("nvsp.sub_count", 133, 8, 4),
	NVSP("nvsp.table_count", 134, 4, 4),
	NVSP("nvsp.table_offset", 134, 8, 4),

	PACKET("ic.pipe_size", 0, PART_DATA, 4, 4),
	PACKET("ic.framework", 0, PART_DATA, 8, 4),
	PACKET("ic.type", 0, PART_DATA, 12, 2),
	PACKET("ic.version", 0, PART_DATA, 14, 4),
	PACKET("ic.size", 0, PART_DATA, 18, 2),
	PACKET("ic.status", 0, PART_DATA, 20, 4),
	PACKET("ic.flags", 0, PART_DATA, 25, 1),

	RNDIS("rndis.type", 0, 4, 0),
	RNDIS("rndis.length", 4, 4, 0),
	RNDIS("rndis.data_offset", 8, 4, 1),
	RNDIS("rndis.data_length", 12, 4, 1),
	RNDIS("rndis.oob_length", 20, 4, 1),
	RNDIS("rndis.ppi_offset", 28, 4, 1),
	RNDIS("rndis.ppi_length", 32, 4, 1),
	RNDIS("rndis.ppi_size", 44, 4, 1),
	RNDIS("rndis.ppi_type", 48, 4, 1),
	RNDIS("rndis.ppi_value_offset", 52, 4, 1),
	RNDIS("rndis.request_id", 8, 4, 0x80000004),
	RNDIS("rndis.request_status", 12, 4, 0x80000004),
	RNDIS("rndis.info_length", 16, 4, 0x80000004),
	RNDIS("rndis.info_offset", 20, 4, 0x80000004),
	RNDIS("rndis.indicate_status", 8, 4, 7),
	RNDIS("rndis.indicate_length", 12, 4, 7),
	RNDIS("rndis.indicate_offset", 16, 4, 7),

	PACKET("flag", 0, PART_FLAG, 0, 4),
	PACKET("rx.write", 0, PART_RX, 0, 4),
	PACKET("rx.read", 0, PART_RX, 4, 4),
	PACKET("rx.mask", 0, PART_RX, 8, 4),
	PACKET("rx.pending", 0, PART_RX, 12, 4),
	PACKET("rx.features", 0, PART_RX, 64, 4),
	PACKET("tx.write", 0, PART_TX, 0, 4),
	PACKET("tx.read", 0, PART_TX, 4, 4),
	PACKET("tx.mask", 0, PART_TX, 8, 4),
	PACKET("tx.pending", 0, PART_TX, 12, 4),
	PACKET("tx.features", 0, PART_TX, 64, 4),
	{ .name = NULL }
};

static const struct {
	const char *name;
	enum fault_class class;
	uint32_t type;
} selectors[] = {
	{ "message", FAULT_MESSAGE, 0 },
	{ "packet", FAULT_PACKET, 0 },
	{ "inband", FAULT_PACKET, PKT_INBAND },
	{ "completion", FAULT_PACKET, PKT_COMPLETION },
	{ "pages", FAULT_PACKET, PKT_TRANSFER_PAGES },
	{ "flag", FAULT_FLAG, 0 },
	{ "section", FAULT_SECTION, 0 },
};

const struct fault_field *fault_field_find(const char *name)
{
	for (const struct fault_field *f = fault_fields; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

enum fault_class fault_part_class(enum fault_part part)
{
	switch (part) {
	case PART_MESSAGE:
		return FAULT_MESSAGE;
	case PART_SECTION:
		return FAULT_SECTION;
	case PART_FLAG:
		return FAULT_FLAG;
	default:
		return FAULT_PACKET;
	}
}

bool fault_locate(const struct fault_item *item, const struct fault_place *at,
		  uint32_t *offset)
{
	uint32_t begin = 0, end = item->len;

	if (fault_part_class(at->part) != item->class || at->part == PART_RX ||
	    at->part == PART_TX)
		return false;
	if (at->part == PART_DESCRIPTOR)
		end = 16;
	else if (at->part == PART_HEADER)
		begin = 16, end = item->data;
	else if (at->part == PART_DATA)
		begin = item->data;
	if (begin > end || at->offset > end - begin || at->bytes > end - begin - at->offset)
		return false;
	*offset = begin + at->offset;
	return true;
}

bool fault_field_fits(const struct fault_field *f, const struct fault_item *item)
{
	struct fault_place gate = { f->at.part, f->gate_offset, f->gate_bytes };
	uint32_t offset, value = 0;

	if (fault_part_class(f->at.part) != item->class || (f->type && f->type != item->type))
		return false;
	if (f->at.part == PART_RX || f->at.part == PART_TX)
		return true;
	if (!fault_locate(item, &f->at, &offset))
		return false;
	if (!f->gate_bytes)
		return true;
	if (!fault_locate(item, &gate, &offset))
		return false;
	memcpy(&value, item->bytes + offset, f->gate_bytes);
	return value == f->gate_value;
}

uint32_t fault_message_type(const char *name)
{
	uint32_t found = 0;

	for (uint32_t type = 1; type < MSG_TYPES; type++) {
		if (!strcmp(wire_name(type), name))
			return type;
		/* The first that begins so: OFFER, RESCIND, VERSION. */
		if (!found && strlen(name) >= 4 &&
		    !strncmp(wire_name(type), name, strlen(name)))
			found = type;
	}
	return found;
}

bool fault_selector(const char *word, enum fault_class *class, uint32_t *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(selectors); i++)
		if (!strcmp(word, selectors[i].name)) {
			*class = selectors[i].class;
			*type = selectors[i].type;
			return true;
		}
	*type = fault_message_type(word);
	if (!*type)
		return false;
	*class = FAULT_MESSAGE;
	return true;
}

const char *fault_selector_name(enum fault_class class, uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(selectors); i++)
		if (selectors[i].class == class && selectors[i].type == type)
			return selectors[i].name;
	return wire_name(type);
}
