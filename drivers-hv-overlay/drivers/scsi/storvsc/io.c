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
static noinline bool stv_one_range(struct scsi_cmnd *cmd, int nents)
{
	struct scatterlist *sg;
	dma_addr_t seams = 0;
	u32 total = 0;
	int i;

	for_each_sg(scsi_sglist(cmd), sg, nents, i) {
		total += sg_dma_len(sg);
		if (i)
			seams |= sg_dma_address(sg);
		if (i < nents - 1)
			seams |= sg_dma_address(sg) + sg_dma_len(sg);
	}
	return total == scsi_bufflen(cmd) && !(seams & ~HV_HYP_PAGE_MASK);
}

/* Maps the data; returns the number of pieces, which is 0 if there is none. */
static __always_inline int stv_map_data(struct scsi_cmnd *cmd)
{
	int nents = scsi_dma_map(cmd);

	if (unlikely(nents < 0))
		return -EAGAIN;
	if (likely(nents == 1 ?
		   sg_dma_len(scsi_sglist(cmd)) == scsi_bufflen(cmd) :
		   stv_one_range(cmd, nents)))
		return nents;

	scsi_dma_unmap(cmd);
	sdev_printk(KERN_ERR, cmd->device,
		    "data of a command is not in whole pages\n");
	return -EINVAL;
}

static noinline void stv_put_pieces(void *p, struct scsi_cmnd *cmd, int nents)
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

/*
 * Writes the range of a command whose data is in @pfns pages, not none; returns
 * where the range ends.
 */
static __always_inline void *stv_put_data(void *p, struct scsi_cmnd *cmd,
					  int nents, u64 pfns)
{
	u64 first = sg_dma_address(scsi_sglist(cmd));
	u64 pfn = HVPFN_DOWN(first);
	u64 n = 0;

	stv_put_range(p, offset_in_hvpage(first), scsi_bufflen(cmd));
	if (unlikely(nents > 1)) {
		stv_put_pieces(p, cmd, nents);
	} else {
		do {
			stv_put_pfn(p, n, pfn + n);
		} while (unlikely(++n < pfns));
	}
	return p + stv_range_size(pfns);
}

/* The numbers of the protocol follow those of the DMA layer. */
static enum stv_dir stv_direction(const struct scsi_cmnd *cmd)
{
	static_assert(DMA_TO_DEVICE - DMA_TO_DEVICE == STV_DIR_OUT);
	static_assert(DMA_FROM_DEVICE - DMA_TO_DEVICE == STV_DIR_IN);
	static_assert(DMA_NONE - DMA_TO_DEVICE == STV_DIR_NONE);

	return cmd->sc_data_direction - DMA_TO_DEVICE;
}

/* Head of the packet of a command with data in so many pages; 0 for no data. */
static __always_inline u64 stv_cmd_head(u64 pfns)
{
	const u16 flags = VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED;
	u64 head;

	if (unlikely(!pfns))
		return vmbus_send_head(VM_PKT_DATA_INBAND, flags, 0,
				       STV_PKT_LEN);
	head = vmbus_send_head(VM_PKT_DATA_USING_GPA_DIRECT, flags,
			       STV_RANGE_LEN, STV_PKT_LEN);
	return vmbus_send_head_more(head, pfns);
}

/*
 * Writes a command into the ring of a channel, which the caller has to end with
 * vmbus_send_end(). If 0 is returned then the command belongs to the reader of
 * the channel and may be completed already.
 *
 * It is that, too, if the channel was rescinded while the packet went out: with
 * the channel the adapter goes, or is recovered, and then the command is taken
 * back.
 */
