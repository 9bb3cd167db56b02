// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: what comes from the host.
 *
 * Interrupts of a channel may arrive on two CPUs at a time, when it moves from
 * one to the other, and while a worker reads. stv_chan.reading tells who does:
 *
 *	IDLE	nobody
 *	BUSY	somebody, who has looked at everything that was announced so far
 *	AGAIN	somebody, who has to look again before he stops
 *
 * An interrupt becomes the reader if it was IDLE; else it makes it AGAIN. The
 * reader reads in batches (linux/hyperv/recv.h) until one ends with nothing
 * left, and stops by making it IDLE, which works only if no interrupt has come
 * in between. The end of a batch looks for more by itself: the host doesn't
 * interrupt for a packet that it writes while it sees others unread, and what
 * was read is known to the host only then.
 *
 * A reader who has used up his budget leaves the state as it is and goes on in
 * a worker, with the channel's interrupts masked.
 *
 * Only the reader masks and unmasks. While nobody reads, interrupts are off if
 * the channel is polled, else on.
 */
#include <linux/atomic.h>
#include <linux/blk-mq.h>
#include <linux/bottom_half.h>
#include <linux/hyperv/recv.h>
#include <linux/hyperv/send.h>
#include <linux/jiffies.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_dbg.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "storvsc.h"

#define STV_READ_IDLE	0
#define STV_READ_BUSY	1
#define STV_READ_AGAIN	2

/*
 * Packets per interrupt and per run of the worker. A completion takes the SCSI
 * and block layers a microsecond or two, with interrupts off in the first case.
 */
#define STV_INTERRUPT_BUDGET	16
#define STV_WORK_BUDGET		64

/* A channel that nobody has polled for that long isn't polled any more. */
#define STV_UNPOLL_AFTER	(HZ / 2)

/**
 * stv_reject() - count a packet that is not accepted, and say so now and then
 * @sc: channel
 * @why: the reason
 *
 * Context: the reader of the channel.
 */
void stv_reject(struct stv_chan *sc, enum stv_reject why)
{
	sc->rejects[why]++;
	dev_warn_ratelimited(&sc->dev->hdev->device,
			     "dropped a packet of the host: %s\n",
			     stv_reject_name(why));
}

static noinline void stv_log_comp(struct stv_dev *dev,
				  const struct scsi_cmnd *cmd,
				  const struct stv_comp *comp)
{
	dev_warn_ratelimited(&dev->hdev->device,
			     "tag#%d cmd 0x%x status: scsi 0x%x srb 0x%x hv 0x%x\n",
			     scsi_cmd_to_rq((struct scsi_cmnd *)cmd)->tag,
			     cmd->cmnd[0], comp->scsi_status, comp->srb_status,
			     comp->status);
}

static noinline void stv_log_sense(const struct scsi_cmnd *cmd,
				   const struct stv_sense *sense)
{
	const struct scsi_sense_hdr hdr = {
		.response_code = sense->response,
		.sense_key = sense->key,
		.asc = sense->asc,
		.ascq = sense->ascq,
	};

	scsi_print_sense_hdr(cmd->device, "storvsc", &hdr);
}

/* All that a completion may ask for besides being passed on. */
static void stv_verdict_extra(struct stv_chan *sc, struct scsi_cmnd *cmd,
			      const struct stv_comp *comp,
			      const struct stv_verdict *v)
{
	sc->overlong += v->overlong;
	if (v->log != STV_LOG_NONE && READ_ONCE(stv_logging_level) >= v->log)
		stv_log_comp(sc->dev, cmd, comp);
	if (v->sense_ok && READ_ONCE(stv_logging_level) >= STV_LOG_WARN)
		stv_log_sense(cmd, &v->sense);
	if (v->copy_sense)
		memcpy(cmd->sense_buffer, comp->sense.p,
		       min_t(u32, comp->sense.len, SCSI_SENSE_BUFFERSIZE));
	if (v->action != STV_DO_NOTHING)
		stv_event_lun(cmd->device, v->action);
}

