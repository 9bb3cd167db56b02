// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the life cycle of a channel.
 *
 * The expected transitions are written down a second time, in a form of their
 * own: a list of what is accepted, and for each state a string with one letter
 * per event for what is refused. Beside that a model of the host and of the
 * ring memory is run through every state that can be reached.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../logic/chan.h"
#include "compat.h"

#define TAKE	(HVB_DO_STOP_CB | HVB_DO_CANCEL | HVB_DO_REMOVE)
#define DROPPED	(HVB_DO_STOP_CB | HVB_DO_REMOVE)
#define THE_END	(HVB_DO_UNMAP | HVB_DO_RELID_RELEASED | HVB_DO_FREE)
#define CLOSE	(HVB_DO_STOP_CB | HVB_DO_SEND_CLOSE | HVB_DO_TEARDOWN)

struct edge {
	enum hvb_chan_state from;
	enum hvb_chan_event event;
	enum hvb_chan_state to;
	unsigned int actions;
};

#define E(from, event, to, actions)					\
	{ HVB_CH_##from, HVB_EV_##event, HVB_CH_##to, actions }

static const struct edge edges[] = {
	E(NEW, PUBLISH, CLOSED, 0),
	E(NEW, ADD_FAILED, DEAD, THE_END),
	E(NEW, RESCIND, RESC_CLOSED, HVB_DO_REMOVE),
	E(NEW, DROP, DROP_CLOSED, HVB_DO_REMOVE),

	E(CLOSED, ADD_FAILED, DEAD, THE_END),
	E(CLOSED, OPEN_REQ, GPADL, HVB_DO_SEND_GPADL),
	E(CLOSED, RESCIND, RESC_CLOSED, TAKE),
	E(CLOSED, DROP, DROP_CLOSED, DROPPED),
	E(CLOSED, RELEASE, DEAD, THE_END),
	E(CLOSED, SUSPEND, SUSPENDED, HVB_DO_UNMAP),

	E(GPADL, GPADL_OK, OPENING, HVB_DO_SEND_OPEN),
	E(GPADL, GPADL_FAIL, CLOSED, HVB_DO_STOP_CB | HVB_DO_FREE_RING),
	E(GPADL, POST_FAIL, CLOSED, HVB_DO_STOP_CB | HVB_DO_FREE_RING),
	E(GPADL, TIMEOUT, STUCK, HVB_DO_STOP_CB | HVB_DO_LEAK_RING),
	E(GPADL, ABORTED, STUCK, HVB_DO_STOP_CB | HVB_DO_LEAK_RING),
	E(GPADL, RESCIND, RESC_OPENING, TAKE),

	E(OPENING, OPEN_OK, OPEN, 0),
	E(OPENING, OPEN_FAIL, CLOSING, HVB_DO_STOP_CB | HVB_DO_TEARDOWN),
	E(OPENING, POST_FAIL, CLOSING, HVB_DO_STOP_CB | HVB_DO_TEARDOWN),
	E(OPENING, TIMEOUT, STUCK,
	  HVB_DO_STOP_CB | HVB_DO_SEND_CLOSE | HVB_DO_LEAK_RING),
	E(OPENING, ABORTED, STUCK,
	  HVB_DO_STOP_CB | HVB_DO_SEND_CLOSE | HVB_DO_LEAK_RING),
	E(OPENING, RESCIND, RESC_OPENING, TAKE),

	E(OPEN, CLOSE_REQ, CLOSING, CLOSE),
	E(OPEN, MODIFY_REQ, MODIFY, HVB_DO_SEND_MODIFY),
	E(OPEN, RESCIND, RESC_OPEN, TAKE),
	E(OPEN, DROP, DROP_OPEN, DROPPED),

	E(MODIFY, CLOSE_REQ, CLOSING, CLOSE | HVB_DO_CANCEL),
	E(MODIFY, MODIFY_DONE, OPEN, 0),
	E(MODIFY, RESCIND, RESC_OPEN, TAKE),
	E(MODIFY, DROP, DROP_OPEN, DROPPED),

	E(CLOSING, TORNDOWN, CLOSED, HVB_DO_FREE_RING),
	E(CLOSING, POST_FAIL, STUCK, HVB_DO_LEAK_RING),
	E(CLOSING, TIMEOUT, STUCK, HVB_DO_LEAK_RING),
	E(CLOSING, ABORTED, STUCK, HVB_DO_LEAK_RING),
	E(CLOSING, RESCIND, RESC_CLOSING, TAKE),
	E(CLOSING, DROP, DROP_CLOSING, DROPPED),

	E(STUCK, ADD_FAILED, DEAD, THE_END),
	E(STUCK, RESCIND, RESC_CLOSED, TAKE),
	E(STUCK, DROP, DROP_CLOSED, DROPPED),
	E(STUCK, RELEASE, DEAD, THE_END),
	E(STUCK, SUSPEND, SUSPENDED, HVB_DO_UNMAP),

	E(RESC_OPENING, GPADL_OK, RESC_CLOSED, HVB_DO_FREE_RING),
	E(RESC_OPENING, GPADL_FAIL, RESC_CLOSED, HVB_DO_FREE_RING),
	E(RESC_OPENING, OPEN_OK, RESC_CLOSED, HVB_DO_FREE_RING),
	E(RESC_OPENING, OPEN_FAIL, RESC_CLOSED, HVB_DO_FREE_RING),
	E(RESC_OPENING, POST_FAIL, RESC_CLOSED, HVB_DO_FREE_RING),
	E(RESC_OPENING, TIMEOUT, RESC_CLOSED, HVB_DO_FREE_RING),
	E(RESC_OPENING, ABORTED, RESC_CLOSED, HVB_DO_FREE_RING),

	E(RESC_OPEN, CLOSE_REQ, RESC_CLOSED,
	  HVB_DO_STOP_CB | HVB_DO_SEND_CLOSE | HVB_DO_FREE_RING),
	E(RESC_OPEN, SUSPEND, GONE_OPEN, HVB_DO_UNMAP),

	E(RESC_CLOSING, TORNDOWN, RESC_CLOSED, HVB_DO_FREE_RING),
	E(RESC_CLOSING, POST_FAIL, RESC_CLOSED, HVB_DO_FREE_RING),
	E(RESC_CLOSING, TIMEOUT, RESC_CLOSED, HVB_DO_FREE_RING),
	E(RESC_CLOSING, ABORTED, RESC_CLOSED, HVB_DO_FREE_RING),

	E(RESC_CLOSED, ADD_FAILED, RESC_CLOSED, 0),
	E(RESC_CLOSED, RELEASE, DEAD, THE_END),
	E(RESC_CLOSED, SUSPEND, GONE_CLOSED, HVB_DO_UNMAP),

	E(DROP_OPEN, CLOSE_REQ, DROP_CLOSING, CLOSE),
	E(DROP_OPEN, RESCIND, RESC_OPEN, HVB_DO_CANCEL),
	E(DROP_OPEN, SUSPEND, GONE_OPEN, HVB_DO_UNMAP),

	E(DROP_CLOSING, TORNDOWN, DROP_CLOSED, HVB_DO_FREE_RING),
	E(DROP_CLOSING, POST_FAIL, DROP_CLOSED, HVB_DO_LEAK_RING),
	E(DROP_CLOSING, TIMEOUT, DROP_CLOSED, HVB_DO_LEAK_RING),
	E(DROP_CLOSING, ABORTED, DROP_CLOSED, HVB_DO_LEAK_RING),
	E(DROP_CLOSING, RESCIND, RESC_CLOSING, HVB_DO_CANCEL),

	E(DROP_CLOSED, ADD_FAILED, DROP_CLOSED, 0),
	E(DROP_CLOSED, RESCIND, RESC_CLOSED, HVB_DO_CANCEL),
	E(DROP_CLOSED, RELEASE, DEAD, THE_END),
	E(DROP_CLOSED, SUSPEND, GONE_CLOSED, HVB_DO_UNMAP),

	E(SUSPENDED, DROP, GONE_CLOSED, DROPPED),
	E(SUSPENDED, RELEASE, DEAD, HVB_DO_FREE),
	E(SUSPENDED, REOFFER, CLOSED, HVB_DO_MAP),

	E(GONE_OPEN, CLOSE_REQ, GONE_CLOSED,
	  HVB_DO_STOP_CB | HVB_DO_FREE_RING),

	E(GONE_CLOSED, ADD_FAILED, GONE_CLOSED, 0),
	E(GONE_CLOSED, RELEASE, DEAD, HVB_DO_FREE),
};

/*
 * Refusals: a letter for each event, in the order of enum hvb_chan_event.
 * . accepted, I -EINVAL, B -EBUSY, N -ENODEV, A -EALREADY, O -EIO, X -EEXIST
 *
 *	publish, add-failed, open-request, gpadl-ok, gpadl-fail, open-ok,
 *	open-fail, close-request, torndown, modify-request, modify-done,
 *	post-fail, timeout, aborted, rescind, drop, release, suspend, reoffer
 */
static const char * const refusals[HVB_CH_STATES] = {
	[HVB_CH_NEW] =		"..IIIIIIIIIIII..IBX",
	[HVB_CH_CLOSED] =	"I..IIIIIIIIIII....X",
	[HVB_CH_GPADL] =	"IIB..IIBIII....BBBX",
	[HVB_CH_OPENING] =	"IIBII..BIII....BBBX",
	[HVB_CH_OPEN] =		"IIIIIII.I.IIII..BBX",
	[HVB_CH_MODIFY] =	"IIIIIII.IB.III..BBX",
	[HVB_CH_CLOSING] =	"IIBIIIIB.II.....BBX",
	[HVB_CH_STUCK] =	"I.OIIIIIIIIIII....X",
	[HVB_CH_RESC_OPENING] =	"IIN....BIII...AABBX",
	[HVB_CH_RESC_OPEN] =	"IINIIII.INIIIIAAB.X",
	[HVB_CH_RESC_CLOSING] =	"IINIIIIB.II...AABBX",
	[HVB_CH_RESC_CLOSED] =	"N.NIIIIIINIIIIAA..X",
	[HVB_CH_DROP_OPEN] =	"IINIIII.INIIII.AB.X",
	[HVB_CH_DROP_CLOSING] =	"IINIIIIB.II....ABBX",
	[HVB_CH_DROP_CLOSED] =	"N.NIIIIIINIIII.A..X",
	[HVB_CH_SUSPENDED] =	"IINIIIIIINIIIII..A.",
	[HVB_CH_GONE_OPEN] =	"IINIIII.INIIIIIABAX",
	[HVB_CH_GONE_CLOSED] =	"N.NIIIIIINIIIIIA.AX",
	[HVB_CH_DEAD] =		"NINIIIIIINIIIINNANN",
};

static int refusal(char letter)
{
	switch (letter) {
	case 'I': return -EINVAL;
	case 'B': return -EBUSY;
	case 'N': return -ENODEV;
	case 'A': return -EALREADY;
	case 'O': return -EIO;
	case 'X': return -EEXIST;
	}
	return 0;
}

static const struct edge *find_edge(unsigned int state, unsigned int event)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(edges); i++)
		if (edges[i].from == state && edges[i].event == event)
			return &edges[i];
	return NULL;
}

