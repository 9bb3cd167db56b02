// SPDX-License-Identifier: GPL-2.0-only
/* Life cycle of a channel, see chan.h. */

#include <kunit/visibility.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "chan.h"

/* Short names, so that a transition is one line. */
#define STOP_CB		HVB_DO_STOP_CB
#define CANCEL		HVB_DO_CANCEL
#define SEND_GPADL	HVB_DO_SEND_GPADL
#define SEND_OPEN	HVB_DO_SEND_OPEN
#define SEND_MODIFY	HVB_DO_SEND_MODIFY
#define SEND_CLOSE	HVB_DO_SEND_CLOSE
#define TEARDOWN	HVB_DO_TEARDOWN
#define FREE_RING	HVB_DO_FREE_RING
#define LEAK_RING	HVB_DO_LEAK_RING
#define MAP		HVB_DO_MAP
#define UNMAP		HVB_DO_UNMAP
#define RELEASED	HVB_DO_RELID_RELEASED
#define REMOVE		HVB_DO_REMOVE
#define FREE		HVB_DO_FREE

/* What a rescind does wherever drivers may use the channel. */
#define TAKE_AWAY	(STOP_CB | CANCEL | REMOVE)
/* What a drop does: the host goes on answering, so no wait is cut short. */
#define DROP		(STOP_CB | REMOVE)
/* The end of a channel whose relid the host still counts as ours. */
#define END		(UNMAP | RELEASED | FREE)

/**
 * struct transition - what an event does in a state
 * @next: next state
 * @error: refuse the event with this error, nothing else happens
 * @actions: what the caller has to do
 *
 * An entry of zeroes is an event that makes no sense in that state: -EINVAL.
 */
struct transition {
	u8 next;
	s8 error;
	u16 actions;
};

/* Nothing goes back to HVB_CH_NEW, so next == 0 is free to mean "stay". */
#define GO(_next, _actions)	{ .next = (_next), .actions = (_actions) }
#define STAY(_error)		{ .error = (_error) }

/* Rescinded: however the wait ends, the host has let go of the ring. */
#define RESCINDED_END	GO(HVB_CH_RESC_CLOSED, FREE_RING)