/* A completion that is no plain success. */
static noinline void stv_on_trouble(struct stv_chan *sc, struct scsi_cmnd *cmd,
				    const void *copy, u32 len)
{
	const struct hv_view pkt = hv_view_of(copy, len);
	struct stv_io io = {
		.data_len = scsi_bufflen(cmd),
		.opcode = cmd->cmnd[0],
		.is_fc = sc->dev->is_fc,
	};
	struct stv_verdict v;
	struct stv_comp comp;

	stv_parse_comp(&pkt, &comp);
	stv_decide(&io, &comp, &v);
	stv_verdict_extra(sc, cmd, &comp, &v);
	cmd->result = v.result;
	scsi_set_resid(cmd, v.resid);
}

/*
 * Private copy of a message. All that a good completion says is in the first
 * half; the other half is fetched when it is needed. So nothing is fetched
 * twice, and little of what nobody looks at.
 */
struct stv_copy {
	__le64 word[STV_PKT_LEN / sizeof(__le64)];
};

#define STV_COPY_HALF	(STV_PKT_LEN / 2)

static_assert(STV_OFF_DATA_LEN + sizeof(u32) <= STV_COPY_HALF);

/* @rest: where the other half is; %NULL if it was fetched already. */
static __always_inline void stv_copy_rest(struct stv_copy *copy,
					  const void __hvshared *rest)
{
	if (rest)
		hvs_copyin((u8 *)copy->word + STV_COPY_HALF, rest,
			   STV_COPY_HALF);
}

static __always_inline void stv_on_comp(struct stv_chan *sc, u64 id, u32 key,
					struct stv_copy *copy, u32 len,
					const void __hvshared *rest)
{
	const struct hv_view pkt = hv_view_of(copy->word, len);
	struct stv_dev *dev = sc->dev;
	u32 hwq = blk_mq_unique_tag_to_hwq(key);
	u32 nr = blk_mq_unique_tag_to_tag(key);
	struct scsi_cmnd *cmd;
	enum stv_reject why;
	struct stv_tag *tag;
	u32 queues, resid;

	/* Number before queues: pairs with stv_queues_alloc(). */
	queues = smp_load_acquire(&dev->nr_queues);
	if (unlikely(hwq >= queues || nr >= dev->nr_tags)) {
		stv_reject(sc, STV_REJECT_UNKNOWN);
		return;
	}
	hwq = array_index_nospec(hwq, queues);
	nr = array_index_nospec(nr, dev->nr_tags);
	tag = &dev->queue[hwq].tags[nr];

	why = stv_io_claim(&tag->slot, id, sc->index, &pkt);
	if (unlikely(why != STV_ACCEPT)) {
		stv_reject(sc, why);
		return;
	}

	cmd = tag->cmd;
	scsi_dma_unmap(cmd);
	sc->done++;
	if (likely(stv_comp_good(&pkt, scsi_bufflen(cmd), &resid))) {
		cmd->result = 0;
		scsi_set_resid(cmd, resid);
	} else {
		stv_copy_rest(copy, rest);
		stv_on_trouble(sc, cmd, copy->word, len);
	}
	scsi_done(cmd);
}

static noinline void stv_on_own(struct stv_chan *sc, u64 id, u32 key,
				const void *copy, u32 len)
{
	enum stv_reject why = STV_REJECT_UNKNOWN;
	struct stv_own_req *own;
	unsigned long flags;

	if (key < ARRAY_SIZE(sc->dev->own)) {
		key = array_index_nospec(key, ARRAY_SIZE(sc->dev->own));
		own = &sc->dev->own[key];
		spin_lock_irqsave(&own->lock, flags);
		why = stv_slot_claim(&own->slot, id, sc->index);
		if (why == STV_ACCEPT) {
			own->len = min_t(u32, len, sizeof(own->reply));
			memcpy(own->reply, copy, own->len);
			complete(&own->done);
		}
		spin_unlock_irqrestore(&own->lock, flags);
	}
	if (why != STV_ACCEPT)
		stv_reject(sc, why);
}

