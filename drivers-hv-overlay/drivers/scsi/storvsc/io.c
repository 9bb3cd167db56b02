// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: submission of commands.
 */
#include <linux/atomic.h>
#include <linux/blk-mq.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/hyperv/send.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "storvsc.h"

/**
 * struct stv_xfer - the data of a command, mapped for DMA
 * @nents: entries of the scatterlist as mapped
 * @offset: offset of the first byte in its page
 * @len: length in bytes, 0 if there is no data
 * @pfns: pages
 */
struct stv_xfer {
	int nents;
	u32 offset;
	u32 len;
	u32 pfns;
};

/**
 * stv_queues_alloc() - make the hardware queues
 * @dev: adapter
 * @nr_queues: number of them
 * @nr_tags: tags of each
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int stv_queues_alloc(struct stv_dev *dev, u32 nr_queues, u32 nr_tags)
{
	u32 i;

	dev->queue = kcalloc(nr_queues, sizeof(*dev->queue), GFP_KERNEL);
	if (!dev->queue)
		return -ENOMEM;

	dev->nr_tags = nr_tags;
	for (i = 0; i < nr_queues; i++) {
		dev->queue[i].tags = kvcalloc(nr_tags, sizeof(struct stv_tag),
					      GFP_KERNEL);
		if (!dev->queue[i].tags)
			goto err_free;
	}
	/* Queues before their number: the reader may be at it already. */
	smp_store_release(&dev->nr_queues, nr_queues);
	return 0;

err_free:
	while (i--)
		kvfree(dev->queue[i].tags);
	kfree(dev->queue);
	dev->queue = NULL;
	return -ENOMEM;
}

/**
 * stv_queues_free() - free the hardware queues
 * @dev: adapter; nothing is in flight, no reader runs
 */
void stv_queues_free(struct stv_dev *dev)
{
	u32 i;

	for (i = 0; i < dev->nr_queues; i++)
		kvfree(dev->queue[i].tags);
	kfree(dev->queue);
	dev->queue = NULL;
	dev->nr_queues = 0;
}

/*
 * The host takes one range: a first page that need not be full, whole pages, a
 * last one. The block layer cuts commands accordingly (virt_boundary_mask), and
 * the DMA layer keeps offsets (min_align_mask). That both did, and mapped no
 * more and no less than the command moves, is checked: pages that are too many
 * would be written beyond the packet, and room for some left as it was.
 */
static bool stv_one_range(struct scsi_cmnd *cmd, const struct stv_xfer *x)
{
	struct scatterlist *sg;
	dma_addr_t seams = 0;
	u32 total = 0;
	int i;

	for_each_sg(scsi_sglist(cmd), sg, x->nents, i) {
		total += sg_dma_len(sg);
		if (i)
			seams |= sg_dma_address(sg);
		if (i < x->nents - 1)
			seams |= sg_dma_address(sg) + sg_dma_len(sg);
	}
	return total == x->len && !(seams & ~HV_HYP_PAGE_MASK);
}

static int stv_map_data(struct scsi_cmnd *cmd, struct stv_xfer *x)
{
	x->len = 0;
	if (!scsi_sg_count(cmd))
		return 0;

	x->nents = scsi_dma_map(cmd);
	if (unlikely(x->nents <= 0))
		return -EAGAIN;

	x->len = scsi_bufflen(cmd);
	x->offset = offset_in_hvpage(sg_dma_address(scsi_sglist(cmd)));
	x->pfns = stv_range_pfns(x->offset, x->len);
	if (likely(x->nents == 1 ? sg_dma_len(scsi_sglist(cmd)) == x->len :
				   stv_one_range(cmd, x)))
		return 0;

	scsi_dma_unmap(cmd);
	sdev_printk(KERN_ERR, cmd->device,
		    "data of a command is not in whole pages\n");
	return -EINVAL;
}

static void stv_put_pfns(void *p, struct scsi_cmnd *cmd, int nents)
{
	struct scatterlist *sg;
	u32 n = 0;
	int i;

	for_each_sg(scsi_sglist(cmd), sg, nents, i) {
		u64 first = sg_dma_address(sg);
		u64 pfn = HVPFN_DOWN(first);
		u64 end = HVPFN_UP(first + sg_dma_len(sg));

		for (; pfn < end; pfn++)
			stv_put_pfn(p, n++, pfn);
	}
}