static const struct transition table[HVB_CH_STATES][HVB_EVENTS] = {
	[HVB_CH_NEW] = {
		[HVB_EV_PUBLISH] = GO(HVB_CH_CLOSED, 0),
		[HVB_EV_ADD_FAILED] = GO(HVB_CH_DEAD, END),
		/* Nothing was published: removing just skips the device. */
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_CLOSED, REMOVE),
		[HVB_EV_DROP] = GO(HVB_CH_DROP_CLOSED, REMOVE),
		[HVB_EV_SUSPEND] = STAY(-EBUSY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_CLOSED] = {
		[HVB_EV_ADD_FAILED] = GO(HVB_CH_DEAD, END),
		[HVB_EV_OPEN_REQ] = GO(HVB_CH_GPADL, SEND_GPADL),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_CLOSED, TAKE_AWAY),
		[HVB_EV_DROP] = GO(HVB_CH_DROP_CLOSED, DROP),
		[HVB_EV_RELEASE] = GO(HVB_CH_DEAD, END),
		[HVB_EV_SUSPEND] = GO(HVB_CH_SUSPENDED, UNMAP),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_GPADL] = {
		[HVB_EV_OPEN_REQ] = STAY(-EBUSY),
		[HVB_EV_GPADL_OK] = GO(HVB_CH_OPENING, SEND_OPEN),
		[HVB_EV_GPADL_FAIL] = GO(HVB_CH_CLOSED, STOP_CB | FREE_RING),
		/* A host can't map what it has not been told all of. */
		[HVB_EV_POST_FAIL] = GO(HVB_CH_CLOSED, STOP_CB | FREE_RING),
		[HVB_EV_TIMEOUT] = GO(HVB_CH_STUCK, STOP_CB | LEAK_RING),
		[HVB_EV_ABORTED] = GO(HVB_CH_STUCK, STOP_CB | LEAK_RING),
		[HVB_EV_CLOSE_REQ] = STAY(-EBUSY),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_OPENING, TAKE_AWAY),
		[HVB_EV_DROP] = STAY(-EBUSY),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = STAY(-EBUSY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_OPENING] = {
		[HVB_EV_OPEN_REQ] = STAY(-EBUSY),
		[HVB_EV_OPEN_OK] = GO(HVB_CH_OPEN, 0),
		[HVB_EV_OPEN_FAIL] = GO(HVB_CH_CLOSING, STOP_CB | TEARDOWN),
		[HVB_EV_POST_FAIL] = GO(HVB_CH_CLOSING, STOP_CB | TEARDOWN),
		/* It may have been opened, and the answer got lost. */
		[HVB_EV_TIMEOUT] = GO(HVB_CH_STUCK,
				      STOP_CB | SEND_CLOSE | LEAK_RING),
		[HVB_EV_ABORTED] = GO(HVB_CH_STUCK,
				      STOP_CB | SEND_CLOSE | LEAK_RING),
		[HVB_EV_CLOSE_REQ] = STAY(-EBUSY),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_OPENING, TAKE_AWAY),
		[HVB_EV_DROP] = STAY(-EBUSY),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = STAY(-EBUSY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_OPEN] = {
		[HVB_EV_CLOSE_REQ] = GO(HVB_CH_CLOSING,
					STOP_CB | SEND_CLOSE | TEARDOWN),
		[HVB_EV_MODIFY_REQ] = GO(HVB_CH_MODIFY, SEND_MODIFY),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_OPEN, TAKE_AWAY),
		[HVB_EV_DROP] = GO(HVB_CH_DROP_OPEN, DROP),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = STAY(-EBUSY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	/* As OPEN; hosts answer one MODIFYCHANNEL at a time. */
	[HVB_CH_MODIFY] = {
		[HVB_EV_CLOSE_REQ] = GO(HVB_CH_CLOSING, STOP_CB | CANCEL |
					SEND_CLOSE | TEARDOWN),
		[HVB_EV_MODIFY_REQ] = STAY(-EBUSY),
		[HVB_EV_MODIFY_DONE] = GO(HVB_CH_OPEN, 0),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_OPEN, TAKE_AWAY),
		[HVB_EV_DROP] = GO(HVB_CH_DROP_OPEN, DROP),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = STAY(-EBUSY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_CLOSING] = {
		[HVB_EV_OPEN_REQ] = STAY(-EBUSY),
		[HVB_EV_CLOSE_REQ] = STAY(-EBUSY),
		[HVB_EV_TORNDOWN] = GO(HVB_CH_CLOSED, FREE_RING),
		[HVB_EV_POST_FAIL] = GO(HVB_CH_STUCK, LEAK_RING),
		[HVB_EV_TIMEOUT] = GO(HVB_CH_STUCK, LEAK_RING),
		[HVB_EV_ABORTED] = GO(HVB_CH_STUCK, LEAK_RING),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_CLOSING, TAKE_AWAY),
		[HVB_EV_DROP] = GO(HVB_CH_DROP_CLOSING, DROP),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = STAY(-EBUSY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_STUCK] = {
		[HVB_EV_ADD_FAILED] = GO(HVB_CH_DEAD, END),
		[HVB_EV_OPEN_REQ] = STAY(-EIO),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_CLOSED, TAKE_AWAY),
		[HVB_EV_DROP] = GO(HVB_CH_DROP_CLOSED, DROP),
		[HVB_EV_RELEASE] = GO(HVB_CH_DEAD, END),
		/* The end of the connection makes the host forget it. */
		[HVB_EV_SUSPEND] = GO(HVB_CH_SUSPENDED, UNMAP),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_RESC_OPENING] = {
		[HVB_EV_GPADL_OK] = RESCINDED_END,
		[HVB_EV_GPADL_FAIL] = RESCINDED_END,
		[HVB_EV_OPEN_OK] = RESCINDED_END,
		[HVB_EV_OPEN_FAIL] = RESCINDED_END,
		[HVB_EV_POST_FAIL] = RESCINDED_END,
		[HVB_EV_TIMEOUT] = RESCINDED_END,
		[HVB_EV_ABORTED] = RESCINDED_END,
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_CLOSE_REQ] = STAY(-EBUSY),
		[HVB_EV_RESCIND] = STAY(-EALREADY),
		[HVB_EV_DROP] = STAY(-EALREADY),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = STAY(-EBUSY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_RESC_OPEN] = {
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_CLOSE_REQ] = GO(HVB_CH_RESC_CLOSED,
					STOP_CB | SEND_CLOSE | FREE_RING),
		[HVB_EV_MODIFY_REQ] = STAY(-ENODEV),
		[HVB_EV_RESCIND] = STAY(-EALREADY),
		[HVB_EV_DROP] = STAY(-EALREADY),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = GO(HVB_CH_GONE_OPEN, UNMAP),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_RESC_CLOSING] = {
		[HVB_EV_TORNDOWN] = RESCINDED_END,
		[HVB_EV_POST_FAIL] = RESCINDED_END,
		[HVB_EV_TIMEOUT] = RESCINDED_END,
		[HVB_EV_ABORTED] = RESCINDED_END,
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_CLOSE_REQ] = STAY(-EBUSY),
		[HVB_EV_RESCIND] = STAY(-EALREADY),
		[HVB_EV_DROP] = STAY(-EALREADY),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = STAY(-EBUSY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_RESC_CLOSED] = {
		[HVB_EV_PUBLISH] = STAY(-ENODEV),
		/* The removal is queued and will release it. */
		[HVB_EV_ADD_FAILED] = GO(HVB_CH_RESC_CLOSED, 0),
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_MODIFY_REQ] = STAY(-ENODEV),
		[HVB_EV_RESCIND] = STAY(-EALREADY),
		[HVB_EV_DROP] = STAY(-EALREADY),
		[HVB_EV_RELEASE] = GO(HVB_CH_DEAD, END),
		[HVB_EV_SUSPEND] = GO(HVB_CH_GONE_CLOSED, UNMAP),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	/* The host knows nothing of a drop: it maps the rings like before. */
	[HVB_CH_DROP_OPEN] = {
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_CLOSE_REQ] = GO(HVB_CH_DROP_CLOSING,
					STOP_CB | SEND_CLOSE | TEARDOWN),
		[HVB_EV_MODIFY_REQ] = STAY(-ENODEV),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_OPEN, CANCEL),
		[HVB_EV_DROP] = STAY(-EALREADY),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = GO(HVB_CH_GONE_OPEN, UNMAP),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_DROP_CLOSING] = {
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_CLOSE_REQ] = STAY(-EBUSY),
		[HVB_EV_TORNDOWN] = GO(HVB_CH_DROP_CLOSED, FREE_RING),
		[HVB_EV_POST_FAIL] = GO(HVB_CH_DROP_CLOSED, LEAK_RING),
		[HVB_EV_TIMEOUT] = GO(HVB_CH_DROP_CLOSED, LEAK_RING),
		[HVB_EV_ABORTED] = GO(HVB_CH_DROP_CLOSED, LEAK_RING),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_CLOSING, CANCEL),
		[HVB_EV_DROP] = STAY(-EALREADY),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = STAY(-EBUSY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_DROP_CLOSED] = {
		[HVB_EV_PUBLISH] = STAY(-ENODEV),
		[HVB_EV_ADD_FAILED] = GO(HVB_CH_DROP_CLOSED, 0),
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_MODIFY_REQ] = STAY(-ENODEV),
		[HVB_EV_RESCIND] = GO(HVB_CH_RESC_CLOSED, CANCEL),
		[HVB_EV_DROP] = STAY(-EALREADY),
		[HVB_EV_RELEASE] = GO(HVB_CH_DEAD, END),
		[HVB_EV_SUSPEND] = GO(HVB_CH_GONE_CLOSED, UNMAP),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_SUSPENDED] = {
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_MODIFY_REQ] = STAY(-ENODEV),
		/* Not offered again. */
		[HVB_EV_DROP] = GO(HVB_CH_GONE_CLOSED, DROP),
		[HVB_EV_RELEASE] = GO(HVB_CH_DEAD, FREE),
		[HVB_EV_SUSPEND] = STAY(-EALREADY),
		[HVB_EV_REOFFER] = GO(HVB_CH_CLOSED, MAP),
	},
	/* After UNLOAD the host maps nothing: no teardown, no messages. */
	[HVB_CH_GONE_OPEN] = {
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_CLOSE_REQ] = GO(HVB_CH_GONE_CLOSED,
					STOP_CB | FREE_RING),
		[HVB_EV_MODIFY_REQ] = STAY(-ENODEV),
		[HVB_EV_DROP] = STAY(-EALREADY),
		[HVB_EV_RELEASE] = STAY(-EBUSY),
		[HVB_EV_SUSPEND] = STAY(-EALREADY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_GONE_CLOSED] = {
		[HVB_EV_PUBLISH] = STAY(-ENODEV),
		[HVB_EV_ADD_FAILED] = GO(HVB_CH_GONE_CLOSED, 0),
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_MODIFY_REQ] = STAY(-ENODEV),
		[HVB_EV_DROP] = STAY(-EALREADY),
		[HVB_EV_RELEASE] = GO(HVB_CH_DEAD, FREE),
		[HVB_EV_SUSPEND] = STAY(-EALREADY),
		[HVB_EV_REOFFER] = STAY(-EEXIST),
	},
	[HVB_CH_DEAD] = {
		[HVB_EV_PUBLISH] = STAY(-ENODEV),
		[HVB_EV_OPEN_REQ] = STAY(-ENODEV),
		[HVB_EV_MODIFY_REQ] = STAY(-ENODEV),
		[HVB_EV_RESCIND] = STAY(-ENODEV),
		[HVB_EV_DROP] = STAY(-ENODEV),
		[HVB_EV_RELEASE] = STAY(-EALREADY),
		[HVB_EV_SUSPEND] = STAY(-ENODEV),
		[HVB_EV_REOFFER] = STAY(-ENODEV),
	},
};