static void chan_matrix(struct kunit *test)
{
	unsigned int state, event, actions, accepted = 0;
	enum hvb_chan_state next;
	const struct edge *e;
	int ret;

	for (state = 0; state < HVB_CH_STATES; state++) {
		KUNIT_ASSERT_EQ(test, strlen(refusals[state]), HVB_EVENTS);
		for (event = 0; event < HVB_EVENTS; event++) {
			e = find_edge(state, event);
			actions = 0xdead;
			next = HVB_CH_STATES;
			ret = hvb_chan_event(state, event, &next, &actions);
			KUNIT_EXPECT_EQ_MSG(test, ret,
					    refusal(refusals[state][event]),
					    "event %u in %s", event,
					    hvb_chan_state_name(state));
			KUNIT_EXPECT_EQ_MSG(test, next, e ? e->to : state,
					    "event %u in %s", event,
					    hvb_chan_state_name(state));
			KUNIT_EXPECT_EQ_MSG(test, actions, e ? e->actions : 0,
					    "event %u in %s", event,
					    hvb_chan_state_name(state));
			KUNIT_EXPECT_EQ(test, !ret, !!e);
			accepted += !ret;
		}
	}
	KUNIT_EXPECT_EQ(test, accepted, ARRAY_SIZE(edges));
}

