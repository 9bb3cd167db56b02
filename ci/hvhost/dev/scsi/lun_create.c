// SPDX-License-Identifier: GPL-2.0-only
/* Logical units: from a specification to a unit, with identifiers that stay the same. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lun_priv.h"

/* A seed makes the same identifiers each time: the first 28 bytes of its SHA-256. */
static void identify(struct lun *lun, const char *seed)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t digest[32];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, seed, strlen(seed));
	sha256_end(&s, digest);
	memcpy(lun->guid, digest, sizeof(lun->guid));
	lun->guid[7] = (lun->guid[7] & 0x0f) | 0x40;	/* a random GUID: version 4 */
	lun->guid[8] = (lun->guid[8] & 0x3f) | 0x80;
	/* NAA 6, IEEE registered extended, with Microsoft's OUI 00-22-48 */
	memcpy(lun->wwn, "\x60\x02\x24\x80", 4);
	memcpy(lun->wwn + 4, lun->guid, 6);
	memcpy(lun->wwn + 10, lun->guid + 10, 6);
	lun->wwn_len = 16;
	for (unsigned int i = 0; i < 16; i++)
		lun->serial[i] = hex[digest[16 + i / 2] >> (i % 2 ? 0 : 4) & 15];
}

static int nibble(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* 16 digits: NAA 2, 3 or 5; 32: NAA 6 (SPC-4 7.8.6.6). */
static bool take_wwn(struct lun *lun, const char *text)
{
	size_t len;

	if (!strncmp(text, "0x", 2))
		text += 2;
	len = strspn(text, "0123456789abcdefABCDEF");
	if (text[len] || (len != 16 && len != 32) ||
	    !strchr(len == 16 ? "235" : "6", text[0]))
		return false;
	for (size_t i = 0; i < len; i += 2)
		lun->wwn[i / 2] = (uint8_t)(nibble(text[i]) << 4 | nibble(text[i + 1]));
	lun->wwn_len = (unsigned int)len / 2;
	return true;
}

static bool take_serial(struct lun *lun, const char *text)
{
	size_t len = strlen(text);

	if (!len || len >= sizeof(lun->serial))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	memcpy(lun->serial, text, len + 1);
	return true;
}

static bool take_options(struct lun *lun, const char *text, char *error, size_t size)
{
	struct options *o = options_parse(text);
	const char *wwn = options_string(o, "wwn", NULL);
	const char *serial = options_string(o, "serial", NULL);
	uint64_t block = options_number(o, "block", 512, 512, 4096);
	bool good_wwn = !wwn || take_wwn(lun, wwn);
	bool good_serial = !serial || take_serial(lun, serial);

	lun->ro = options_flag(o, "ro");
	lun->unmap = !options_flag(o, "nounmap");
	lun->rotational = options_flag(o, "rotational");
	lun->fua = !options_flag(o, "nofua");
	lun->write_cache = !options_flag(o, "writethrough");
	lun->write_same_unmap = options_flag(o, "lbpws");
	lun->shift = block == 4096 ? 12 : 9;
	if (!options_end(o, error, size))
		return false;
	if (block != 512 && block != 4096)
		snprintf(error, size, "block: 512 or 4096");
	else if (!good_wwn)
		snprintf(error, size, "wwn: 16 hex digits (first 2, 3, 5) or 32 (first 6)");
	else if (!good_serial)
		snprintf(error, size, "serial: 1 to 32 characters without blanks");
	else
		return true;
	return false;
}

static bool open_backend(struct lun *lun, char *error, size_t size)
{
	lun->backend = backend_open(lun->name, lun->ro, error, size);
	if (!lun->backend)
		return false;
	atomic_store(&lun->blocks, lun->backend->bytes >> lun->shift);
	if (lun_blocks(lun))
		return true;
	snprintf(error, size, "%s: smaller than a block", lun->name);
	return false;
}

struct lun *lun_create(const char *spec, const char *seed, char *error, size_t size)
{
	struct lun *lun = aligned_alloc(__alignof__(struct lun), sizeof(*lun));
	const char *comma = strchr(spec, ',');

	if (size)
		error[0] = 0;
	if (!lun) {
		snprintf(error, size, "no memory for a unit");
		return NULL;
	}
	memset(lun, 0, sizeof(*lun));
	pthread_mutex_init(&lun->lock, NULL);
	identify(lun, seed);
	lun->name = comma ? strndup(spec, (size_t)(comma - spec)) : strdup(spec);
	if (lun->name && take_options(lun, comma ? comma + 1 : "", error, size) &&
	    open_backend(lun, error, size))
		return lun;
	lun_destroy(lun);
	return NULL;
}

void lun_destroy(struct lun *lun)
{
	if (!lun)
		return;
	backend_close(lun->backend);
	pthread_mutex_destroy(&lun->lock);
	free(lun->name);
	free(lun);
}