/**
 * hvb_chan_event() - what happens to a channel next
 * @state: current state
 * @event: event
 * @next: where to put the next state; the current one if the event is refused
 * @actions: where to put what to do, enum hvb_chan_action; 0 if refused
 *
 * Context: any; the caller stores @next under the lock that it read @state
 * under.
 * Return: 0, or why the event is refused:
 * -EINVAL: makes no sense in this state; from the host: a stray answer;
 * -EBUSY: something is going on that has to end first;
 * -ENODEV: the channel is being taken away or has been;
 * -EALREADY: that has happened before;
 * -EIO: the host stopped answering for this channel;
 * -EEXIST: the device is offered twice.
 */
int hvb_chan_event(enum hvb_chan_state state, enum hvb_chan_event event,
		   enum hvb_chan_state *next, unsigned int *actions)
{
	const struct transition *t;

	*next = state;
	*actions = 0;
	if ((unsigned int)state >= HVB_CH_STATES ||
	    (unsigned int)event >= HVB_EVENTS)
		return -EINVAL;

	t = &table[state][event];
	if (!t->next)
		return t->error ?: -EINVAL;
	*next = t->next;
	*actions = t->actions;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_chan_event);

/* Facts about a state, see chan.h. */
#define LEGACY_MASK	0x03
#define IS_OPEN		0x04
#define RESCINDED	0x08
#define LET_GO		0x10