static void chan_out_of_range(struct kunit *test)
{
	enum hvb_chan_state next;
	unsigned int actions = 1;

	KUNIT_EXPECT_EQ(test, hvb_chan_event(HVB_CH_STATES, 0, &next,
					     &actions), -EINVAL);
	KUNIT_EXPECT_EQ(test, actions, 0);
	KUNIT_EXPECT_EQ(test, hvb_chan_event(0, HVB_EVENTS, &next, &actions),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, hvb_chan_event(-1, -1, &next, &actions),
			-EINVAL);
}

/* Where the relid is the guest's to release, and where the ring is mapped. */
static const struct {
	bool relid;
	bool mapped;
} truths[HVB_CH_STATES] = {
	[HVB_CH_NEW] =		{ true, false },
	[HVB_CH_CLOSED] =	{ true, false },
	[HVB_CH_GPADL] =	{ true, true },
	[HVB_CH_OPENING] =	{ true, true },
	[HVB_CH_OPEN] =		{ true, true },
	[HVB_CH_MODIFY] =	{ true, true },
	[HVB_CH_CLOSING] =	{ true, true },
	[HVB_CH_STUCK] =	{ true, false },
	[HVB_CH_RESC_OPENING] =	{ true, false },
	[HVB_CH_RESC_OPEN] =	{ true, false },
	[HVB_CH_RESC_CLOSING] =	{ true, false },
	[HVB_CH_RESC_CLOSED] =	{ true, false },
	[HVB_CH_DROP_OPEN] =	{ true, true },
	[HVB_CH_DROP_CLOSING] =	{ true, true },
	[HVB_CH_DROP_CLOSED] =	{ true, false },
	[HVB_CH_SUSPENDED] =	{ false, false },
	[HVB_CH_GONE_OPEN] =	{ false, false },
	[HVB_CH_GONE_CLOSED] =	{ false, false },
	[HVB_CH_DEAD] =		{ false, false },
};

