// SPDX-License-Identifier: GPL-2.0-only
/* A serial port's input that found no room, with an endpoint played here. */
#include "test.h"

#include "../machine/pc.h"

#define ROOM		1024u
#define IRQ		4u
#define RBR		0u
#define IER		1u
#define FCR		2u
#define IIR		2u
#define LSR		5u
#define FCR_CLEAR_RX	2u

static struct endpoint_user user;
static unsigned int asked;
static bool line;

void machine_irq(unsigned int gsi, bool level)
{
	assert_int_equal(gsi, IRQ);
	assert_true(line != level);
	line = level;
}

struct endpoint *endpoint_open(const char *where, const struct endpoint_user *u)
{
	assert_null(where);
	user = *u;
	return (struct endpoint *)&user;
}

bool endpoint_writable(struct endpoint *e)
{
	return e == (struct endpoint *)&user;
}

bool endpoint_write(struct endpoint *e, uint8_t byte)
{
	(void)byte;
	return e == (struct endpoint *)&user;
}

void endpoint_resume(void *e)
{
	assert_ptr_equal(e, &user);
	asked++;
}

void loop_call(void (*fn)(void *arg), void *arg)
{
	fn(arg);
}

static struct uart *u;

/* Full, and more was refused. */
static int each(void **state)
{
	uint8_t bytes[ROOM];
	unsigned int i;

	(void)state;
	if (!u)
		u = uart_create(NULL, IRQ);
	line = false;
	uart_reset(u);
	asked = 0;
	for (i = 0; i < ROOM; i++)
		bytes[i] = (uint8_t)i;
	assert_int_equal(user.room(user.arg), ROOM);
	user.input(user.arg, bytes, ROOM);
	assert_int_equal(user.room(user.arg), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(u);
	return 0;
}

static void is_asked_for_when_half_is_read(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ROOM / 2; i++)
		assert_int_equal(uart_read(u, RBR), (uint8_t)i);
	assert_int_equal(asked, 0);
	uart_read(u, RBR);
	assert_int_equal(asked, 1);
	uart_read(u, RBR);
	assert_int_equal(asked, 1);
}

/* The driver throws it away, then waits for an interrupt, without another read. */
static void is_asked_for_when_all_is_cleared(void **state)
{
	(void)state;
	uart_write(u, IER, 1);
	assert_true(line);
	assert_int_equal(asked, 0);
	uart_write(u, FCR, FCR_CLEAR_RX);
	assert_false(line);
	assert_int_equal(asked, 1);
	assert_int_equal(uart_read(u, LSR) & 1, 0);
	user.input(user.arg, (const uint8_t *)"x", 1);
	assert_true(line);
	assert_int_equal(uart_read(u, IIR) & 0xf, 4);
	assert_int_equal(uart_read(u, RBR), 'x');
	assert_false(line);
}

static void is_asked_for_after_a_reset(void **state)
{
	(void)state;
	uart_reset(u);
	assert_int_equal(asked, 1);
	assert_int_equal(uart_read(u, LSR) & 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(is_asked_for_when_half_is_read, each),
		cmocka_unit_test_setup(is_asked_for_when_all_is_cleared, each),
		cmocka_unit_test_setup(is_asked_for_after_a_reset, each),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