static const struct {
	const char *name;
	u8 facts;
} states[HVB_CH_STATES] = {
	[HVB_CH_NEW] = { "new", HVB_LEGACY_OFFER },
	[HVB_CH_CLOSED] = { "closed", HVB_LEGACY_OPEN },
	[HVB_CH_GPADL] = { "gpadl", HVB_LEGACY_OPENING },
	[HVB_CH_OPENING] = { "opening", HVB_LEGACY_OPENING },
	[HVB_CH_OPEN] = { "open", HVB_LEGACY_OPENED | IS_OPEN },
	[HVB_CH_MODIFY] = { "modify", HVB_LEGACY_OPENED | IS_OPEN },
	[HVB_CH_CLOSING] = { "closing", HVB_LEGACY_OPEN },
	[HVB_CH_STUCK] = { "stuck", HVB_LEGACY_OPEN },
	[HVB_CH_RESC_OPENING] = {
		"rescinded-opening", HVB_LEGACY_OPENING | RESCINDED | LET_GO },
	[HVB_CH_RESC_OPEN] = {
		"rescinded-open", HVB_LEGACY_OPENED | RESCINDED | LET_GO },
	[HVB_CH_RESC_CLOSING] = {
		"rescinded-closing", HVB_LEGACY_OPEN | RESCINDED | LET_GO },
	[HVB_CH_RESC_CLOSED] = {
		"rescinded-closed", HVB_LEGACY_OPEN | RESCINDED | LET_GO },
	[HVB_CH_DROP_OPEN] = { "dropped-open", HVB_LEGACY_OPENED | RESCINDED },
	[HVB_CH_DROP_CLOSING] = {
		"dropped-closing", HVB_LEGACY_OPEN | RESCINDED },
	[HVB_CH_DROP_CLOSED] = {
		"dropped-closed", HVB_LEGACY_OPEN | RESCINDED },
	[HVB_CH_SUSPENDED] = { "suspended", HVB_LEGACY_OPEN | LET_GO },
	[HVB_CH_GONE_OPEN] = {
		"gone-open", HVB_LEGACY_OPENED | RESCINDED | LET_GO },
	[HVB_CH_GONE_CLOSED] = {
		"gone-closed", HVB_LEGACY_OPEN | RESCINDED | LET_GO },
	[HVB_CH_DEAD] = { "dead", HVB_LEGACY_OPEN | RESCINDED | LET_GO },
};