/**
 * struct model - what is true about a channel, apart from its state
 * @state: state
 * @ring: the guest owns ring memory that is announced to the host
 * @mapped: the host may map it, as a correct host does
 * @relid: the relid is the guest's to release
 * @rescinded: the driver was told to let go
 * @in_map: the relid is in the guest's map
 */
struct model {
	enum hvb_chan_state state;
	bool ring;
	bool mapped;
	bool relid;
	bool rescinded;
	bool in_map;
};

#define MODELS		(HVB_CH_STATES * 32)
#define MESSAGES	(HVB_DO_SEND_GPADL | HVB_DO_SEND_OPEN |		\
			 HVB_DO_SEND_MODIFY | HVB_DO_SEND_CLOSE |	\
			 HVB_DO_TEARDOWN | HVB_DO_RELID_RELEASED)

static unsigned int model_index(const struct model *m)
{
	return m->state * 32 + m->ring * 16 + m->mapped * 8 + m->relid * 4 +
	       m->rescinded * 2 + m->in_map;
}

static struct model model_of(unsigned int index)
{
	return (struct model){
		.state = index / 32,
		.ring = index & 16,
		.mapped = index & 8,
		.relid = index & 4,
		.rescinded = index & 2,
		.in_map = index & 1,
	};
}

/* What an event says about the host, before anything is done about it. */
static void model_host(struct model *m, enum hvb_chan_event event)
{
	switch (event) {
	case HVB_EV_GPADL_FAIL:
	case HVB_EV_TORNDOWN:
	case HVB_EV_RESCIND:
		m->mapped = false;
		break;
	case HVB_EV_POST_FAIL:
		/* An incomplete GPADL can't be mapped; later ones are. */
		if (m->state == HVB_CH_GPADL)
			m->mapped = false;
		break;
	case HVB_EV_SUSPEND:
		/* UNLOAD follows: the host forgets everything. */
		m->mapped = false;
		m->relid = false;
		break;
	case HVB_EV_REOFFER:
		m->relid = true;
		break;
	default:
		break;
	}
}

static void model_actions(struct kunit *test, struct model *m,
			  unsigned int actions)
{
	/* Messages are about a relid that is ours. */
	if (actions & MESSAGES)
		KUNIT_EXPECT_TRUE(test, m->relid);
	KUNIT_EXPECT_NE(test, actions & (HVB_DO_FREE_RING | HVB_DO_LEAK_RING),
			HVB_DO_FREE_RING | HVB_DO_LEAK_RING);
	if (actions & HVB_DO_SEND_GPADL) {
		KUNIT_EXPECT_FALSE(test, m->ring);
		m->ring = true;
		m->mapped = true;
	}
	if (actions & (HVB_DO_SEND_OPEN | HVB_DO_TEARDOWN))
		KUNIT_EXPECT_TRUE(test, m->ring);
	if (actions & HVB_DO_FREE_RING) {
		KUNIT_EXPECT_TRUE(test, m->ring);
		KUNIT_EXPECT_FALSE(test, m->mapped);
		m->ring = false;
	}
	if (actions & HVB_DO_LEAK_RING) {
		KUNIT_EXPECT_TRUE(test, m->ring);
		m->ring = false;
		m->mapped = false;
	}
	if (actions & HVB_DO_MAP) {
		KUNIT_EXPECT_FALSE(test, m->in_map);
		m->in_map = true;
	}
	if (actions & HVB_DO_UNMAP) {
		KUNIT_EXPECT_TRUE(test, m->in_map);
		m->in_map = false;
	}
	if (actions & HVB_DO_RELID_RELEASED) {
		KUNIT_EXPECT_TRUE(test, m->relid);
		KUNIT_EXPECT_FALSE(test, m->ring);
		m->relid = false;
	}
	if (actions & HVB_DO_FREE) {
		KUNIT_EXPECT_FALSE(test, m->ring);
		KUNIT_EXPECT_FALSE(test, m->relid);
		KUNIT_EXPECT_FALSE(test, m->in_map);
	}
}

