// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port I/O: serial ports, a clock to read, ACPI's power management block (ACPI
 * 4.8.3), and the ways in which PC software resets the machine. An access wider
 * than a byte is bytes at consecutive ports, as on an ISA bus, but for the PM timer.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>
#include "../ctl/ctl.h"
#include "pc.h"

#define PM_TIMER_HZ	3579545u
#define NS_PER_SECOND	1000000000u
#define SLP_ENABLE	0x20		/* bit 13, in the high byte of PM1 control */
#define SCI_ENABLE	0x01		/* always in ACPI mode */
#define KBD_RESET	0xfe		/* 8042: pulse the reset line */
#define CF9_RESET	0x04		/* CPU reset on 0 to 1 */

static struct {
	pthread_mutex_t lock;
	uint8_t event[4], control[2];
	uint8_t rtc_index;
} pm = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct uart *com1, *com2;

void pio_create(void)
{
	com1 = uart_create(machine.config.console, COM1_IRQ);
	com2 = uart_create(machine.config.agent, COM2_IRQ);
}

void pio_reset(void)
{
	pthread_mutex_lock(&pm.lock);
	memset(pm.event, 0, sizeof(pm.event));
	memset(pm.control, 0, sizeof(pm.control));
	pm.rtc_index = 0;
	pthread_mutex_unlock(&pm.lock);
	uart_reset(com1);
	uart_reset(com2);
}

