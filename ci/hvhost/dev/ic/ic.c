// SPDX-License-Identifier: GPL-2.0-only
/* The part that all integration components share: negotiation, requests, commands. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../ctl/ctl.h"
#include "ic.h"

static const uint32_t frameworks[] = { IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };

static bool send_message(struct ic *ic, enum ic_type type, uint8_t flags, const void *body,
			 uint32_t len)
{
	uint8_t buffer[IC_HEADERS + IC_BODY_MAX];
	struct ic_message m = {
		.framework = ic->framework,
		.version = ic->version,
		.type = type,
		.transaction = ic->transaction + 1,
		.flags = flags,
	};

	if (len > IC_BODY_MAX || !channel_send(ic->ch, buffer, ic_put(buffer, &m, body, len), 0,
					       false))
		return false;
	ic->transaction++;
	ic->busy = true;
	ic->requests++;
	return true;
}

bool ic_request(struct ic *ic, const void *body, uint32_t len)
{
	if (ic->state != IC_READY || ic->busy)
		return false;
	return send_message(ic, ic->service->type, IC_FLAG_TRANSACTION | IC_FLAG_REQUEST, body,
			    len);
}

void ic_done(struct ic *ic, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	text_free(&ic->last);
	text_add(&ic->last, "%s\n", line);
	ctl_event("%s done %s", ic->dev->name, line);
}

static void negotiate(struct ic *ic)
{
	uint8_t body[256];
	uint32_t len = ic_put_versions(body, frameworks, ic->highest_framework,
				       ic->service->versions, ic->highest);

	ic->framework = 0;
	ic->version = 0;
	ic->state = IC_NEGOTIATING;
	send_message(ic, IC_NEGOTIATE, IC_FLAG_TRANSACTION | IC_FLAG_REQUEST, body, len);
}

uint32_t ic_open(struct hv_channel *ch)
{
	struct ic *ic = ch->dev->priv;

	pthread_mutex_lock(&ic->lock);
	ic->ch = ch;
	ic->busy = false;
	/* Not from here: the guest may not have seen OPEN_RESULT yet, and the rings are not up. */
	ic->state = IC_CLOSED;
	pthread_mutex_unlock(&ic->lock);
	channel_timer(ch, 1000000);
	return 0;
}

void ic_timer(struct hv_channel *ch)
{
	struct ic *ic = ch->dev->priv;

	pthread_mutex_lock(&ic->lock);
	if (ic->state == IC_CLOSED)
		negotiate(ic);
	else if (ic->state == IC_READY && ic->service->timer)
		ic->service->timer(ic);
	pthread_mutex_unlock(&ic->lock);
}

void ic_close(struct hv_channel *ch)
{
	struct ic *ic = ch->dev->priv;

	pthread_mutex_lock(&ic->lock);
	if (ic->busy && ic->state == IC_READY)
		ic_done(ic, "failed: the channel was closed");
	if (ic->service->closed)
		ic->service->closed(ic);
	ic->ch = NULL;
	ic->state = IC_CLOSED;
	ic->busy = false;
	pthread_mutex_unlock(&ic->lock);
}

static void disable(struct ic *ic, const char *why)
{
	ic->bad++;
	ic->state = IC_DISABLED;
	ic->busy = false;
	log_guest("%s: %s: disabled until its channel is opened again", ic->dev->name, why);
}

/* Is this one of the versions that we offered? */
static bool offered(const uint32_t *list, uint32_t highest, uint32_t version)
{
	for (; *list; list++)
		if (*list == version && version <= highest)
			return true;
	return false;
}

static void on_versions(struct ic *ic, const struct ic_message *m)
{
	uint32_t framework, version;

	if (m->type != IC_NEGOTIATE || !ic_parse_versions(m, &framework, &version) ||
	    !offered(frameworks, ic->highest_framework, framework) ||
	    !offered(ic->service->versions, ic->highest, version)) {
		disable(ic, "no version in common");
		return;
	}
	ic->framework = framework;
	ic->version = version;
	ic->state = IC_READY;
	ctl_event("%s ready: version %u.%u framework %u.%u", ic->dev->name, version >> 16,
		  version & 0xffff, framework >> 16, framework & 0xffff);
	if (ic->service->ready)
		ic->service->ready(ic);
}