static void model_check(struct kunit *test, const struct model *m)
{
	bool rescinded = hvb_chan_rescinded(m->state);

	KUNIT_EXPECT_EQ(test, truths[m->state].relid, m->relid);
	KUNIT_EXPECT_EQ(test, truths[m->state].mapped, m->mapped);
	KUNIT_EXPECT_EQ(test, m->in_map, m->relid);
	if (m->mapped)
		KUNIT_EXPECT_TRUE(test, m->ring);
	if (hvb_chan_host_let_go(m->state))
		KUNIT_EXPECT_FALSE(test, m->mapped);
	if (hvb_chan_is_open(m->state)) {
		KUNIT_EXPECT_TRUE(test, m->ring);
		KUNIT_EXPECT_TRUE(test, m->relid);
		KUNIT_EXPECT_FALSE(test, rescinded);
		KUNIT_EXPECT_EQ(test, hvb_chan_legacy_state(m->state),
				HVB_LEGACY_OPENED);
	}
	/* Once taken away it stays so. */
	if (m->rescinded)
		KUNIT_EXPECT_TRUE(test, rescinded);
	if (m->state == HVB_CH_DEAD) {
		KUNIT_EXPECT_FALSE(test, m->ring);
		KUNIT_EXPECT_FALSE(test, m->relid);
	}
}

static bool model_step(struct kunit *test, struct model *m,
		       enum hvb_chan_event event)
{
	enum hvb_chan_state next;
	unsigned int actions;

	if (hvb_chan_event(m->state, event, &next, &actions))
		return false;
	model_host(m, event);
	model_actions(test, m, actions);
	/* The reference is given up exactly when the channel dies. */
	KUNIT_EXPECT_EQ(test, !!(actions & HVB_DO_FREE), next == HVB_CH_DEAD);
	m->state = next;
	m->rescinded = hvb_chan_rescinded(next);
	return true;
}

/* Run the model through everything that can be reached. */
static void chan_invariants(struct kunit *test)
{
	struct model start = { .relid = true, .in_map = true }, m;
	u8 *seen = kunit_kzalloc(test, MODELS, GFP_KERNEL);
	bool progress = true, was_rescinded;
	unsigned int i, event;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	model_check(test, &start);
	seen[model_index(&start)] = 1;
	while (progress) {
		progress = false;
		for (i = 0; i < MODELS; i++) {
			if (seen[i] != 1)
				continue;
			seen[i] = 2;
			progress = true;
			for (event = 0; event < HVB_EVENTS; event++) {
				m = model_of(i);
				was_rescinded = m.rescinded;
				if (!model_step(test, &m, event))
					continue;
				if (was_rescinded)
					KUNIT_EXPECT_TRUE(test, m.rescinded);
				model_check(test, &m);
				if (!seen[model_index(&m)])
					seen[model_index(&m)] = 1;
			}
		}
	}
	/* Each state was reached, in exactly one way to be true. */
	for (i = 0; i < HVB_CH_STATES; i++) {
		unsigned int j, ways = 0;

		for (j = 0; j < 32; j++)
			ways += !!seen[i * 32 + j];
		KUNIT_EXPECT_EQ_MSG(test, ways, 1, "%s",
				    hvb_chan_state_name(i));
	}
}

/* Is there a way to be dead within @steps, whatever the host doesn't do? */
static bool can_die(enum hvb_chan_state state, unsigned int steps)
{
	static const enum hvb_chan_event ours[] = {
		HVB_EV_PUBLISH, HVB_EV_CLOSE_REQ, HVB_EV_TIMEOUT,
		HVB_EV_ABORTED, HVB_EV_RELEASE,
	};
	enum hvb_chan_state next;
	unsigned int i, actions;

	if (state == HVB_CH_DEAD)
		return true;
	for (i = 0; steps && i < ARRAY_SIZE(ours); i++)
		if (!hvb_chan_event(state, ours[i], &next, &actions) &&
		    can_die(next, steps - 1))
			return true;
	return false;
}