static noinline void stv_on_notice(struct stv_chan *sc, const void *copy,
				   u32 len)
{
	const struct hv_view pkt = hv_view_of(copy, len);
	struct stv_dev *dev = sc->dev;
	struct stv_notice notice;
	enum stv_reject why;
	unsigned long flags;

	why = stv_notice_claim(&pkt, READ_ONCE(dev->up), dev->is_fc, &notice);
	if (why != STV_ACCEPT) {
		stv_reject(sc, why);
		return;
	}

	switch (notice.kind) {
	case STV_NOTICE_BUS:
		stv_event(dev, STV_EVENT_BUS);
		break;
	case STV_NOTICE_WWN:
		spin_lock_irqsave(&dev->wwn_lock, flags);
		dev->wwn = notice.wwn;
		spin_unlock_irqrestore(&dev->wwn_lock, flags);
		stv_event(dev, STV_EVENT_WWN);
		break;
	}
}

static noinline void stv_on_other(struct stv_chan *sc, u64 id, u16 type,
				  enum stv_id_kind kind, u32 key,
				  const void *copy, u32 len)
{
	if (kind == STV_ID_NOTICE && type == VM_PKT_DATA_INBAND && !sc->index)
		stv_on_notice(sc, copy, len);
	else if (kind == STV_ID_OWN && type == VM_PKT_COMP)
		stv_on_own(sc, id, key, copy, len);
	else
		stv_reject(sc, kind == STV_ID_BAD ? STV_REJECT_UNKNOWN :
						    STV_REJECT_TYPE);
}

/*
 * Takes the private copy of a packet's payload. What it consists of is handed
 * on one by one, so that the usual packet needs no more memory than that.
 */
static __always_inline void stv_on_packet(struct stv_chan *sc, u64 id, u16 type,
					  struct stv_copy *copy, u32 len,
					  const void __hvshared *rest)
{
	enum stv_id_kind kind;
	u32 key;

	kind = stv_id_split(id, &key);
	if (likely(kind == STV_ID_IO && type == VM_PKT_COMP)) {
		stv_on_comp(sc, id, key, copy, len, rest);
	} else {
		stv_copy_rest(copy, rest);
		stv_on_other(sc, id, type, kind, key, copy->word, len);
	}
}

/* What follows the message in a longer packet has no meaning. */
static noinline void stv_on_unusual(struct stv_chan *sc, u64 id, u16 type,
				    const void __hvshared *payload, u32 len)
{
	struct stv_copy copy;

	len = min_t(u32, len, sizeof(copy));
	hvs_copyin(&copy, payload, len);
	stv_on_packet(sc, id, type, &copy, len, NULL);
}

static __always_inline void stv_on_usual(struct stv_chan *sc, u64 id,
					 const void __hvshared *payload)
{
	const __le64 __hvshared *word = payload;
	struct stv_copy copy __uninitialized;
	int i;

	/* Word by word, for what is looked at stays in registers then. */
	for (i = 0; i < STV_COPY_HALF / sizeof(*word); i++)
		copy.word[i] = cpu_to_le64(hvs_load64(&word[i]));
	stv_on_packet(sc, id, VM_PKT_COMP, &copy, STV_PKT_LEN,
		      payload + STV_COPY_HALF);
}

/* Reads packets, up to a budget; returns what is left of that. */
static __always_inline unsigned int stv_read(struct stv_chan *sc,
					     struct hv_batch *batch,
					     unsigned int budget)
{
	const u64 usual = hv_head(VM_PKT_COMP, 0, STV_PKT_LEN);
	struct hv_pkt pkt __uninitialized;

	while (budget && hv_batch_next(batch, usual, &pkt)) {
		if (likely(pkt.head == usual))
			stv_on_usual(sc, pkt.trans_id, pkt.payload);
		else
			stv_on_unusual(sc, pkt.trans_id, hv_head_type(pkt.head),
				       pkt.payload, pkt.len);
		budget--;
	}
	return budget;
}

