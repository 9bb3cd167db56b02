// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts a bzImage and its initrd into memory and sets the boot processor to its
 * first instruction (Documentation/arch/x86/boot.rst): 64-bit kernels by the
 * 64-bit boot protocol, others, PAE ones for instance, by the 32-bit one.
 */
#include <asm/bootparam.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "pc.h"

#define GDT_GPA		0x1000u
#define PARAMS_GPA	0x7000u		/* struct boot_params, the "zero page" */
#define TABLES_GPA	0x9000u		/* page tables: one, one, four pages */
#define CMDLINE_GPA	0x20000u
#define CMDLINE_ROOM	0x10000u
#define KERNEL_GPA	0x100000u
#define ENTRY64_OFFSET	0x200u
#define SECTOR		512u
#define HEADER_OFFSET	0x1f1u		/* struct setup_header in the file */
#define HEAD_BYTES	1024u

#define CODE_SELECTOR	0x10		/* __BOOT_CS and __BOOT_DS of the protocol */
#define DATA_SELECTOR	0x18
#define E820_RAM	1
#define E820_RESERVED	2

const char *bzimage_parse(const uint8_t *head, size_t len, struct bzimage *image)
{
	struct setup_header h;
	size_t end;

	memset(image, 0, sizeof(*image));
	if (len < HEADER_OFFSET + sizeof(h))
		return "too short for a kernel";
	memcpy(&h, head + HEADER_OFFSET, sizeof(h));
	if (h.boot_flag != 0xaa55 || h.header != 0x53726448)	/* "HdrS" */
		return "not a bzImage";
	if (h.version < 0x20c || !(h.loadflags & LOADED_HIGH))
		return "a kernel older than boot protocol 2.12";
	/* The header ends at 0x202 plus the byte at 0x201. */
	end = 0x202u + head[0x201];
	image->header_bytes = (uint32_t)(end - HEADER_OFFSET);
	if (image->header_bytes > sizeof(h))
		image->header_bytes = sizeof(h);
	image->setup_bytes = ((h.setup_sects ? h.setup_sects : 4u) + 1) * SECTOR;
	image->init_size = h.init_size;
	image->preferred = h.pref_address;
	image->load_limit = h.initrd_addr_max;
	image->cmdline_max = h.cmdline_size;
	image->entry64 = h.xloadflags & XLF_KERNEL_64;
	return NULL;
}

static int open_file(const char *path, const char *what, uint64_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die_errno("cannot open the %s %s", what, path);
	*len = (uint64_t)st.st_size;
	return fd;
}