static void chan_never_needs_the_host(struct kunit *test)
{
	unsigned int state;

	for (state = 0; state < HVB_CH_STATES; state++)
		KUNIT_EXPECT_TRUE_MSG(test, can_die(state, 4), "%s",
				      hvb_chan_state_name(state));
}

/* A rescind is taken notice of at any moment, exactly once. */
static void chan_rescind_any_time(struct kunit *test)
{
	enum hvb_chan_state next, again;
	unsigned int state, actions;
	int ret;

	for (state = 0; state < HVB_CH_STATES; state++) {
		if (!truths[state].relid)
			continue;
		ret = hvb_chan_event(state, HVB_EV_RESCIND, &next, &actions);
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -EALREADY);
			KUNIT_EXPECT_TRUE(test, hvb_chan_host_let_go(state));
			continue;
		}
		KUNIT_EXPECT_TRUE(test, hvb_chan_rescinded(next));
		KUNIT_EXPECT_TRUE(test, hvb_chan_host_let_go(next));
		/* Removal is queued unless a drop did so before. */
		KUNIT_EXPECT_EQ(test, !!(actions & HVB_DO_REMOVE),
				!hvb_chan_rescinded(state));
		KUNIT_EXPECT_EQ(test, hvb_chan_event(next, HVB_EV_RESCIND,
						     &again, &actions),
				-EALREADY);
	}
}

/* Long random lives, many offers each: the books have to balance. */
static void chan_random_lives(struct kunit *test)
{
	u32 seed = 42, step, offers = 0, released = 0, forgotten = 0;
	struct model m = { .state = HVB_CH_DEAD };
	enum hvb_chan_state next;
	unsigned int actions;

	for (step = 0; step < 100000; step++) {
		enum hvb_chan_event event;

		if (m.state == HVB_CH_DEAD) {
			m = (struct model){ .relid = true, .in_map = true };
			offers++;
		}
		seed = seed * 1664525 + 1013904223;
		event = (seed >> 16) % HVB_EVENTS;
		if (hvb_chan_event(m.state, event, &next, &actions))
			continue;
		released += !!(actions & HVB_DO_RELID_RELEASED);
		forgotten += event == HVB_EV_SUSPEND;
		offers += event == HVB_EV_REOFFER;
		model_step(test, &m, event);
		model_check(test, &m);
	}
	KUNIT_EXPECT_EQ(test, offers, released + forgotten + m.relid);
	KUNIT_EXPECT_GT(test, released, 1000);
}

struct story {
	const char *name;
	u8 events[12];		/* ends with HVB_EVENTS */
	enum hvb_chan_state end;
	unsigned int actions;	/* all of them together */
};