/*
 * Reads as the reader; true if the budget was used up, and he still is it. Each
 * turn but the first and the last has read something, has unmasked interrupts
 * (@unmask: they may be off), or answers to one, so this ends whatever the host
 * does.
 *
 * The core gives up a ring if the host writes nonsense. It calls back once more
 * when a channel was rescinded, which may be a sub-channel alone.
 */
static __always_inline bool stv_read_all(struct stv_chan *sc,
					 unsigned int budget, bool unmask)
{
	struct hv_batch *batch;
	int left;

	for (;;) {
		left = -ENODEV;
		batch = vmbus_recv_begin(sc->vch);
		if (likely(batch)) {
			budget = stv_read(sc, batch, budget);
			left = vmbus_recv_end(sc->vch);
		}
		if (unlikely(left > 0 && budget))
			continue;
		/* What is in flight there is in need of recovery. */
		if (unlikely(left < 0 || READ_ONCE(sc->vch->rescind)))
			queue_work(stv_recover_wq, &sc->dev->recover_work);
		if (unlikely(!budget))
			return true;
		if (unmask && !sc->polled) {
			unmask = false;
			/* Was there anything that it didn't interrupt for? */
			if (hv_end_read(&sc->vch->inbound))
				continue;
		}
		if (likely(atomic_cmpxchg(&sc->reading, STV_READ_BUSY,
					  STV_READ_IDLE) == STV_READ_BUSY))
			return false;
		atomic_set(&sc->reading, STV_READ_BUSY);
		/*
		 * State before ring: pairs with stv_become_reader(), which is
		 * called after the host has written.
		 */
		smp_mb();
	}
}

/*
 * Announces that there is something to read; true if the caller became the
 * reader. Full barrier: the ring is looked at after the state was changed.
 */
static __always_inline bool stv_become_reader(struct stv_chan *sc)
{
	if (likely(atomic_cmpxchg(&sc->reading, STV_READ_IDLE,
				  STV_READ_BUSY) == STV_READ_IDLE))
		return true;
	return atomic_xchg(&sc->reading, STV_READ_AGAIN) == STV_READ_IDLE;
}

/**
 * stv_chan_reset() - nobody reads, and nothing is known of the ring
 * @sc: channel that isn't open
 */
void stv_chan_reset(struct stv_chan *sc)
{
	atomic_set(&sc->reading, STV_READ_IDLE);
	sc->polled = false;
}

/* What the reader hasn't read is read by the worker. */
static void stv_defer(struct stv_chan *sc)
{
	hv_begin_read(&sc->vch->inbound);
	sc->deferred++;
	queue_work(system_bh_wq, &sc->work);
}

/**
 * stv_chan_interrupt() - the host has written to a channel
 * @context: the &struct stv_chan
 *
 * Context: interrupt of a CPU; on PREEMPT_RT a thread with softirqs off.
 */
void stv_chan_interrupt(void *context)
{
	struct stv_chan *sc = context;

	if (!stv_become_reader(sc))
		return;

	if (unlikely(stv_read_all(sc, STV_INTERRUPT_BUDGET, false)))
		stv_defer(sc);
}

/**
 * stv_chan_interrupt_copying() - the same if a completion copies its data
 * @context: the &struct stv_chan
 *
 * Megabytes are not copied with interrupts off.
 *
 * Context: that of stv_chan_interrupt().
 */
void stv_chan_interrupt_copying(void *context)
{
	struct stv_chan *sc = context;

	if (stv_become_reader(sc))
		stv_defer(sc);
}

/**
 * stv_chan_work() - read what the interrupt has left
 * @work: in a &struct stv_chan
 *
 * Context: softirq; ended by disable_work_sync() before the channel is closed.
 */
void stv_chan_work(struct work_struct *work)
{
	struct stv_chan *sc = container_of(work, struct stv_chan, work);

	/* Whoever queued it was the reader. */
	if (stv_read_all(sc, STV_WORK_BUDGET, true))
		queue_work(system_bh_wq, &sc->work);
}