void ic_packet(struct hv_channel *ch, struct packet *p)
{
	const uint8_t want = IC_FLAG_TRANSACTION | IC_FLAG_RESPONSE;
	struct ic *ic = ch->dev->priv;
	struct ic_message m;

	pthread_mutex_lock(&ic->lock);
	if (ic->state == IC_DISABLED || ic->state == IC_CLOSED) {
		ic->bad++;
	} else if (p->type != PKT_INBAND || !ic_parse(p->data, p->len, &m) ||
		   (m.flags & want) != want || m.transaction != ic->transaction || !ic->busy) {
		disable(ic, "reply that does not fit the request");
	} else {
		ic->busy = false;
		ic->replies++;
		if (ic->state == IC_NEGOTIATING)
			on_versions(ic, &m);
		else if (m.type == ic->service->type)
			ic->service->reply(ic, &m);
		else
			disable(ic, "reply of another type");
	}
	pthread_mutex_unlock(&ic->lock);
}

static void describe(struct ic *ic, struct text *answer)
{
	static const char *const states[] = {
		[IC_CLOSED] = "closed", [IC_NEGOTIATING] = "negotiating", [IC_READY] = "ready",
		[IC_DISABLED] = "disabled",
	};

	text_add(answer, "%s version %u.%u framework %u.%u requests %llu replies %llu bad %llu%s\n",
		 states[ic->state], ic->version >> 16, ic->version & 0xffff, ic->framework >> 16,
		 ic->framework & 0xffff, (unsigned long long)ic->requests,
		 (unsigned long long)ic->replies, (unsigned long long)ic->bad,
		 ic->busy ? " busy" : "");
}

static bool locked_command(struct ic *ic, int argc, char **argv, struct text *answer)
{
	if (argc == 1 && !strcmp(argv[0], "status")) {
		describe(ic, answer);
		return true;
	}
	if (argc == 1 && !strcmp(argv[0], "last")) {
		if (ic->busy)
			text_add(answer, "pending\n");
		else
			text_add(answer, "%s", ic->last.len ? ic->last.data : "none\n");
		return true;
	}
	if (ic->service->command && ic->service->command(ic, argc, argv, answer))
		return true;
	if (!answer->len)
		text_add(answer, "no such command, see: help %s", ic->dev->ops->kind);
	return false;
}

bool ic_command(struct hv_device *dev, int argc, char **argv, struct text *answer)
{
	struct hv_channel *ch = device_channel(dev, 0);
	bool locked = ch && channel_lock(ch), good;
	struct ic *ic = dev->priv;

	pthread_mutex_lock(&ic->lock);
	good = locked_command(ic, argc, argv, answer);
	pthread_mutex_unlock(&ic->lock);
	if (locked)
		channel_unlock(ch);
	return good;
}

void ic_decode(struct hv_channel *ch, bool from_guest, const struct packet *p, struct text *line)
{
	struct ic_message m;

	(void)ch;
	(void)from_guest;
	if (!ic_parse(p->data, p->len, &m)) {
		text_add(line, "IC message of %u bytes, too short", p->len);
		return;
	}
	text_add(line, "IC %s version %u.%u framework %u.%u transaction %u flags %#x status %#x "
		 "len %u", ic_type_name(m.type), m.version >> 16, m.version & 0xffff,
		 m.framework >> 16, m.framework & 0xffff, m.transaction, m.flags, m.status, m.len);
}

static bool take_version(struct options *o, const char *key, const uint32_t *list,
			 uint32_t *highest, char *error, size_t size)
{
	const char *text = options_string(o, key, NULL);
	unsigned int major, minor;
	char end;

	*highest = list[0];
	if (!text)
		return true;
	if (sscanf(text, "%u.%u%c", &major, &minor, &end) == 2 &&
	    offered(list, list[0], IC_VERSION(major, minor))) {
		*highest = IC_VERSION(major, minor);
		return true;
	}
	snprintf(error, size, "%s=%s is not one of", key, text);
	for (; *list; list++) {
		size_t n = strlen(error);

		snprintf(error + n, size - n, " %u.%u", *list >> 16, *list & 0xffff);
	}
	return false;
}

bool ic_create(struct hv_device *dev, const struct ic_service *service, struct options *o,
	       char *error, size_t size)
{
	struct ic *ic = calloc(1, sizeof(*ic));
	void *priv = calloc(1, service->priv_size + 1);

	if (!ic || !priv) {
		snprintf(error, size, "no memory for an integration component");
		goto fail;
	}
	if (!take_version(o, "version", service->versions, &ic->highest, error, size) ||
	    !take_version(o, "framework", frameworks, &ic->highest_framework, error, size))
		goto fail;
	pthread_mutex_init(&ic->lock, NULL);
	if (!dev->number)
		guid_parse(service->instance, &dev->instance);
	ic->service = service;
	ic->dev = dev;
	ic->priv = priv;
	dev->priv = ic;
	return true;
fail:
	free(priv);
	free(ic);
	return false;
}

void ic_destroy(struct hv_device *dev)
{
	struct ic *ic = dev->priv;

	text_free(&ic->last);
	pthread_mutex_destroy(&ic->lock);
	free(ic->priv);
	free(ic);
}