static const struct story stories[] = {
	{ "open and close",
	  { HVB_EV_PUBLISH, HVB_EV_OPEN_REQ, HVB_EV_GPADL_OK, HVB_EV_OPEN_OK,
	    HVB_EV_CLOSE_REQ, HVB_EV_TORNDOWN, HVB_EVENTS },
	  HVB_CH_CLOSED,
	  HVB_DO_SEND_GPADL | HVB_DO_SEND_OPEN | CLOSE | HVB_DO_FREE_RING },
	{ "hot removal of an open device",
	  { HVB_EV_PUBLISH, HVB_EV_OPEN_REQ, HVB_EV_GPADL_OK, HVB_EV_OPEN_OK,
	    HVB_EV_RESCIND, HVB_EV_CLOSE_REQ, HVB_EV_RELEASE, HVB_EVENTS },
	  HVB_CH_DEAD,
	  HVB_DO_SEND_GPADL | HVB_DO_SEND_OPEN | TAKE | HVB_DO_SEND_CLOSE |
	  HVB_DO_FREE_RING | THE_END },
	{ "rescind while probe opens",
	  { HVB_EV_PUBLISH, HVB_EV_OPEN_REQ, HVB_EV_GPADL_OK, HVB_EV_RESCIND,
	    HVB_EV_ABORTED, HVB_EV_RELEASE, HVB_EVENTS },
	  HVB_CH_DEAD,
	  HVB_DO_SEND_GPADL | HVB_DO_SEND_OPEN | TAKE | HVB_DO_FREE_RING |
	  THE_END },
	{ "rescind before it is published",
	  { HVB_EV_RESCIND, HVB_EV_RELEASE, HVB_EVENTS },
	  HVB_CH_DEAD, HVB_DO_REMOVE | THE_END },
	{ "rescind while it is published, and that fails",
	  { HVB_EV_PUBLISH, HVB_EV_RESCIND, HVB_EV_ADD_FAILED, HVB_EV_RELEASE,
	    HVB_EVENTS },
	  HVB_CH_DEAD, TAKE | THE_END },
	{ "host refuses to open",
	  { HVB_EV_PUBLISH, HVB_EV_OPEN_REQ, HVB_EV_GPADL_OK, HVB_EV_OPEN_FAIL,
	    HVB_EV_TORNDOWN, HVB_EVENTS },
	  HVB_CH_CLOSED,
	  HVB_DO_SEND_GPADL | HVB_DO_SEND_OPEN | HVB_DO_STOP_CB |
	  HVB_DO_TEARDOWN | HVB_DO_FREE_RING },
	{ "hibernation",
	  { HVB_EV_PUBLISH, HVB_EV_OPEN_REQ, HVB_EV_GPADL_OK, HVB_EV_OPEN_OK,
	    HVB_EV_CLOSE_REQ, HVB_EV_TORNDOWN, HVB_EV_SUSPEND, HVB_EV_REOFFER,
	    HVB_EV_OPEN_REQ, HVB_EV_GPADL_OK, HVB_EV_OPEN_OK, HVB_EVENTS },
	  HVB_CH_OPEN,
	  HVB_DO_SEND_GPADL | HVB_DO_SEND_OPEN | CLOSE | HVB_DO_FREE_RING |
	  HVB_DO_UNMAP | HVB_DO_MAP },
	{ "device is gone after hibernation",
	  { HVB_EV_PUBLISH, HVB_EV_SUSPEND, HVB_EV_DROP, HVB_EV_RELEASE,
	    HVB_EVENTS },
	  HVB_CH_DEAD, HVB_DO_UNMAP | DROPPED | HVB_DO_FREE },
	{ "socket that outlives hibernation",
	  { HVB_EV_PUBLISH, HVB_EV_OPEN_REQ, HVB_EV_GPADL_OK, HVB_EV_OPEN_OK,
	    HVB_EV_DROP, HVB_EV_SUSPEND, HVB_EV_CLOSE_REQ, HVB_EV_RELEASE,
	    HVB_EVENTS },
	  HVB_CH_DEAD,
	  HVB_DO_SEND_GPADL | HVB_DO_SEND_OPEN | DROPPED | HVB_DO_UNMAP |
	  HVB_DO_FREE_RING | HVB_DO_FREE },
	{ "host falls silent, then hibernation heals",
	  { HVB_EV_PUBLISH, HVB_EV_OPEN_REQ, HVB_EV_TIMEOUT, HVB_EV_SUSPEND,
	    HVB_EV_REOFFER, HVB_EV_OPEN_REQ, HVB_EVENTS },
	  HVB_CH_GPADL,
	  HVB_DO_SEND_GPADL | HVB_DO_STOP_CB | HVB_DO_LEAK_RING |
	  HVB_DO_UNMAP | HVB_DO_MAP },
	{ "retarget, late answer, retarget",
	  { HVB_EV_PUBLISH, HVB_EV_OPEN_REQ, HVB_EV_GPADL_OK, HVB_EV_OPEN_OK,
	    HVB_EV_MODIFY_REQ, HVB_EV_MODIFY_DONE, HVB_EV_MODIFY_REQ,
	    HVB_EVENTS },
	  HVB_CH_MODIFY,
	  HVB_DO_SEND_GPADL | HVB_DO_SEND_OPEN | HVB_DO_SEND_MODIFY },
};

KUNIT_ARRAY_PARAM_DESC(story, stories, name);

static void chan_story(struct kunit *test)
{
	const struct story *s = test->param_value;
	enum hvb_chan_state state = HVB_CH_NEW;
	unsigned int i, actions, all = 0;

	for (i = 0; s->events[i] != HVB_EVENTS; i++) {
		KUNIT_ASSERT_EQ_MSG(test,
				    hvb_chan_event(state, s->events[i], &state,
						   &actions), 0, "step %u", i);
		all |= actions;
	}
	KUNIT_EXPECT_EQ(test, state, s->end);
	KUNIT_EXPECT_EQ(test, all, s->actions);
}

static void chan_names(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < HVB_CH_STATES; i++)
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, hvb_chan_state_name(i),
					    hvb_chan_state_name(j));
	KUNIT_EXPECT_STREQ(test, hvb_chan_state_name(HVB_CH_STATES),
			   "invalid");
	KUNIT_EXPECT_STREQ(test, hvb_chan_state_name(-1), "invalid");
	KUNIT_EXPECT_FALSE(test, hvb_chan_is_open(HVB_CH_STATES));
}