enum pio_device pio_decode(uint16_t port, unsigned int *reg)
{
	static const struct {
		uint16_t first, count;
		enum pio_device device;
	} map[] = {
		{ COM1_PORT, UART_PORTS, PIO_COM1 },
		{ COM2_PORT, UART_PORTS, PIO_COM2 },
		{ RTC_PORT, 2, PIO_RTC },
		{ KBD_PORT, 1, PIO_KBD },
		{ PM_EVENT_PORT, 4, PIO_PM_EVENT },
		{ PM_CONTROL_PORT, 2, PIO_PM_CONTROL },
		{ PM_TIMER_PORT, 4, PIO_PM_TIMER },
		{ RESET_PORT, 1, PIO_RESET },
		{ CF9_PORT, 1, PIO_CF9 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(map); i++) {
		*reg = (unsigned int)(port - map[i].first);
		if (port >= map[i].first && *reg < map[i].count)
			return map[i].device;
	}
	*reg = 0;
	return PIO_NONE;
}

static uint32_t pm_timer(void)
{
	return (uint32_t)((unsigned __int128)now_ns() * PM_TIMER_HZ / NS_PER_SECOND);
}

static uint8_t bcd(int value)
{
	return (uint8_t)(value / 10 % 10 << 4 | value % 10);
}

/* An MC146818 that shows UTC in BCD and can't be set. */
static uint8_t rtc_read(unsigned int index)
{
	time_t now = time(NULL);
	struct tm t;

	gmtime_r(&now, &t);
	switch (index) {
	case 0:
		return bcd(t.tm_sec);
	case 2:
		return bcd(t.tm_min);
	case 4:
		return bcd(t.tm_hour);
	case 6:
		return bcd(t.tm_wday + 1);
	case 7:
		return bcd(t.tm_mday);
	case 8:
		return bcd(t.tm_mon + 1);
	case 9:
		return bcd(t.tm_year % 100);
	case 0xa:		/* divider running, no update in progress */
		return 0x26;
	case 0xb:		/* 24 hours, BCD */
		return 0x02;
	case 0xd:		/* battery good */
		return 0x80;
	case RTC_CENTURY:
		return bcd(t.tm_year / 100 + 19);
	default:
		return 0;
	}
}

static uint8_t read_byte(uint16_t port)
{
	unsigned int reg;
	uint8_t value = 0xff;

	switch (pio_decode(port, &reg)) {
	case PIO_COM1:
		return uart_read(com1, reg);
	case PIO_COM2:
		return uart_read(com2, reg);
	case PIO_PM_TIMER:
		return (uint8_t)(pm_timer() >> 8 * reg);
	case PIO_RTC:
		pthread_mutex_lock(&pm.lock);
		value = pm.rtc_index & 0x7f;
		pthread_mutex_unlock(&pm.lock);
		return reg ? rtc_read(value) : 0xff;
	case PIO_PM_EVENT:
		pthread_mutex_lock(&pm.lock);
		value = pm.event[reg];
		pthread_mutex_unlock(&pm.lock);
		return value;
	case PIO_PM_CONTROL:
		pthread_mutex_lock(&pm.lock);
		value = pm.control[reg] | (reg ? 0 : SCI_ENABLE);
		pthread_mutex_unlock(&pm.lock);
		return value;
	default:
		return 0xff;
	}
}

static void sleep_now(unsigned int type)
{
	if (type == SLEEP_S5) {
		ctl_event("power-off");
		machine_quit(EXIT_POWER_OFF, "the guest powered off");
	} else if (type == SLEEP_S4 && machine.config.s4) {
		ctl_event("hibernated");
		machine_quit(EXIT_HIBERNATED, "the guest hibernated");
	} else {
		log_guest("the guest asks for sleep type %u, which there isn't", type);
	}
}

static void pm_write(enum pio_device device, unsigned int reg, uint8_t value)
{
	pthread_mutex_lock(&pm.lock);
	if (device == PIO_PM_CONTROL)
		pm.control[reg] = reg ? value & (uint8_t)~SLP_ENABLE : value;
	else if (reg < 2)
		pm.event[reg] &= (uint8_t)~value;	/* status: 1 clears */
	else
		pm.event[reg] = value;
	pthread_mutex_unlock(&pm.lock);
	if (device == PIO_PM_CONTROL && reg && (value & SLP_ENABLE))
		sleep_now(value >> 2 & 7);
}

static void write_byte(uint16_t port, uint8_t value)
{
	unsigned int reg;
	enum pio_device device = pio_decode(port, &reg);

	switch (device) {
	case PIO_COM1:
		uart_write(com1, reg, value);
		break;
	case PIO_COM2:
		uart_write(com2, reg, value);
		break;
	case PIO_RTC:
		if (reg)
			break;
		pthread_mutex_lock(&pm.lock);
		pm.rtc_index = value;
		pthread_mutex_unlock(&pm.lock);
		break;
	case PIO_PM_EVENT:
	case PIO_PM_CONTROL:
		pm_write(device, reg, value);
		break;
	case PIO_RESET:
		if (value == RESET_VALUE)
			machine_reset("reset register");
		break;
	case PIO_CF9:
		if (value & CF9_RESET)
			machine_reset("port 0xcf9");
		break;
	case PIO_KBD:
		if (value == KBD_RESET)
			machine_reset("keyboard controller");
		break;
	default:
		break;
	}
}

static void pio_read(uint16_t port, uint8_t *data, unsigned int size)
{
	uint32_t ticks;
	unsigned int i;

	if (port == PM_TIMER_PORT && size == sizeof(ticks)) {
		ticks = pm_timer();
		memcpy(data, &ticks, sizeof(ticks));
		return;
	}
	for (i = 0; i < size; i++)
		data[i] = read_byte((uint16_t)(port + i));
}

void pio_write(uint16_t port, const uint8_t *data, unsigned int size)
{
	unsigned int i;

	/* PCI's address register, which isn't there, lies over port 0xcf9. */
	if (port == PCI_ADDRESS_PORT && size == 4)
		return;
	for (i = 0; i < size; i++)
		write_byte((uint16_t)(port + i), data[i]);
}

void pio_exit(struct kvm_run *run)
{
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	uint32_t i;

	for (i = 0; i < run->io.count; i++, data += run->io.size) {
		if (run->io.direction == KVM_EXIT_IO_OUT)
			pio_write(run->io.port, data, run->io.size);
		else
			pio_read(run->io.port, data, run->io.size);
	}
}