/* The numbers of the protocol follow those of the DMA layer. */
static enum stv_dir stv_direction(const struct scsi_cmnd *cmd)
{
	static_assert(DMA_TO_DEVICE - DMA_TO_DEVICE == STV_DIR_OUT);
	static_assert(DMA_FROM_DEVICE - DMA_TO_DEVICE == STV_DIR_IN);
	static_assert(DMA_NONE - DMA_TO_DEVICE == STV_DIR_NONE);

	return cmd->sc_data_direction - DMA_TO_DEVICE;
}

/*
 * Writes a command into the ring of a channel. If 0 is returned then the
 * command belongs to the reader of the channel and may be completed already.
 *
 * It is that, too, if the channel was rescinded while the packet went out: with
 * the channel the adapter goes, or is recovered, and then the command is taken
 * back.
 */
static int stv_send(struct stv_chan *sc, struct scsi_cmnd *cmd,
		    const struct stv_xfer *x, bool publish)
{
	struct request *rq = scsi_cmd_to_rq(cmd);
	struct stv_lun *lun = cmd->device->hostdata;
	u32 hwq = rq->mq_hctx->queue_num;
	struct stv_tag *tag = &sc->dev->queue[hwq].tags[rq->tag];
	u32 ext = x->len ? stv_range_size(x->pfns) : 0;
	struct vmpacket_descriptor desc =
		vmbus_send_desc(x->len ? VM_PKT_DATA_USING_GPA_DIRECT :
					 VM_PKT_DATA_INBAND,
				VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
				ext, STV_PKT_LEN, 0);
	struct stv_cmd srb = {
		.cdb = cmd->cmnd,
		.data_len = x->len,
		.cdb_len = cmd->cmd_len,
		.dir = stv_direction(cmd),
	};
	unsigned long flags;
	void *p;
	u32 gen;

	p = vmbus_send_begin(sc->vch, &desc, &flags);
	if (IS_ERR(p))
		return PTR_ERR(p);

	if (x->len) {
		stv_put_range(p, x->offset, x->len);
		stv_put_pfns(p, cmd, x->nents);
	}
	stv_put_srb(p + ext, &lun->tmpl, &srb);

	tag->cmd = cmd;
	gen = stv_slot_arm(&tag->slot, sc->index);
	vmbus_send_set_id(p, stv_io_id(hwq << BLK_MQ_UNIQUE_TAG_BITS | rq->tag,
				       gen));
	vmbus_send_end(sc->vch, publish, flags);
	return 0;
}

static bool stv_has_room(void *ctx, u32 chan)
{
	struct stv_dev *dev = ctx;
	struct vmbus_channel *vch = dev->chan[chan]->vch;

	return !READ_ONCE(vch->rescind) &&
	       hv_get_avail_to_write_percent(&vch->outbound) > dev->lowater;
}

/*
 * The channel of this CPU has no room, or is none any more: take another. A
 * broken one is opened anew, which the command can wait for.
 */
static noinline int stv_send_elsewhere(struct stv_dev *dev,
				       const struct stv_map *map, u32 home,
				       struct stv_queue *q,
				       struct scsi_cmnd *cmd,
				       const struct stv_xfer *x, int err)
{
	u32 i = stv_map_search(map, raw_smp_processor_id(), stv_has_room, dev);
	int ret;

	if (err == -ENODEV && vmbus_channel_broken(dev->chan[home]->vch)) {
		queue_work(stv_recover_wq, &dev->recover_work);
		err = -EAGAIN;
	}
	if (i == home)
		i = 0;
	if (i != home) {
		q->moved++;
		ret = stv_send(dev->chan[i], cmd, x, true);
		if (!ret || ret == -EAGAIN)
			err = ret;
	}
	return err;
}

/*
 * A command that is not the last of its batch is written and held back. After
 * that, its channel is put into q->held, unless it is there. Who takes it out,
 * or displaces it, sees to it that what the channel has is shown to the host.
 */
static struct vmbus_channel *stv_unhold(struct stv_queue *q)
{
	return likely(!READ_ONCE(q->held)) ? NULL : xchg(&q->held, NULL);
}

static void stv_hold(struct stv_queue *q, struct vmbus_channel *vch)
{
	struct vmbus_channel *old;

	if (READ_ONCE(q->held) == vch)
		return;
	old = xchg(&q->held, vch);
	if (old && old != vch)
		vmbus_send_flush(old);
}

/*
 * A polled queue has a channel of its own; if that isn't there then commands
 * take the usual way, and their completions come unasked.
 */