/* The numbers that drivers and sysfs know. */
static void chan_legacy(struct kunit *test)
{
	static const u8 want[HVB_CH_STATES] = {
		[HVB_CH_NEW] = 0,
		[HVB_CH_CLOSED] = 2,
		[HVB_CH_GPADL] = 1,
		[HVB_CH_OPENING] = 1,
		[HVB_CH_OPEN] = 3,
		[HVB_CH_MODIFY] = 3,
		[HVB_CH_CLOSING] = 2,
		[HVB_CH_STUCK] = 2,
		[HVB_CH_RESC_OPENING] = 1,
		[HVB_CH_RESC_OPEN] = 3,
		[HVB_CH_RESC_CLOSING] = 2,
		[HVB_CH_RESC_CLOSED] = 2,
		[HVB_CH_DROP_OPEN] = 3,
		[HVB_CH_DROP_CLOSING] = 2,
		[HVB_CH_DROP_CLOSED] = 2,
		[HVB_CH_SUSPENDED] = 2,
		[HVB_CH_GONE_OPEN] = 3,
		[HVB_CH_GONE_CLOSED] = 2,
		[HVB_CH_DEAD] = 2,
	};
	unsigned int i;

	for (i = 0; i < HVB_CH_STATES; i++)
		KUNIT_EXPECT_EQ_MSG(test, hvb_chan_legacy_state(i), want[i],
				    "%s", hvb_chan_state_name(i));
}

/* Rescinds of relids that no channel has: which of them the host waits for. */
static void chan_relids(struct kunit *test)
{
	static const u32 ids[] = { 1, 7, 8, 9, 1023, HVB_RELID_LIMIT - 1 };
	struct hvb_relids relids;
	unsigned int i;

	hvb_relids_init(&relids);
	/* Offers that were lost: each rescind, and after it the next one. */
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		KUNIT_EXPECT_TRUE(test, hvb_relids_rescinded(&relids, ids[i]));
	KUNIT_EXPECT_TRUE(test, hvb_relids_rescinded(&relids, 8));

	/* One that was refused: not its rescind, and no other one. */
	hvb_relids_offered(&relids, 8);
	hvb_relids_refused(&relids, 8);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		KUNIT_EXPECT_EQ(test, hvb_relids_rescinded(&relids, ids[i]),
				ids[i] != 8);
	/* The second is of an offer that was lost. */
	KUNIT_EXPECT_TRUE(test, hvb_relids_rescinded(&relids, 8));

	/* Refused, then offered and taken: the channel is found, or lost. */
	hvb_relids_refused(&relids, 9);
	hvb_relids_offered(&relids, 9);
	KUNIT_EXPECT_TRUE(test, hvb_relids_rescinded(&relids, 9));

	/* What can't be a relid is neither kept nor waited for. */
	hvb_relids_refused(&relids, 0);
	hvb_relids_refused(&relids, HVB_RELID_LIMIT);
	hvb_relids_refused(&relids, HVB_RELID_NONE);
	hvb_relids_offered(&relids, HVB_RELID_NONE);
	KUNIT_EXPECT_FALSE(test, hvb_relids_rescinded(&relids, 0));
	KUNIT_EXPECT_FALSE(test, hvb_relids_rescinded(&relids,
						      HVB_RELID_LIMIT));
	KUNIT_EXPECT_FALSE(test, hvb_relids_rescinded(&relids,
						      HVB_RELID_NONE));

	/* The next connection has relids of its own. */
	hvb_relids_refused(&relids, 8);
	hvb_relids_init(&relids);
	KUNIT_EXPECT_TRUE(test, hvb_relids_rescinded(&relids, 8));
}

static struct kunit_case chan_cases[] = {
	KUNIT_CASE(chan_matrix),
	KUNIT_CASE(chan_out_of_range),
	KUNIT_CASE(chan_invariants),
	KUNIT_CASE(chan_never_needs_the_host),
	KUNIT_CASE(chan_rescind_any_time),
	KUNIT_CASE(chan_random_lives),
	KUNIT_CASE_PARAM(chan_story, story_gen_params),
	KUNIT_CASE(chan_names),
	KUNIT_CASE(chan_legacy),
	KUNIT_CASE(chan_relids),
	{}
};

static struct kunit_suite chan_suite = {
	.name = "hv_vmbus_chan",
	.test_cases = chan_cases,
};

kunit_test_suites(&chan_suite);

MODULE_DESCRIPTION("KUnit suite for the life cycle of a VMBus channel");
MODULE_LICENSE("GPL");
