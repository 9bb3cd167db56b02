// SPDX-License-Identifier: GPL-2.0-only
/*
 * Key/value exchange and IP injection: reads, sets, deletes and lists the guest's
 * pools, reads and sets the addresses of an adapter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kvp_wire.h"

#define ITEMS_MAX	1024	/* of one enumeration: a guest could list for ever */

struct kvp {
	enum kvp_operation operation;
	uint8_t pool;
	uint32_t index;
	struct text found;	/* what the last request brought */
};

static const uint32_t versions[] = {
	IC_VERSION(5, 0), IC_VERSION(4, 0), IC_VERSION(3, 0), 0
};

static const char *const pools[] = {
	"external", "guest", "auto", "auto-external", "auto-internal",
};

static bool start(struct ic *ic, enum kvp_operation op, const uint8_t *body, uint32_t len,
		  struct text *answer)
{
	struct kvp *kvp = ic->priv;

	if (!len) {
		text_add(answer, "a key or value is too long, not UTF-8, or not a number");
		return false;
	}
	if (!ic_request(ic, body, len)) {
		text_add(answer, "%s is not ready or busy", ic->dev->name);
		return false;
	}
	kvp->operation = op;
	kvp->index = 0;
	text_free(&kvp->found);
	text_add(answer, "requested\n");
	return true;
}

static bool take_pool(const char *name, uint8_t *pool)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(pools); i++)
		if (!strcmp(name, pools[i])) {
			*pool = i;
			return true;
		}
	return false;
}

static bool take_text(char *to, size_t room, const char *text)
{
	size_t n = strlen(text);

	if (n >= room)
		return false;
	memcpy(to, text, n + 1);
	return true;
}

static bool exchange(struct ic *ic, int argc, char **argv, struct text *answer)
{
	static const struct {
		const char *verb;
		enum kvp_operation op;
		int least, most;
	} verbs[] = {
		{ "get", KVP_GET, 3, 3 }, { "set", KVP_SET, 4, 5 },
		{ "delete", KVP_DELETE, 3, 3 }, { "enumerate", KVP_ENUMERATE, 2, 2 },
	};
	struct kvp_item item = { .type = KVP_SZ };
	struct kvp *kvp = ic->priv;
	static uint8_t body[IC_BODY_MAX];	/* main thread only */
	unsigned int i = 0;

	while (i < ARRAY_SIZE(verbs) && strcmp(argv[0], verbs[i].verb))
		i++;
	if (i == ARRAY_SIZE(verbs) || argc < verbs[i].least || argc > verbs[i].most)
		return false;
	if (!take_pool(argv[1], &kvp->pool)) {
		text_add(answer, "the pools are external guest auto auto-external auto-internal");
		return false;
	}
	if (verbs[i].op == KVP_ENUMERATE)
		return start(ic, KVP_ENUMERATE, body, kvp_put_enumerate(body, kvp->pool, 0),
			     answer);
	if (argc == 5)
		item.type = !strcmp(argv[4], "u32") ? KVP_U32 :
			    !strcmp(argv[4], "u64") ? KVP_U64 : KVP_SZ;
	if (!take_text(item.key, sizeof(item.key), argv[2]) ||
	    (argc > 3 && !take_text(item.value, sizeof(item.value), argv[3])))
		return start(ic, verbs[i].op, body, 0, answer);
	return start(ic, verbs[i].op, body, kvp_put_item(body, verbs[i].op, kvp->pool, &item),
		     answer);
}

static bool take_ip_option(struct kvp_ip *ip, const char *arg)
{
	const struct { const char *key; char *to; size_t room; } texts[] = {
		{ "address=", ip->address, sizeof(ip->address) },
		{ "mask=", ip->mask, sizeof(ip->mask) },
		{ "gateway=", ip->gateway, sizeof(ip->gateway) },
		{ "dns=", ip->dns, sizeof(ip->dns) },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t n = strlen(texts[i].key);

		if (!strncmp(arg, texts[i].key, n))
			return take_text(texts[i].to, texts[i].room, arg + n);
	}
	if (!strcmp(arg, "dhcp"))
		ip->dhcp = true;
	else if (!strcmp(arg, "ipv4"))
		ip->family |= 1;
	else if (!strcmp(arg, "ipv6"))
		ip->family |= 2;
	else
		return false;
	return true;
}

