// SPDX-License-Identifier: GPL-2.0-only
/*
 * File copy to the guest: START with name and folder, WRITE in pieces of 6 KiB,
 * COMPLETE; each waits for its answer. CANCEL ends a copy early (protocol 1.1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ic.h"

#define PIECE		6144u
#define NAME_BYTES	520	/* 260 UTF-16 units */
/* Header: operation (32 bits) and two unused GUIDs */
#define HEADER		36
#define START_NAME	HEADER
#define START_FOLDER	(START_NAME + NAME_BYTES)
#define START_FLAGS	(START_FOLDER + NAME_BYTES)
#define START_SIZE	(START_FLAGS + 4)
#define START_BYTES	(START_SIZE + 8)
#define WRITE_OFFSET	(HEADER + 4)
#define WRITE_SIZE	(WRITE_OFFSET + 8)
#define WRITE_DATA	(WRITE_SIZE + 4)
#define WRITE_BYTES	(WRITE_DATA + PIECE)

enum operation { START, WRITE, COMPLETE, CANCEL };
enum { OVERWRITE = 1, CREATE_PATH = 2 };

struct fcopy {
	FILE *file;
	enum operation operation;	/* in flight */
	uint64_t offset, size;
	bool cancel;
};

static const uint32_t versions[] = { IC_VERSION(1, 1), 0 };

static void finish(struct ic *ic)
{
	struct fcopy *f = ic->priv;

	if (f->file)
		fclose(f->file);
	f->file = NULL;
	f->cancel = false;
}

static bool send_plain(struct ic *ic, enum operation op)
{
	struct fcopy *f = ic->priv;
	uint8_t body[HEADER] = { op };

	f->operation = op;
	return ic_request(ic, body, sizeof(body));
}

static bool send_piece(struct ic *ic)
{
	uint8_t body[WRITE_BYTES] = { WRITE };
	struct fcopy *f = ic->priv;
	uint32_t n = fread(body + WRITE_DATA, 1, PIECE, f->file);

	if (!n)
		return false;	/* the file became shorter */
	memcpy(body + WRITE_OFFSET, &f->offset, sizeof(f->offset));
	memcpy(body + WRITE_SIZE, &n, sizeof(n));
	f->operation = WRITE;
	f->offset += n;
	return ic_request(ic, body, sizeof(body));
}

static void reply(struct ic *ic, const struct ic_message *m)
{
	struct fcopy *f = ic->priv;
	bool sent;

	if (m->status != HV_S_OK || f->operation == COMPLETE || f->operation == CANCEL) {
		ic_done(ic, "%s status %#x bytes %llu",
			m->status != HV_S_OK ? "failed" :
			f->operation == CANCEL ? "cancelled" : "succeeded", m->status,
			(unsigned long long)f->offset);
		finish(ic);
		return;
	}
	if (f->cancel)
		sent = send_plain(ic, CANCEL);
	else if (f->offset < f->size)
		sent = send_piece(ic);
	else
		sent = send_plain(ic, COMPLETE);
	if (!sent) {
		ic_done(ic, "failed: could not go on at byte %llu", (unsigned long long)f->offset);
		finish(ic);
	}
}

static bool open_file(struct fcopy *f, const char *path, struct text *answer)
{
	struct stat st;

	f->file = fopen(path, "rb");
	if (!f->file || fstat(fileno(f->file), &st) || !S_ISREG(st.st_mode)) {
		text_add(answer, "can't read the file '%s'", path);
		if (f->file)
			fclose(f->file);
		f->file = NULL;
		return false;
	}
	f->offset = 0;
	f->size = st.st_size;
	return true;
}

static bool copy(struct ic *ic, int argc, char **argv, struct text *answer)
{
	uint8_t body[START_BYTES] = { START };
	struct fcopy *f = ic->priv;
	char folder[NAME_BYTES];
	uint32_t flags = 0;
	int n;

	for (int i = 4; i < argc; i++)
		flags |= !strcmp(argv[i], "overwrite") ? OVERWRITE :
			 !strcmp(argv[i], "mkdir") ? CREATE_PATH : 0x80000000;
	/* The guest's daemon takes for a folder what ends with a slash; two do no harm. */
	n = snprintf(folder, sizeof(folder), "%s/", argv[2]);
	if (flags & 0x80000000 || n >= (int)sizeof(folder) || n < 2 ||
	    !utf16_put(body + START_FOLDER, NAME_BYTES, folder) ||
	    !utf16_put(body + START_NAME, NAME_BYTES, argv[3])) {
		text_add(answer, "copy FILE FOLDER NAME [overwrite] [mkdir]; names are UTF-8, "
			 "259 characters at most");
		return false;
	}
	if (ic->state != IC_READY || ic->busy || f->file) {
		text_add(answer, "%s is not ready or busy", ic->dev->name);
		return false;
	}
	if (!open_file(f, argv[1], answer))
		return false;
	memcpy(body + START_FLAGS, &flags, sizeof(flags));
	memcpy(body + START_SIZE, &f->size, sizeof(f->size));
	f->operation = START;
	if (!ic_request(ic, body, sizeof(body))) {
		finish(ic);
		text_add(answer, "%s has no room in its ring", ic->dev->name);
		return false;
	}
	text_add(answer, "copying %llu bytes\n", (unsigned long long)f->size);
	return true;
}

static bool command(struct ic *ic, int argc, char **argv, struct text *answer)
{
	struct fcopy *f = ic->priv;

	if (argc >= 4 && argc <= 6 && !strcmp(argv[0], "copy"))
		return copy(ic, argc, argv, answer);
	if (argc != 1 || strcmp(argv[0], "cancel"))
		return false;
	if (!f->file) {
		text_add(answer, "no copy is running");
		return false;
	}
	f->cancel = true;	/* in place of the next piece */
	return true;
}

static const struct ic_service service = {
	.type = IC_FCOPY,
	.instance = "eb765408-105f-49b6-b4aa-c123b64d17d4",
	.versions = versions,
	.priv_size = sizeof(struct fcopy),
	.reply = reply,
	.closed = finish,
	.command = command,
};

static bool create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	return ic_create(dev, &service, o, error, size);
}

/* Interface type 34d14be3-dee4-41c8-9ae7-6b174977c192 */
const struct hv_device_ops fcopy_ops = {
	IC_OPS,
	.kind = "fcopy",
	.help = "file copy to the guest\n" IC_OPTIONS
		"  copy FILE FOLDER NAME [overwrite] [mkdir], cancel\n",
	.type = { { 0xe3, 0x4b, 0xd1, 0x34, 0xe4, 0xde, 0xc8, 0x41,
		    0x9a, 0xe7, 0x6b, 0x17, 0x49, 0x77, 0xc1, 0x92 } },
	.create = create,
};
