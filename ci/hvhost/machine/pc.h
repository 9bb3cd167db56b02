/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the PC tell each other, and nobody else.
 *
 * Addresses below 1 MiB are those of a PC: RAM to 640 KiB, ACPI tables where a
 * BIOS would be. RAM goes on from 1 MiB to the low MMIO window, which ends at
 * the I/O APIC, and from 4 GiB; hot add range and high MMIO window follow it.
 */
#ifndef HVHOST_PC_H
#define HVHOST_PC_H

#include "machine.h"

#define LOW_WINDOW_END	0xfec00000ull	/* the I/O APIC */
#define LAPIC_GPA	0xfee00000ull
#define FOUR_GIB	(4 * GIB)
#define HOTADD_ALIGN	(128 * MIB)	/* Linux: a memory block on x86-64 */
#define ACPI_GPA	0xe0000u	/* in the area that is scanned for an RSDP */
#define ACPI_BYTES	0x20000u
#define BASE_RAM_END	0x9fc00u	/* the EBDA would be from here to 640 KiB */

#define COM1_PORT	0x3f8
#define COM1_IRQ	4
#define COM2_PORT	0x2f8
#define COM2_IRQ	3
#define UART_PORTS	8
#define RTC_PORT	0x70
#define RTC_CENTURY	0x32		/* the FADT names this register */
#define KBD_PORT	0x64
#define PM_EVENT_PORT	0x600		/* status, enable: 2 bytes each */
#define PM_CONTROL_PORT	0x604		/* 2 bytes */
#define PM_TIMER_PORT	0x608		/* 4 bytes */
#define RESET_PORT	0x60c
#define RESET_VALUE	0x06
#define PCI_ADDRESS_PORT 0xcf8
#define CF9_PORT	0xcf9
#define SCI_IRQ		9
#define SLEEP_S4	4		/* SLP_TYP values that the DSDT names */
#define SLEEP_S5	5

/* memory.c */
void memory_create(void);		/* maps; machine.config, low_ram etc. are set */
void memory_attach(void);		/* gives the RAM to a new VM; nothing is plugged */
void memory_clear(void);		/* all zeroes, nothing plugged */
uint64_t high_window_base(void);
uint64_t low_window_base(void);

/* boot.c */
/* What the start of a bzImage says. Pure: the unit tests call it. */
struct bzimage {
	uint32_t setup_bytes;		/* real mode code: the kernel proper follows it */
	uint32_t header_bytes;		/* of the setup header, from offset 0x1f1 */
	uint32_t init_size;		/* memory that it takes while it unpacks itself */
	uint64_t load_limit;		/* highest address that an initrd may use */
	uint32_t cmdline_max;
	uint64_t preferred;		/* where it moves itself to */
	bool entry64;
};
/* NULL, or a reason why not. */
const char *bzimage_parse(const uint8_t *head, size_t len, struct bzimage *image);
void boot_look(void);			/* at the kernel file, before there is a VM */
void boot_load(void);
void boot_cpu(struct vcpu *v);

/* acpi.c */
void acpi_build(void);

/* pio.c */
enum pio_device {
	PIO_NONE, PIO_COM1, PIO_COM2, PIO_RTC, PIO_KBD, PIO_PM_EVENT, PIO_PM_CONTROL,
	PIO_PM_TIMER, PIO_RESET, PIO_CF9,
};
/* Which device answers at a port; *reg is the byte in it. Pure. */
enum pio_device pio_decode(uint16_t port, unsigned int *reg);
void pio_create(void);
void pio_exit(struct kvm_run *run);
void pio_write(uint16_t port, const uint8_t *data, unsigned int size);
void pio_reset(void);

/* coalesce.c */
void coalesce_setup(void);
void coalesce_drain(void);		/* any thread */
void coalesce_end(void);		/* the VM is about to go, no vCPU runs */

/* serial.c */
struct uart;
struct uart *uart_create(const char *where, unsigned int irq);
uint8_t uart_read(struct uart *u, unsigned int reg);
void uart_write(struct uart *u, unsigned int reg, uint8_t value);
void uart_reset(struct uart *u);

/* endpoint.c: where a serial port's bytes come from and go to. */
struct endpoint;
struct endpoint_user {
	size_t (*room)(void *arg);	/* how many bytes input() takes now. Main thread */
	void (*input)(void *arg, const uint8_t *data, size_t len);
	void (*drained)(void *arg);	/* room for output after a refusal. Any thread */
	void *arg;
};
/* "-" stdin and stdout, unix:PATH listens, NULL nothing, else opened read/write. */
struct endpoint *endpoint_open(const char *where, const struct endpoint_user *user);
bool endpoint_writable(struct endpoint *e);
/* False: full. With nobody at the other end the oldest bytes give way. */
bool endpoint_write(struct endpoint *e, uint8_t byte);
void endpoint_resume(void *e);		/* read again; for loop_call() */

/* vcpu.c */
void vcpu_create(unsigned int index);
void vcpu_destroy(struct vcpu *v);
void vcpu_start(struct vcpu *v);
void vcpu_kick(struct vcpu *v);
unsigned int cpu_physical_bits(void);
/* machine.c: set while vCPUs have to end. */
bool machine_stopping(void);

#endif