/**
 * stv_chan_kick() - look, and have the host look, although nobody was told to
 * @sc: open channel
 *
 * Packets that were held back while the last command of their batch ended
 * without being sent, and an interrupt that was lost, or not sent because of
 * what stood in the ring's control page, delay commands then, but for no longer
 * than their time-out.
 *
 * Context: process or softirq; somebody keeps the channel open.
 */
void stv_chan_kick(struct stv_chan *sc)
{
	vmbus_send_flush(sc->vch);
	vmbus_setevent(sc->vch);
	/* Like stv_mq_poll(): who polls doesn't preempt the reader. */
	local_bh_disable();
	if (stv_become_reader(sc))
		queue_work(system_bh_wq, &sc->work);
	local_bh_enable();
}

/*
 * Is there something to do for somebody who polls? Several do that as fast as
 * they can, so while there isn't they write nothing but the time.
 */
static bool stv_poll_look(struct stv_chan *sc)
{
	unsigned long now = jiffies;

	if (READ_ONCE(sc->polled_at) != now)
		WRITE_ONCE(sc->polled_at, now);
	if (atomic_read(&sc->reading) != STV_READ_IDLE)
		return false;
	return !READ_ONCE(sc->polled) ||
	       hv_get_bytes_to_read(&sc->vch->inbound);
}

/* Reads a polled channel, unless somebody does. */
static int stv_poll_chan(struct stv_chan *sc)
{
	unsigned long done;

	if (!stv_poll_look(sc) ||
	    atomic_cmpxchg(&sc->reading, STV_READ_IDLE, STV_READ_BUSY) !=
	    STV_READ_IDLE)
		return 0;

	done = sc->done;
	if (!sc->polled) {
		WRITE_ONCE(sc->polled, true);
		hv_begin_read(&sc->vch->inbound);
		queue_delayed_work(stv_recover_wq, &sc->dev->unpoll,
				   STV_UNPOLL_AFTER);
	}
	/* Whoever waits for what is left polls again. */
	if (stv_read_all(sc, STV_WORK_BUDGET, false) &&
	    atomic_cmpxchg(&sc->reading, STV_READ_BUSY, STV_READ_IDLE) !=
	    STV_READ_BUSY)
		queue_work(system_bh_wq, &sc->work);
	return sc->done - done;
}

/**
 * stv_mq_poll() - look for completions of a polled queue
 * @shost: SCSI host
 * @queue: number of the hardware queue
 *
 * The first who polls turns the channel's interrupts off, stv_unpoll_work() on
 * again when nobody has polled for a while.
 *
 * Context: process or softirq, interrupts on.
 * Return: number of commands completed, about.
 */
int stv_mq_poll(struct Scsi_Host *shost, unsigned int queue)
{
	struct stv_dev *dev = shost_priv(shost);
	struct stv_chan *sc;
	u32 first = 0;
	int n = 0;

	/*
	 * A real-time task that preempted the reader would poll for ever, and
	 * never let him finish.
	 */
	local_bh_disable();
	rcu_read_lock();
	/* Without a map the channel may be closed, or gone. */
	if (rcu_access_pointer(dev->map))
		first = READ_ONCE(dev->poll_chan);
	if (first) {
		sc = READ_ONCE(dev->chan[first + queue - dev->poll_queue]);
		/* Up before the rest: pairs with stv_chan_up(). */
		if (sc && smp_load_acquire(&sc->up))
			n = stv_poll_chan(sc);
	}
	rcu_read_unlock();
	local_bh_enable();
	return n;
}

/* Has the host interrupt again if nobody polls; true if somebody may do. */
static bool stv_unpoll(struct stv_chan *sc)
{
	if (!READ_ONCE(sc->polled))
		return false;
	if (time_before(jiffies, READ_ONCE(sc->polled_at) + STV_UNPOLL_AFTER) ||
	    atomic_cmpxchg(&sc->reading, STV_READ_IDLE, STV_READ_BUSY) !=
	    STV_READ_IDLE)
		return true;
	/* The worker reads what is there, and unmasks. */
	WRITE_ONCE(sc->polled, false);
	queue_work(system_bh_wq, &sc->work);
	return false;
}