static void read_at(int fd, uint64_t from, void *to, uint64_t len, const char *path)
{
	uint8_t *out = to;

	while (len) {
		ssize_t n = pread(fd, out, len, (off_t)from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("cannot read %s: %s", path, n ? strerror(errno) : "it is too short");
		out += n;
		from += (uint64_t)n;
		len -= (uint64_t)n;
	}
}

static void e820(struct boot_params *params, uint64_t start, uint64_t end, uint32_t type)
{
	struct boot_e820_entry *e = &params->e820_table[params->e820_entries++];

	e->addr = start;
	e->size = end - start;
	e->type = type;
}

static void memory_map(struct boot_params *params)
{
	e820(params, 0, BASE_RAM_END, E820_RAM);
	e820(params, BASE_RAM_END, 0xa0000, E820_RESERVED);
	e820(params, ACPI_GPA, ACPI_GPA + ACPI_BYTES, E820_RESERVED);
	e820(params, MIB, machine.low_ram, E820_RAM);
	if (machine.high_ram)
		e820(params, FOUR_GIB, FOUR_GIB + machine.high_ram, E820_RAM);
}

/* Identity map of the first 4 GiB in 2 MiB pages, and flat segments. */
static void tables(void)
{
	uint64_t *top = guest_ptr(TABLES_GPA, 6 * PAGE_BYTES), *gdt = guest_ptr(GDT_GPA, 32);
	uint64_t *directories = top + 2 * 512;
	uint64_t i;

	top[0] = (TABLES_GPA + PAGE_BYTES) | 3;
	for (i = 0; i < 4; i++)
		top[512 + i] = (TABLES_GPA + (2 + i) * PAGE_BYTES) | 3;
	for (i = 0; i < 4 * 512; i++)
		directories[i] = i * 2 * MIB | 0x83;
	gdt[CODE_SELECTOR / 8] = 0x00af9b000000ffff;
	gdt[DATA_SELECTOR / 8] = 0x00cf93000000ffff;
}

/* Opens the kernel; its head goes to head[], what that says to *image. */
static int open_kernel(uint8_t *head, struct bzimage *image, uint64_t *len)
{
	const char *path = machine.config.kernel, *reason;
	int fd = open_file(path, "kernel", len);
	size_t have = *len < HEAD_BYTES ? *len : HEAD_BYTES;

	read_at(fd, 0, head, have, path);
	reason = bzimage_parse(head, have, image);
	if (!reason && *len <= image->setup_bytes)
		reason = "too short for a kernel";
	if (reason)
		die("%s: %s; give the bzImage of an x86 kernel", path, reason);
	return fd;
}

void boot_look(void)
{
	uint8_t head[HEAD_BYTES];
	struct bzimage image;
	uint64_t len;

	close(open_kernel(head, &image, &len));
}

static struct bzimage load_kernel(struct boot_params *params)
{
	const char *path = machine.config.kernel;
	uint8_t head[HEAD_BYTES];
	struct bzimage image;
	uint64_t len;
	int fd = open_kernel(head, &image, &len);
	void *to = guest_ptr(KERNEL_GPA, len - image.setup_bytes);

	if (!to || !guest_ptr(image.preferred, image.init_size))
		die("%s needs more memory: give at least %llu MiB", path,
		    (unsigned long long)((image.preferred + image.init_size) / MIB + 32));
	read_at(fd, image.setup_bytes, to, len - image.setup_bytes, path);
	close(fd);
	memcpy(&params->hdr, head + HEADER_OFFSET, image.header_bytes);
	return image;
}

static void load_initrd(struct boot_params *params, const struct bzimage *image)
{
	const char *path = machine.config.initrd;
	uint64_t top = machine.low_ram, floor = image->preferred + image->init_size;
	uint64_t len, at;
	int fd = open_file(path, "initrd", &len);

	if (top > image->load_limit)
		top = image->load_limit + 1;
	at = (top - len) / PAGE_BYTES * PAGE_BYTES;
	if (!len || len > top || at < floor)
		die("%s does not fit into guest memory: give the guest more", path);
	read_at(fd, 0, guest_ptr(at, len), len, path);
	close(fd);
	params->hdr.ramdisk_image = (uint32_t)at;
	params->hdr.ramdisk_size = (uint32_t)len;
}

static struct bzimage loaded;

void boot_load(void)
{
	struct boot_params *params = guest_ptr(PARAMS_GPA, sizeof(*params));
	const char *cmdline = machine.config.cmdline ? machine.config.cmdline : "";
	size_t len = strlen(cmdline);

	memset(params, 0, sizeof(*params));
	loaded = load_kernel(params);
	if (len > loaded.cmdline_max || len >= CMDLINE_ROOM)
		die("the guest's command line has %zu characters, the kernel takes %u", len,
		    loaded.cmdline_max);
	guest_write(CMDLINE_GPA, cmdline, len + 1);
	params->hdr.type_of_loader = 0xff;	/* none that has a number */
	params->hdr.cmd_line_ptr = CMDLINE_GPA;
	params->acpi_rsdp_addr = ACPI_GPA;
	if (machine.config.initrd)
		load_initrd(params, &loaded);
	memory_map(params);
	tables();
}

static void segments(struct kvm_sregs *s)
{
	s->cs = (struct kvm_segment){
		.limit = 0xffffffff, .selector = CODE_SELECTOR, .type = 11, .present = 1,
		.s = 1, .g = 1, .l = loaded.entry64, .db = !loaded.entry64,
	};
	s->ds = (struct kvm_segment){
		.limit = 0xffffffff, .selector = DATA_SELECTOR, .type = 3, .present = 1,
		.s = 1, .g = 1, .db = 1,
	};
	s->es = s->ds;
	s->fs = s->ds;
	s->gs = s->ds;
	s->ss = s->ds;
	s->gdt.base = GDT_GPA;
	s->gdt.limit = 31;
	s->idt.limit = 0;
}

void boot_cpu(struct vcpu *v)
{
	struct kvm_regs r = { .rip = KERNEL_GPA, .rsi = PARAMS_GPA, .rflags = 2 };
	struct kvm_sregs s;

	xioctl(v->fd, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
	segments(&s);
	s.cr0 = 0x11;				/* ET, PE */
	if (loaded.entry64) {
		r.rip += ENTRY64_OFFSET;
		s.cr3 = TABLES_GPA;
		s.cr4 = 0x20;			/* PAE */
		s.cr0 |= 0x80000000;		/* PG */
		s.efer = 0x500;			/* LMA, LME */
	}
	xioctl(v->fd, KVM_SET_SREGS, &s, "KVM_SET_SREGS");
	xioctl(v->fd, KVM_SET_REGS, &r, "KVM_SET_REGS");
}