static u8 facts(enum hvb_chan_state state)
{
	return (unsigned int)state < HVB_CH_STATES ? states[state].facts : 0;
}

/**
 * hvb_chan_legacy_state() - state in terms of enum vmbus_channel_state
 * @state: state
 *
 * Context: any.
 * Return: HVB_LEGACY_*, the number that drivers find in the channel.
 */
int hvb_chan_legacy_state(enum hvb_chan_state state)
{
	return facts(state) & LEGACY_MASK;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_chan_legacy_state);

/**
 * hvb_chan_is_open() - test whether packets may be sent
 * @state: state
 *
 * Context: any.
 * Return: true if the channel is open and not taken away.
 */
bool hvb_chan_is_open(enum hvb_chan_state state)
{
	return facts(state) & IS_OPEN;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_chan_is_open);

/**
 * hvb_chan_host_let_go() - test whether the host has dropped the channel
 * @state: state
 *
 * It was rescinded or the connection has ended: no GPADL of the channel, those
 * of its driver included, is mapped any more, and no teardown is answered.
 *
 * Context: any.
 * Return: true if memory may be freed without teardown.
 */
bool hvb_chan_host_let_go(enum hvb_chan_state state)
{
	return facts(state) & LET_GO;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_chan_host_let_go);

/**
 * hvb_chan_rescinded() - test whether drivers have to let go of the channel
 * @state: state
 *
 * Context: any.
 * Return: true if it was rescinded, or dropped as if it were.
 */
bool hvb_chan_rescinded(enum hvb_chan_state state)
{
	return facts(state) & RESCINDED;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_chan_rescinded);

/**
 * hvb_chan_state_name() - name a state
 * @state: state, any value
 *
 * Context: any.
 * Return: its name.
 */
const char *hvb_chan_state_name(enum hvb_chan_state state)
{
	return (unsigned int)state < HVB_CH_STATES ? states[state].name :
						     "invalid";
}
EXPORT_SYMBOL_IF_KUNIT(hvb_chan_state_name);

/**
 * hvb_relids_init() - start with the relids of a new connection
 * @relids: to be initialised
 *
 * Context: any; the caller serialises.
 */
void hvb_relids_init(struct hvb_relids *relids)
{
	memset(relids, 0, sizeof(*relids));
}
EXPORT_SYMBOL_IF_KUNIT(hvb_relids_init);

static u8 *relid_byte(struct hvb_relids *relids, u32 relid)
{
	return &relids->refused[array_index_nospec(relid, HVB_RELID_LIMIT) / 8];
}

static bool relid_possible(u32 relid)
{
	return relid && relid < HVB_RELID_LIMIT;
}

/**
 * hvb_relids_offered() - the host offers a relid that no channel has
 * @relids: relids of the connection
 * @relid: the relid, any value
 *
 * Context: any; the caller serialises.
 */
void hvb_relids_offered(struct hvb_relids *relids, u32 relid)
{
	if (relid_possible(relid))
		*relid_byte(relids, relid) &= ~(1 << relid % 8);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_relids_offered);

/**
 * hvb_relids_refused() - the offer of a relid is refused
 * @relids: relids of the connection
 * @relid: the relid, any value; the host is told
 *
 * Context: any; the caller serialises.
 */
void hvb_relids_refused(struct hvb_relids *relids, u32 relid)
{
	if (relid_possible(relid))
		*relid_byte(relids, relid) |= 1 << relid % 8;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_relids_refused);

/**
 * hvb_relids_rescinded() - the host rescinds a relid that no channel has
 * @relids: relids of the connection
 * @relid: the relid, any value
 *
 * Context: any; the caller serialises.
 * Return: true if the host waits for the relid; false if it has been told
 * already, and for a relid that can't be.
 */
bool hvb_relids_rescinded(struct hvb_relids *relids, u32 relid)
{
	u8 bit = 1 << relid % 8;
	u8 *byte;

	if (!relid_possible(relid))
		return false;
	byte = relid_byte(relids, relid);
	if (!(*byte & bit))
		return true;
	/* There was one offer, so there won't be a second rescind of it. */
	*byte &= ~bit;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_relids_rescinded);