/**
 * stv_unpoll_work() - see whether polled channels are polled
 * @work: in a &struct stv_dev
 *
 * Who has a command polled for need not do it. Targets of the device mapper
 * that send commands of their own (dm-crypt) pass the flag on, and nobody knows
 * that these could be polled; a task may have been stopped, or may look now and
 * then.
 *
 * Context: process, workqueue with a rescuer: whoever writes memory back may
 * wait for such a command.
 */
void stv_unpoll_work(struct work_struct *work)
{
	struct stv_dev *dev = container_of(to_delayed_work(work),
					   struct stv_dev, unpoll);
	struct stv_chan *sc;
	bool more = false;
	u32 i;

	/* Like stv_mq_poll(): who polls doesn't preempt the reader. */
	local_bh_disable();
	rcu_read_lock();
	/* Without a map channels may be closed; opened again nobody polls. */
	for (i = 0; rcu_access_pointer(dev->map) && i < dev->nr_chans; i++) {
		sc = READ_ONCE(dev->chan[i]);
		/* Up before the rest: pairs with stv_chan_up(). */
		if (sc && smp_load_acquire(&sc->up))
			more |= stv_unpoll(sc);
	}
	rcu_read_unlock();
	local_bh_enable();
	if (more)
		queue_delayed_work(stv_recover_wq, &dev->unpoll,
				   STV_UNPOLL_AFTER);
}

/**
 * stv_in_flight() - count commands that are with the host
 * @dev: adapter
 *
 * Context: process; looks at every tag.
 * Return: their number, which may change any time.
 */
unsigned int stv_in_flight(struct stv_dev *dev)
{
	unsigned int n = 0;
	u32 i, j, queues;

	/* Number before queues: pairs with stv_queues_alloc(). */
	queues = smp_load_acquire(&dev->nr_queues);
	for (i = 0; i < queues; i++) {
		for (j = 0; j < dev->nr_tags; j++)
			n += stv_slot_in_flight(&dev->queue[i].tags[j].slot);
		cond_resched();
	}
	return n;
}

/*
 * A pass-through command that comes back with DID_RESET is over: whoever sent
 * it is to decide. The SCSI layer itself takes one for good, with no data in
 * it (scsi_status_is_good()), and sd a disk without an answer for one without
 * a write cache. So what only asks the device is sent again. What error
 * handling sends is not: it knows what a reset is.
 */
static int stv_taken_back(struct scsi_cmnd *cmd, int host_byte)
{
	if (host_byte != DID_RESET ||
	    cmd->submitter != SUBMITTED_BY_BLOCK_LAYER ||
	    !blk_rq_is_passthrough(scsi_cmd_to_rq(cmd)) ||
	    !stv_cmd_asks(cmd->cmnd[0]))
		return host_byte;
	/*
	 * One that is older than all its retries may take would be over, and
	 * for good again; and that may well be all the host's doing.
	 */
	cmd->jiffies_at_alloc = jiffies;
	return DID_REQUEUE;
}

/**
 * stv_flush_slots() - take back all commands that are with the host
 * @dev: adapter; its channels are closed, and nobody submits
 * @host_byte: what the SCSI layer is told about them
 *
 * Context: process; conn_lock is held.
 * Return: their number.
 */
unsigned int stv_flush_slots(struct stv_dev *dev, int host_byte)
{
	unsigned int n = 0;
	u32 i, j;

	lockdep_assert_held(&dev->conn_lock);

	for (i = 0; i < dev->nr_queues; i++) {
		for (j = 0; j < dev->nr_tags; j++) {
			struct stv_tag *tag = &dev->queue[i].tags[j];
			struct scsi_cmnd *cmd;

			if (!stv_slot_revoke(&tag->slot))
				continue;
			cmd = tag->cmd;
			scsi_dma_unmap(cmd);
			cmd->result = stv_taken_back(cmd, host_byte) << 16;
			scsi_set_resid(cmd, scsi_bufflen(cmd));
			scsi_done(cmd);
			n++;
		}
		cond_resched();
	}
	return n;
}
