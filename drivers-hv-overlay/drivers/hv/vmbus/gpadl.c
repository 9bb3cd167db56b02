// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory shared with the host.
 *
 * A buffer is shared in two steps. Sharing makes its pages visible to the host,
 * which is nothing in a normal VM and a change of encryption in a confidential
 * one. Announcing gives the host the list of pages under a handle (a GPADL); it
 * can map them from then on. The way back is the reverse: the host is asked to
 * forget the handle, and when it has agreed the pages are made private again.
 *
 * &vmbus_gpadl.decrypted says whether the owner may free the memory: it is set
 * from the first step until the last one succeeded, so a caller whose setup or
 * teardown failed looks at it and leaks the memory if it is still set. That is
 * the case when changing the encryption failed, and when the host did not
 * answer and may go on using the pages.
 *
 * A host that has rescinded a channel has given up its mappings before; nothing
 * is sent then and nothing waited for.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/hyperv.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/set_memory.h>

#include "chan_ops.h"
#include "trace.h"
#include "wire/gpadl.h"

/* Handles are never used twice; the first is where guests have begun so far. */
static atomic_t vmbus_gpadl_handle = ATOMIC_INIT(0xe1e10);

/**
 * vmbus_gpadl_next_handle() - get a handle for a new GPADL
 *
 * Return: a handle, never 0.
 */
u32 vmbus_gpadl_next_handle(void)
{
	u32 handle;

	do {
		handle = atomic_fetch_inc(&vmbus_gpadl_handle);
	} while (!handle);
	return handle;
}

static void vmbus_gpadl_lost(struct vmbus_chan *chan, u32 size)
{
	pr_err("channel %u: host does not let go of %u KiB of memory, leaking it\n",
	       chan->ch.offermsg.child_relid, size / 1024);
}

/**
 * vmbus_gpadl_share() - make memory visible to the host
 * @chan: channel that it is for
 * @buf: page-aligned memory, from the page allocator or vmalloc()
 * @size: its size in bytes
 * @gpadl: filled in; @gpadl->decrypted is set even when this fails, for the
 *	state of the pages isn't known then
 *
 * Context: process.
 * Return: 0 or a negative error number.
 */
int vmbus_gpadl_share(struct vmbus_chan *chan, void *buf, u32 size,
		      struct vmbus_gpadl *gpadl)
{
	int ret;

	gpadl->gpadl_handle = 0;
	gpadl->buffer = buf;
	gpadl->size = size;
	gpadl->decrypted = true;
	ret = set_memory_decrypted((unsigned long)buf, PFN_UP(size));
	if (ret)
		pr_warn("channel %u: can't make memory visible to the host: %d\n",
			chan->ch.offermsg.child_relid, ret);
	return ret;
}

/**
 * vmbus_gpadl_unshare() - make memory private again
 * @gpadl: memory that the host doesn't map (any more)
 *
 * Context: process.
 * Return: 0, or a negative error number and @gpadl->decrypted still set.
 */
int vmbus_gpadl_unshare(struct vmbus_gpadl *gpadl)
{
	int ret;

	ret = set_memory_encrypted((unsigned long)gpadl->buffer,
				   PFN_UP(gpadl->size));
	if (ret)
		pr_warn("can't make memory private again: %d\n", ret);
	else
		gpadl->decrypted = false;
	return ret;
}

static u64 vmbus_gpadl_pfn(void *ctx, u32 offset)
{
	return virt_to_hvpfn(ctx + offset);
}

/*
 * A large buffer takes hundreds of messages. Giving up half-way is safe, for a
 * host can't map what it has not been told all of.
 */
static int vmbus_gpadl_post(struct vmbus_chan *chan, struct hvb_gpadl_enc *enc)
{
	unsigned long end = jiffies +
			    msecs_to_jiffies(VMBUS_REQUEST_TIMEOUT_MS);
	struct hvb_wire w;
	int ret;

	while (hvb_gpadl_enc_next(enc, &w)) {
		if (READ_ONCE(chan->ch.rescind))
			return -ENODEV;
		if (time_after(jiffies, end))
			return -ENOBUFS;
		ret = vmbus_post(w.data, w.len, true);
		if (enc->msg_no == 1)
			trace_vmbus_establish_gpadl_header(enc->relid,
							   enc->gpadl,
							   enc->lay.pfn_count,
							   ret);
		else
			trace_vmbus_establish_gpadl_body(enc->gpadl,
							 enc->msg_no - 1, ret);
		if (ret)
			return ret;
	}
	return 0;
}

static int vmbus_gpadl_result(const struct vmbus_request *req)
{
	struct hv_view view = hv_view_of(req->answer, req->answer_len);
	struct hvb_msg msg;

	if (hvb_msg_decode(&view, vmbus_conn.version, &msg) ||
	    msg.type != HVB_MSG_GPADL_CREATED)
		return -EPROTO;
	if (!msg.gpadl_created.status)
		return 0;
	pr_err_ratelimited("channel %u: host refused a GPADL: status 0x%x\n",
			   msg.gpadl_created.relid, msg.gpadl_created.status);
	return -EDQUOT;
}

