// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 16550A (National Semiconductor PC16550D data sheet) whose line is infinitely
 * fast: what is written is gone at once unless the endpoint is full, and input
 * waits in a buffer deeper than the chip's, so that nothing overruns.
 *
 * The lock is a leaf but for the endpoint's own.
 */
#include <pthread.h>
#include <stdlib.h>
#include "pc.h"

#define RX_BYTES	1024u

/* registers, and what they are with DLAB set or on the other direction */
enum { RBR = 0, THR = 0, DLL = 0, IER = 1, DLM = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4,
       LSR = 5, MSR = 6, SCR = 7 };
enum { IER_RX = 1, IER_THR = 2, IER_BITS = 0xf };
enum { IIR_NONE = 1, IIR_THR = 2, IIR_RX = 4, IIR_FIFOS = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2 };
enum { LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10, MCR_BITS = 0x1f };
enum { LSR_DATA = 1, LSR_EMPTY = 0x60 };
enum { MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };

struct uart {
	pthread_mutex_t lock;
	unsigned int irq;
	struct endpoint *endpoint;
	uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
	uint8_t rx[RX_BYTES];
	unsigned int rx_head, rx_len;
	bool empty_event;	/* the transmitter became empty: THR interrupt pending */
	bool line;
	bool paused;		/* input had no room: ask for more when there is */
};

static uint8_t pending_id(const struct uart *u)
{
	if ((u->ier & IER_RX) && u->rx_len)
		return IIR_RX;
	if ((u->ier & IER_THR) && u->empty_event)
		return IIR_THR;
	return IIR_NONE;
}

static void update_irq(struct uart *u)
{
	bool want = pending_id(u) != IIR_NONE;

	if (want != u->line) {
		u->line = want;
		machine_irq(u->irq, want);
	}
}

static uint8_t take_rx(struct uart *u)
{
	uint8_t value;

	if (!u->rx_len)
		return 0;
	value = u->rx[u->rx_head];
	u->rx_head = (u->rx_head + 1) % RX_BYTES;
	u->rx_len--;
	return value;
}

static void put_rx(struct uart *u, uint8_t value)
{
	if (u->rx_len < RX_BYTES)
		u->rx[(u->rx_head + u->rx_len++) % RX_BYTES] = value;
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t id = pending_id(u);

	if (id == IIR_THR)
		u->empty_event = false;		/* reading it is the acknowledgment */
	return u->fcr & FCR_ENABLE ? id | IIR_FIFOS : id;
}

/* In loop-back mode the outputs come in again as inputs. */
static uint8_t modem_status(const struct uart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return MSR_DCD | MSR_DSR | MSR_CTS;
	return (u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
	       (u->mcr & MCR_OUT1 ? MSR_RI : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static uint8_t read_register(struct uart *u, unsigned int reg)
{
	switch (reg) {
	case RBR:
		return u->lcr & LCR_DLAB ? u->dll : take_rx(u);
	case IER:
		return u->lcr & LCR_DLAB ? u->dlm : u->ier;
	case IIR:
		return read_iir(u);
	case LCR:
		return u->lcr;
	case MCR:
		return u->mcr;
	case LSR:
		return (endpoint_writable(u->endpoint) ? LSR_EMPTY : 0) |
		       (u->rx_len ? LSR_DATA : 0);
	case MSR:
		return modem_status(u);
	default:
		return u->scr;
	}
}

/* Is input to be asked for again? */
static bool room_again(struct uart *u)
{
	bool resume = u->paused && u->rx_len < RX_BYTES / 2;

	if (resume)
		u->paused = false;
	return resume;
}

uint8_t uart_read(struct uart *u, unsigned int reg)
{
	uint8_t value;
	bool resume;

	pthread_mutex_lock(&u->lock);
	value = read_register(u, reg);
	update_irq(u);
	resume = room_again(u);
	pthread_mutex_unlock(&u->lock);
	if (resume)
		loop_call(endpoint_resume, u->endpoint);
	return value;
}

static void transmit(struct uart *u, uint8_t value)
{
	u->empty_event = false;
	if (u->mcr & MCR_LOOP) {
		put_rx(u, value);
		u->empty_event = true;
	} else if (endpoint_write(u->endpoint, value)) {
		u->empty_event = true;
	}
	/* Else it is lost, as the guest wrote to a full transmitter. */
}

static void write_register(struct uart *u, unsigned int reg, uint8_t value)
{
	switch (reg) {
	case THR:
		if (u->lcr & LCR_DLAB)
			u->dll = value;
		else
			transmit(u, value);
		break;
	case IER:
		if (u->lcr & LCR_DLAB) {
			u->dlm = value;
			break;
		}
		if ((value & IER_THR) && !(u->ier & IER_THR))
			u->empty_event = endpoint_writable(u->endpoint);
		u->ier = value & IER_BITS;
		break;
	case FCR:
		u->fcr = value;
		if (value & FCR_CLEAR_RX)
			u->rx_len = 0;
		break;
	case LCR:
		u->lcr = value;
		break;
	case MCR:
		u->mcr = value & MCR_BITS;
		break;
	case SCR:
		u->scr = value;
		break;
	default:
		break;
	}
}

void uart_write(struct uart *u, unsigned int reg, uint8_t value)
{
	bool resume;

	pthread_mutex_lock(&u->lock);
	write_register(u, reg, value);
	update_irq(u);
	/* What waited may have been thrown away. */
	resume = room_again(u);
	pthread_mutex_unlock(&u->lock);
	if (resume)
		loop_call(endpoint_resume, u->endpoint);
}

static size_t input_room(void *arg)
{
	struct uart *u = arg;
	size_t room;

	pthread_mutex_lock(&u->lock);
	room = RX_BYTES - u->rx_len;
	u->paused = !room;
	pthread_mutex_unlock(&u->lock);
	return room;
}

static void input(void *arg, const uint8_t *data, size_t len)
{
	struct uart *u = arg;

	pthread_mutex_lock(&u->lock);
	while (len--)
		put_rx(u, *data++);
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
}

static void drained(void *arg)
{
	struct uart *u = arg;

	pthread_mutex_lock(&u->lock);
	u->empty_event = true;
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
}

struct uart *uart_create(const char *where, unsigned int irq)
{
	struct uart *u = calloc(1, sizeof(*u));
	struct endpoint_user user = {
		.room = input_room, .input = input, .drained = drained, .arg = u,
	};

	if (!u)
		die("out of memory");
	pthread_mutex_init(&u->lock, NULL);
	u->irq = irq;
	u->endpoint = endpoint_open(where, &user);
	return u;
}

void uart_reset(struct uart *u)
{
	bool resume;

	pthread_mutex_lock(&u->lock);
	u->ier = 0;
	u->fcr = 0;
	u->lcr = 0;
	u->mcr = 0;
	u->rx_len = 0;
	u->empty_event = false;
	u->line = false;
	resume = u->paused;
	u->paused = false;
	pthread_mutex_unlock(&u->lock);
	if (resume)
		loop_call(endpoint_resume, u->endpoint);
}