static noinline u32 stv_polled_home(struct stv_dev *dev, u32 hwq, u32 home)
{
	u32 first = READ_ONCE(dev->poll_chan);
	u32 i = first + hwq - dev->poll_queue;

	/* Up before the rest: pairs with stv_chan_up(). */
	if (first && dev->chan[i] && smp_load_acquire(&dev->chan[i]->up))
		return i;
	return home;
}

/* Called within an RCU read-side section. */
static int stv_submit(struct stv_dev *dev, struct scsi_cmnd *cmd,
		      const struct stv_xfer *x)
{
	u32 hwq = scsi_cmd_to_rq(cmd)->mq_hctx->queue_num;
	struct stv_queue *q = &dev->queue[hwq];
	bool last = cmd->flags & SCMD_LAST;
	struct vmbus_channel *held;
	const struct stv_map *map;
	struct stv_chan *sc;
	u32 home;
	int ret;

	map = rcu_dereference(dev->map);
	if (unlikely(!map))
		return -ENOTCONN;
	home = stv_map_home(map, raw_smp_processor_id());
	if (unlikely(home == STV_NO_CHAN))
		return -ENOTCONN;
	if (unlikely(hwq >= dev->poll_queue))
		home = stv_polled_home(dev, hwq, home);

	sc = dev->chan[home];
	if (!last) {
		ret = stv_send(sc, cmd, x, false);
		if (likely(!ret))
			stv_hold(q, sc->vch);
	} else {
		/* The batch may be on another channel, if it is one. */
		held = stv_unhold(q);
		ret = stv_send(sc, cmd, x, true);
		if (unlikely(held) && (held != sc->vch || ret))
			vmbus_send_flush(held);
	}
	if (likely(!ret))
		return 0;

	ret = stv_send_elsewhere(dev, map, home, q, cmd, x, ret);
	if (ret == -EAGAIN)
		q->full++;
	return ret;
}

/**
 * stv_commit() - the last command of a batch didn't come
 * @shost: SCSI host
 * @queue: number of the hardware queue
 *
 * Context: process or softirq.
 */
void stv_commit(struct Scsi_Host *shost, u16 queue)
{
	struct stv_dev *dev = shost_priv(shost);
	struct vmbus_channel *held;

	rcu_read_lock();
	/* Without a map the channel may be closed, or gone. */
	if (rcu_access_pointer(dev->map)) {
		held = stv_unhold(&dev->queue[queue]);
		if (held)
			vmbus_send_flush(held);
	}
	rcu_read_unlock();
}

/*
 * A command was not sent. A full ring is a shortage of the host's, not of the
 * device's: reported like this, the SCSI layer lets devices wait in turn, and
 * goes on as soon as any command completes; without one it tries again soon.
 */
static noinline int stv_unsent(struct stv_dev *dev, struct scsi_cmnd *cmd,
			       int err)
{
	bool gone = READ_ONCE(dev->gone);

	/* No map: to come back, or never. */
	if (err == -ENOTCONN && !gone)
		return SCSI_MLQUEUE_HOST_BUSY;

	switch (stv_decide_unsent(err == -ENOTCONN ? -ENODEV : err, gone)) {
	case STV_UNSENT_BUSY:
		return SCSI_MLQUEUE_HOST_BUSY;
	case STV_UNSENT_GONE:
		set_host_byte(cmd, DID_NO_CONNECT);
		break;
	case STV_UNSENT_ERROR:
		set_host_byte(cmd, DID_ERROR);
		break;
	}
	/* It may have been the last one of a batch. */
	stv_commit(dev->shost, scsi_cmd_to_rq(cmd)->mq_hctx->queue_num);
	scsi_done(cmd);
	return 0;
}

/**
 * stv_queuecommand() - send a SCSI command
 * @shost: SCSI host
 * @cmd: command
 *
 * Context: process or softirq.
 * Return: 0 if the command was sent or completed; SCSI_MLQUEUE_HOST_BUSY if the
 * SCSI layer shall try again.
 */
int stv_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *cmd)
{
	struct stv_dev *dev = shost_priv(shost);
	struct stv_xfer x;
	int ret;

	if (unlikely(dev->filter &&
		     !stv_cmd_allowed(cmd->cmnd[0], dev->params.version)))
		return stv_unsent(dev, cmd, -EPERM);

	ret = stv_map_data(cmd, &x);
	if (unlikely(ret))
		return stv_unsent(dev, cmd, ret);

	rcu_read_lock();
	ret = stv_submit(dev, cmd, &x);
	rcu_read_unlock();
	if (likely(!ret))
		return 0;

	if (x.len)
		scsi_dma_unmap(cmd);
	return stv_unsent(dev, cmd, ret);
}