static bool addresses(struct ic *ic, int argc, char **argv, struct text *answer)
{
	enum kvp_operation op = strcmp(argv[0], "ip-set") ? KVP_GET_IP : KVP_SET_IP;
	static struct kvp_ip ip;		/* main thread only: too large for a stack */
	static uint8_t body[IC_BODY_MAX];

	if (op == KVP_GET_IP && strcmp(argv[0], "ip-get"))
		return false;
	memset(&ip, 0, sizeof(ip));
	if (argc < 2 || !take_text(ip.adapter, sizeof(ip.adapter), argv[1])) {
		text_add(answer, "%s wants an adapter's GUID", argv[0]);
		return false;
	}
	for (int i = 2; i < argc; i++)
		if (!take_ip_option(&ip, argv[i])) {
			text_add(answer, "'%s' is none of address= mask= gateway= dns= dhcp ipv4 "
				 "ipv6", argv[i]);
			return false;
		}
	return start(ic, op, body, kvp_put_ip(body, op, &ip), answer);
}

static bool command(struct ic *ic, int argc, char **argv, struct text *answer)
{
	struct kvp *kvp = ic->priv;

	if (argc == 1 && !strcmp(argv[0], "found")) {
		text_add(answer, "%s", kvp->found.len ? kvp->found.data : "nothing\n");
		return true;
	}
	if (exchange(ic, argc, argv, answer))
		return true;
	return !answer->len && addresses(ic, argc, argv, answer);
}

static void found_ip(struct kvp *kvp, const struct ic_message *m)
{
	struct kvp_ip *ip = malloc(sizeof(*ip));

	if (ip && kvp_get_ip(m->body, m->len, ip))
		text_add(&kvp->found, "adapter %s\naddress %s\nmask %s\ngateway %s\ndns %s\n"
			 "family %u\ndhcp %u\n", ip->adapter, ip->address, ip->mask, ip->gateway,
			 ip->dns, ip->family, ip->dhcp);
	free(ip);
}

/* Asks for the next item; false: the list is at its end, or long enough. */
static bool next_item(struct ic *ic, struct kvp *kvp)
{
	uint8_t body[4 * KIB];

	if (++kvp->index == ITEMS_MAX)
		return false;
	return ic_request(ic, body, kvp_put_enumerate(body, kvp->pool, kvp->index));
}

static void reply(struct ic *ic, const struct ic_message *m)
{
	struct kvp *kvp = ic->priv;
	struct kvp_item item;

	if (kvp->operation == KVP_ENUMERATE && m->status == HV_S_CONT) {
		ic_done(ic, "succeeded items %u", kvp->index);
		return;
	}
	if (m->status != HV_S_OK) {
		ic_done(ic, "failed status %#x", m->status);
		return;
	}
	if (kvp->operation == KVP_GET || kvp->operation == KVP_ENUMERATE) {
		if (!kvp_get_item(m->body, m->len, kvp->operation, &item)) {
			ic_done(ic, "failed: malformed reply");
			return;
		}
		text_add(&kvp->found, "%s=%s\n", item.key, item.value);
		if (kvp->operation == KVP_ENUMERATE && next_item(ic, kvp))
			return;
	}
	if (kvp->operation == KVP_GET_IP)
		found_ip(kvp, m);
	ic_done(ic, "succeeded status 0x0");
}

static void closed(struct ic *ic)
{
	text_free(&((struct kvp *)ic->priv)->found);
}

static const struct ic_service service = {
	.type = IC_KVP,
	.instance = "242ff919-07db-4180-9c2e-b86cb68c8c55",
	.versions = versions,
	.priv_size = sizeof(struct kvp),
	.reply = reply,
	.closed = closed,
	.command = command,
};

static bool create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	return ic_create(dev, &service, o, error, size);
}

/* Interface type a9a0f4e7-5a45-4d96-b827-8a841e8c03e6 */
const struct hv_device_ops kvp_ops = {
	IC_OPS,
	.kind = "kvp",
	.help = "key/value exchange and IP injection\n" IC_OPTIONS
		"  get|delete POOL KEY, set POOL KEY VALUE [u32|u64], enumerate POOL\n"
		"  ip-get ADAPTER [ipv4] [ipv6], ip-set ADAPTER [ipv4] [ipv6] [dhcp]\n"
		"      [address=LIST] [mask=LIST] [gateway=LIST] [dns=LIST]\n"
		"  found          what the last request brought\n"
		"  pools: external guest auto auto-external auto-internal\n",
	.type = { { 0xe7, 0xf4, 0xa0, 0xa9, 0x45, 0x5a, 0x96, 0x4d,
		    0xb8, 0x27, 0x8a, 0x84, 0x1e, 0x8c, 0x03, 0xe6 } },
	.create = create,
};