/**
 * vmbus_gpadl_announce() - tell the host about shared memory
 * @chan: channel that it is for
 * @buf: the memory
 * @lay: which pages of it
 * @handle: handle, from vmbus_gpadl_next_handle()
 *
 * Context: process; waits for the host.
 * Return: 0; -EDQUOT if the host refused; -ETIMEDOUT if it did not answer, and
 * may map the memory or begin to; -ENODEV if the channel was rescinded; else an
 * error from posting, with the list of pages incomplete and of no use to the
 * host.
 */
int vmbus_gpadl_announce(struct vmbus_chan *chan, void *buf,
			 const struct hvb_gpadl_layout *lay, u32 handle)
{
	u32 relid = chan->ch.offermsg.child_relid;
	struct hvb_request_key key = hvb_key_gpadl_create(relid, handle);
	struct vmbus_request req;
	struct hvb_gpadl_enc enc;
	int ret;

	if (READ_ONCE(chan->ch.rescind))
		return -ENODEV;
	ret = hvb_gpadl_enc_start(&enc, lay, relid, handle, vmbus_gpadl_pfn,
				  buf);
	if (ret)
		return ret;

	vmbus_request_start(&req, &key, chan);
	ret = vmbus_gpadl_post(chan, &enc);
	if (ret) {
		vmbus_request_cancel(&req);
		return ret;
	}
	ret = vmbus_request_wait(&req, VMBUS_REQUEST_TIMEOUT_MS);
	return ret ?: vmbus_gpadl_result(&req);
}

/**
 * vmbus_gpadl_revoke() - ask the host to forget shared memory
 * @chan: channel that it was for
 * @handle: handle that was announced
 *
 * Context: process; waits for the host.
 * Return: 0 if the host doesn't map the memory any more, which is so at once on
 * a rescinded channel; else a negative error number.
 */
int vmbus_gpadl_revoke(struct vmbus_chan *chan, u32 handle)
{
	struct hvb_request_key key = hvb_key_gpadl_teardown(handle);
	u32 relid = chan->ch.offermsg.child_relid;
	struct vmbus_request req;
	struct hvb_wire w;
	int ret;

	if (vmbus_chan_host_gone(chan))
		return 0;
	ret = hvb_enc_gpadl_teardown(&w, relid, handle);
	if (ret)
		return ret;

	vmbus_request_start(&req, &key, chan);
	ret = vmbus_call(&req, w.data, w.len, vmbus_teardown_timeout());
	trace_vmbus_teardown_gpadl(relid, handle, ret);

	return vmbus_chan_host_gone(chan) ? 0 : ret;
}

/**
 * vmbus_establish_gpadl() - share a buffer with the host
 * @channel: channel that it is for
 * @kbuffer: page-aligned memory, from the page allocator or vmalloc()
 * @size: its size in bytes, a multiple of 4 KiB, at most 8190 times that
 * @gpadl: filled in; after a failure the caller must leak the memory if
 *	@gpadl->decrypted is set
 *
 * Context: process; waits for the host.
 * Return: 0; -EINVAL or -E2BIG for a size that can't be; -ENODEV if the channel
 * was rescinded; -EDQUOT if the host refused; -ETIMEDOUT if it did not answer;
 * or another negative error number.
 */
int vmbus_establish_gpadl(struct vmbus_channel *channel, void *kbuffer,
			  u32 size, struct vmbus_gpadl *gpadl)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);
	u32 handle = vmbus_gpadl_next_handle();
	struct hvb_gpadl_layout lay;
	int ret;

	gpadl->gpadl_handle = 0;
	gpadl->decrypted = false;
	ret = hvb_gpadl_layout(&lay, HVB_GPADL_BUFFER, PAGE_SIZE, size, 0);
	if (ret)
		return ret;

	ret = vmbus_gpadl_share(chan, kbuffer, size, gpadl);
	if (ret)
		return ret;

	ret = vmbus_gpadl_announce(chan, kbuffer, &lay, handle);
	if (!ret) {
		gpadl->gpadl_handle = handle;
		return 0;
	}
	/* -ENODEV: a connection that is about to end has not ended yet. */
	if (ret == -ETIMEDOUT || ret == -EPROTO ||
	    (ret == -ENODEV && !vmbus_chan_host_gone(chan)))
		vmbus_gpadl_lost(chan, size);
	else
		vmbus_gpadl_unshare(gpadl);
	return ret;
}

/**
 * vmbus_teardown_gpadl() - take a shared buffer back from the host
 * @channel: channel that it is for
 * @gpadl: from vmbus_establish_gpadl(); the caller must leak the memory if
 *	@gpadl->decrypted is still set afterwards
 *
 * Context: process; waits for the host.
 * Return: 0, also if the channel was rescinded; -ETIMEDOUT if the host did not
 * answer; or another negative error number.
 */
int vmbus_teardown_gpadl(struct vmbus_channel *channel,
			 struct vmbus_gpadl *gpadl)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);
	int ret;

	ret = vmbus_gpadl_revoke(chan, gpadl->gpadl_handle);
	if (ret) {
		vmbus_gpadl_lost(chan, gpadl->size);
		return ret;
	}
	gpadl->gpadl_handle = 0;
	return vmbus_gpadl_unshare(gpadl);
}