static __always_inline int stv_write(struct stv_chan *sc, struct stv_queue *q,
				     u32 hwq, struct scsi_cmnd *cmd, int nents)
{
	struct stv_cmd srb = { .cdb = cmd->cmnd };
	u64 pfns = 0, first, id;
	struct stv_lun *lun;
	struct stv_tag *tag;
	void *p, *msg;
	u32 nr;

	if (likely(nents)) {
		first = sg_dma_address(scsi_sglist(cmd));
		pfns = stv_range_pfns(offset_in_hvpage(first),
				      scsi_bufflen(cmd));
	}
	p = vmbus_send_begin(sc->vch, stv_cmd_head(pfns));
	if (IS_ERR(p))
		return PTR_ERR(p);

	msg = p;
	if (likely(pfns))
		msg = stv_put_data(p, cmd, nents, pfns);
	lun = cmd->device->hostdata;
	srb.data_len = scsi_bufflen(cmd);
	srb.cdb_len = cmd->cmd_len;
	srb.dir = stv_direction(cmd);
	stv_put_srb(msg, &lun->tmpl, &srb);

	nr = scsi_cmd_to_rq(cmd)->tag;
	tag = &q->tags[nr];
	tag->cmd = cmd;
	id = stv_io_id(hwq << BLK_MQ_UNIQUE_TAG_BITS | nr,
		       stv_slot_arm(&tag->slot, sc->index));
	vmbus_send_set_id(p, id);
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
 * A command that is not the last of its batch is written and held back. After
 * that, its channel is put into q->held, unless it is there. Who takes it out,
 * or displaces it, sees to it that what the channel has is shown to the host.
 */
static void stv_hold(struct stv_queue *q, struct vmbus_channel *vch)
{
	struct vmbus_channel *old;

	if (READ_ONCE(q->held) == vch)
		return;
	old = xchg(&q->held, vch);
	if (old && old != vch)
		vmbus_send_flush(old);
}

/* The batch ends; that is for the caller to tell the host if it is on @vch. */
static void stv_unhold(struct stv_queue *q, struct vmbus_channel *vch)
{
	struct vmbus_channel *old = xchg(&q->held, NULL);

	if (old && old != vch)
		vmbus_send_flush(old);
}

/*
 * The channel of this CPU has no room, or is none any more: take another. A
 * broken one is opened anew, which the command can wait for.
 */
static noinline int stv_send_elsewhere(struct stv_chan *home, u32 hwq,
				       struct scsi_cmnd *cmd, int nents,
				       int err)
{
	struct stv_dev *dev = home->dev;
	struct stv_queue *q = &dev->queue[hwq];
	const struct stv_map *map;
	struct stv_chan *sc;
	int ret;
	u32 i;

	/* Taken out of q->held for a command that wasn't written there. */
	if (cmd->flags & SCMD_LAST)
		vmbus_send_flush(home->vch);

	/* Sub-channels go alone; only with the primary the adapter has gone. */
	if (err == -ENODEV && !stv_rescinded(dev)) {
		queue_work(stv_recover_wq, &dev->recover_work);
		err = -EAGAIN;
	}
	map = rcu_dereference(dev->map);
	if (!map)
		return err;
	i = stv_map_search(map, raw_smp_processor_id(), stv_has_room, dev);
	if (i == home->index)
		i = 0;
	if (i != home->index) {
		q->moved++;
		sc = dev->chan[i];
		ret = stv_write(sc, q, hwq, cmd, nents);
		if (!ret)
			vmbus_send_end(sc->vch, true);
		if (!ret || ret == -EAGAIN)
			err = ret;
	}
	if (err == -EAGAIN)
		q->full++;
	return err;
}

/*
 * A polled queue has a channel of its own; if that isn't there then commands
 * take the usual way, and their completions come unasked. So do those of error
 * handling, for which nobody polls.
 */
static noinline u32 stv_polled_home(struct stv_dev *dev,
				    const struct scsi_cmnd *cmd, u32 hwq,
				    u32 home)
{
	u32 first = READ_ONCE(dev->poll_chan);
	u32 i = first + hwq - dev->poll_queue;
	struct stv_chan *sc;

	if (!first || cmd->submitter == SUBMITTED_BY_SCSI_ERROR_HANDLER)
		return home;
	sc = READ_ONCE(dev->chan[i]);
	/* Up before the rest: pairs with stv_chan_up(). */
	if (sc && smp_load_acquire(&sc->up))
		return i;
	return home;
}

/* Called within an RCU read-side section. */
static __always_inline int stv_submit(struct stv_dev *dev,
				      struct scsi_cmnd *cmd, int nents)
{
	u32 hwq = scsi_cmd_to_rq(cmd)->mq_hctx->queue_num;
	struct stv_queue *q = &dev->queue[hwq];
	int last = cmd->flags & SCMD_LAST;
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
		home = stv_polled_home(dev, cmd, hwq, home);

	sc = dev->chan[home];
	if (last && unlikely(READ_ONCE(q->held)))
		stv_unhold(q, sc->vch);

	ret = stv_write(sc, q, hwq, cmd, nents);
	if (unlikely(ret))
		return stv_send_elsewhere(sc, hwq, cmd, nents, ret);

	if (likely(last)) {
		vmbus_send_end(sc->vch, true);
	} else {
		vmbus_send_end(sc->vch, false);
		stv_hold(q, sc->vch);
	}
	return 0;
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

	rcu_read_lock();
	/* Without a map the channel may be closed, or gone. */
	if (rcu_access_pointer(dev->map))
		stv_unhold(&dev->queue[queue], NULL);
	rcu_read_unlock();
}

/*
 * A command was not sent. A full ring is reported as a shortage of the device,
 * although all devices share it: else the SCSI layer would let all of them
 * wait, and a slow one that has filled it would keep the others out. A device
 * goes on as soon as one of its own commands completes; one that has none with
 * the host tries again some milliseconds later. Without a map nobody can send.
 */
static noinline int stv_unsent(struct Scsi_Host *shost, struct scsi_cmnd *cmd,
			       int err)
{
	struct stv_dev *dev = shost_priv(shost);
	bool gone = READ_ONCE(dev->gone);

	/* No map: to come back, or never. */
	if (err == -ENOTCONN && !gone)
		return SCSI_MLQUEUE_HOST_BUSY;

	switch (stv_decide_unsent(err == -ENOTCONN ? -ENODEV : err, gone)) {
	case STV_UNSENT_BUSY:
		return SCSI_MLQUEUE_DEVICE_BUSY;
	case STV_UNSENT_GONE:
		set_host_byte(cmd, DID_NO_CONNECT);
		break;
	case STV_UNSENT_ERROR:
		set_host_byte(cmd, DID_ERROR);
		break;
	}
	/* It may have been the last one of a batch. */
	stv_commit(shost, scsi_cmd_to_rq(cmd)->mq_hctx->queue_num);
	scsi_done(cmd);
	return 0;
}

/**
 * stv_queuecommand() - send a SCSI command
 * @shost: SCSI host
 * @cmd: command
 *
 * Context: process or softirq.
 * Return: 0 if the command was sent or completed; else the SCSI layer shall try
 * again: SCSI_MLQUEUE_DEVICE_BUSY if there was no room for it, and
 * SCSI_MLQUEUE_HOST_BUSY while the adapter takes no commands.
 */
int stv_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *cmd)
{
	struct stv_dev *dev = shost_priv(shost);
	int nents, ret;

	if (unlikely(dev->filter &&
		     !stv_cmd_allowed(cmd->cmnd[0], dev->params.version)))
		return stv_unsent(shost, cmd, -EPERM);

	nents = stv_map_data(cmd);
	if (unlikely(nents < 0))
		return stv_unsent(shost, cmd, nents);

	rcu_read_lock();
	ret = stv_submit(dev, cmd, nents);
	rcu_read_unlock();
	if (likely(!ret))
		return 0;

	scsi_dma_unmap(cmd);
	return stv_unsent(shost, cmd, ret);
}
