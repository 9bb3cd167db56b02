// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address space for the MMIO of VMBus devices.
 *
 * The firmware grants the VMBus some windows of guest physical address space.
 * VMBus devices have no registers of their own at fixed places: pci-hyperv and
 * the video drivers take a range from the windows and tell the host where it
 * is.
 *
 * Bookkeeping. The windows can't be put into the kernel's resource tree: they
 * belong to PCI root buses and ACPI devices there. So each is the root of a
 * small tree of its own, and a range that is handed out exists twice: as a
 * "claim" in its window, which keeps VMBus devices apart, and as an exclusive
 * region in the kernel's tree, which keeps everybody else away and which the
 * caller gets.
 *
 * The frame buffer that the firmware set up is claimed when the windows are
 * known, because the host goes on drawing to it until a video driver moves it.
 * Video drivers may take ranges from within that claim; these have no claim of
 * their own.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/efi.h>
#include <linux/errno.h>
#include <linux/hyperv.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/screen_info.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <asm/mshyperv.h>

#include "vmbus.h"

/* Nothing below this is of use to a device. */
#define VMBUS_MMIO_MIN		SZ_1M

/**
 * struct vmbus_window - a range that the firmware granted
 * @node: position in vmbus_windows, sorted by address
 * @res: the range, root of a tree of claims
 */
struct vmbus_window {
	struct list_head node;
	struct resource res;
};

/**
 * struct vmbus_claim - a part of a window that is in use
 * @node: position in vmbus_claims
 * @res: the part, in the tree of its window
 */
struct vmbus_claim {
	struct list_head node;
	struct resource res;
};

static DEFINE_MUTEX(vmbus_mmio_lock);
static LIST_HEAD(vmbus_windows);	/* guarded by vmbus_mmio_lock */
static LIST_HEAD(vmbus_claims);		/* likewise */
static struct vmbus_claim *vmbus_fb;	/* likewise */

/* Join a window with its successor if they touch or overlap. */
static bool vmbus_window_join(struct vmbus_window *win)
{
	struct vmbus_window *next;

	if (list_is_last(&win->node, &vmbus_windows))
		return false;

	next = list_next_entry(win, node);
	if (win->res.end < next->res.start &&
	    win->res.end + 1 != next->res.start)
		return false;

	win->res.end = max(win->res.end, next->res.end);
	list_del(&next->node);
	kfree(next);
	return true;
}

static void vmbus_window_insert(struct vmbus_window *win)
{
	struct list_head *pos = &vmbus_windows;
	struct vmbus_window *cur;

	list_for_each_entry(cur, &vmbus_windows, node) {
		if (cur->res.start > win->res.start)
			break;
		pos = &cur->node;
	}
	list_add(&win->node, pos);

	if (pos != &vmbus_windows) {
		cur = list_entry(pos, struct vmbus_window, node);
		if (vmbus_window_join(cur))
			win = cur;
	}
	while (vmbus_window_join(win))
		;
}

/**
 * vmbus_mmio_add() - add a window
 * @start: first address
 * @end: last address
 *
 * Windows that lie below 1 MiB are left out, and one that reaches into the
 * virtual TPM's registers ends before them: the firmware grants them too.
 *
 * Context: process, before anything is allocated or reserved.
 * Return: 0, -EINVAL if the range makes no sense, -ENOMEM.
 */
int vmbus_mmio_add(resource_size_t start, resource_size_t end)
{
	struct vmbus_window *win;

	if (end < start)
		return -EINVAL;
	if (end < VMBUS_MMIO_MIN)
		return 0;
	if (start < VTPM_BASE_ADDRESS && end >= VTPM_BASE_ADDRESS)
		end = VTPM_BASE_ADDRESS - 1;

	win = kzalloc(sizeof(*win), GFP_KERNEL);
	if (!win)
		return -ENOMEM;

	win->res.name = "hyperv mmio";
	win->res.flags = IORESOURCE_MEM;
	win->res.start = start;
	win->res.end = end;

	mutex_lock(&vmbus_mmio_lock);
	vmbus_window_insert(win);
	mutex_unlock(&vmbus_mmio_lock);

	return 0;
}

/**
 * vmbus_mmio_empty() - are there no windows?
 *
 * Context: process.
 * Return: true if vmbus_mmio_add() took none so far.
 */
bool vmbus_mmio_empty(void)
{
	bool empty;

	mutex_lock(&vmbus_mmio_lock);
	empty = list_empty(&vmbus_windows);
	mutex_unlock(&vmbus_mmio_lock);

	return empty;
}

/*
 * Claim @size bytes between @min and @max from a window, at the lowest free
 * address. The type is not set: arch code would keep such ranges out of what
 * the firmware's memory map calls reserved, which these windows are.
 */
static struct vmbus_claim *vmbus_claim(struct vmbus_window *win,
				       const char *name, resource_size_t min,
				       resource_size_t max,
				       resource_size_t size,
				       resource_size_t align)
{
	struct vmbus_claim *claim;

	lockdep_assert_held(&vmbus_mmio_lock);

	claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	if (!claim)
		return NULL;

	claim->res.name = name;
	claim->res.flags = IORESOURCE_BUSY;
	if (allocate_resource(&win->res, &claim->res, size, min, max, align,
			      NULL, NULL)) {
		kfree(claim);
		return NULL;
	}
	list_add(&claim->node, &vmbus_claims);
	return claim;
}

static void vmbus_unclaim(struct vmbus_claim *claim)
{
	lockdep_assert_held(&vmbus_mmio_lock);

	release_resource(&claim->res);
	list_del(&claim->node);
	kfree(claim);
}

/* Where the firmware of a generation 2 VM left the frame buffer. */
static resource_size_t vmbus_fb_find_efi(const struct vmbus_window *low,
					 resource_size_t *size)
{
	resource_size_t start, base = low->res.start;

	if (!IS_ENABLED(CONFIG_SYSFB))
		return 0;

	start = screen_info.lfb_base;
	*size = max_t(resource_size_t, screen_info.lfb_size, SZ_8M);

	if (!base || upper_32_bits(base) || (start && start < base)) {
		pr_warn("Unexpected low mmio base %pa\n", &base);
		return start;
	}

	/*
	 * In kdump kernels and confidential VMs nobody knows where it is. The
	 * host puts it at the start of the low window.
	 */
	if (!start)
		start = base;

	/*
	 * High resolutions need more than the firmware uses: keep half of what
	 * is left below 4 GiB for it.
	 */
	*size = min_t(u64, (SZ_4G - start) / 2, SZ_128M);
	return start;
}

/* In a generation 1 VM it is a BAR of an emulated PCI device. */
static resource_size_t vmbus_fb_find_pci(resource_size_t *size)
{
	resource_size_t start = 0;
	struct pci_dev *pdev;

	pdev = pci_get_device(PCI_VENDOR_ID_MICROSOFT,
			      PCI_DEVICE_ID_HYPERV_VIDEO, NULL);
	if (!pdev)
		return 0;

	if (pci_resource_flags(pdev, 0) & IORESOURCE_MEM) {
		start = pci_resource_start(pdev, 0);
		*size = pci_resource_len(pdev, 0);
	}

	/* The device itself is left to the video driver. */
	pci_dev_put(pdev);
	return start;
}

/**
 * vmbus_mmio_reserve_fb() - keep the firmware's frame buffer from being given
 * to another device
 *
 * It lies in the first window. Its size isn't reliable: what is known as such
 * may be too little, and what would be nice may be too much for the window, so
 * start big and halve it until it fits.
 *
 * Context: process, once, after the windows have been added.
 */
void vmbus_mmio_reserve_fb(void)
{
	resource_size_t start, size = 0;
	struct vmbus_window *low;

	mutex_lock(&vmbus_mmio_lock);

	low = list_first_entry_or_null(&vmbus_windows, struct vmbus_window,
				       node);
	if (!low || vmbus_fb)
		goto unlock;

	if (efi_enabled(EFI_BOOT)) {
		start = vmbus_fb_find_efi(low, &size);
	} else {
		start = vmbus_fb_find_pci(&size);
		/* A VM without the emulated device has no frame buffer. */
		if (!size)
			goto unlock;
	}
	if (!start) {
		pr_warn("Unexpected framebuffer mmio base of zero\n");
		goto unlock;
	}

	for (; !vmbus_fb && size >= SZ_1M; size >>= 1)
		vmbus_fb = vmbus_claim(low, "fb_range", start, start + size - 1,
				       size, 1);

	pr_info("hv_mmio=%pR fb=%pR\n", &low->res,
		vmbus_fb ? &vmbus_fb->res : NULL);
unlock:
	mutex_unlock(&vmbus_mmio_lock);
}

/**
 * vmbus_mmio_exit() - forget all windows
 *
 * Context: process, no VMBus device is left.
 */
void vmbus_mmio_exit(void)
{
	struct vmbus_window *win, *next_win;
	struct vmbus_claim *claim, *next;

	mutex_lock(&vmbus_mmio_lock);

	vmbus_fb = NULL;
	list_for_each_entry_safe(claim, next, &vmbus_claims, node)
		vmbus_unclaim(claim);
	list_for_each_entry_safe(win, next_win, &vmbus_windows, node) {
		list_del(&win->node);
		kfree(win);
	}

	mutex_unlock(&vmbus_mmio_lock);
}

/* From within the claim of the frame buffer, which is as good as a claim. */
static struct resource *vmbus_alloc_from_fb(const char *name,
					    resource_size_t min,
					    resource_size_t max,
					    resource_size_t size,
					    resource_size_t align)
{
	resource_size_t start, last;
	struct resource *res;

	if (!vmbus_fb)
		return NULL;

	min = max(min, vmbus_fb->res.start);
	max = min(max, vmbus_fb->res.end);
	if (max < min || max - min < size - 1)
		return NULL;

	last = max - (size - 1);
	for (start = ALIGN(min, align); start >= min && start <= last;
	     start += align) {
		res = request_mem_region_exclusive(start, size, name);
		if (res)
			return res;
	}
	return NULL;
}

/* From a window: the lowest place that nobody inside or outside VMBus has. */
static struct resource *vmbus_alloc_from_window(struct vmbus_window *win,
						const char *name,
						resource_size_t min,
						resource_size_t max,
						resource_size_t size,
						resource_size_t align)
{
	struct vmbus_claim *claim;
	resource_size_t start;
	struct resource *res;

	for (;;) {
		claim = vmbus_claim(win, "hyperv mmio", min, max, size, align);
		if (!claim)
			return NULL;

		start = claim->res.start;
		res = request_mem_region_exclusive(start, size, name);
		if (res)
			return res;

		/* Taken by something else; look further up. */
		vmbus_unclaim(claim);
		min = start + align;
		if (min < start || min > max)
			return NULL;
	}
}

/**
 * vmbus_allocate_mmio() - get a range of MMIO address space
 * @new: where to put the range, an exclusive region of the kernel's tree
 * @device_obj: who wants it; gives the range its name in /proc/iomem
 * @min: lowest address that will do
 * @max: highest address that will do
 * @size: bytes, not 0
 * @align: alignment of the start, a power of two
 * @fb_overlap_ok: the caller drives the frame buffer, so it may, and should,
 *	get the addresses that the firmware put it at
 *
 * Context: process.
 * Return: 0 or -ENXIO. The range is given back with vmbus_free_mmio().
 */
int vmbus_allocate_mmio(struct resource **new, struct hv_device *device_obj,
			resource_size_t min, resource_size_t max,
			resource_size_t size, resource_size_t align,
			bool fb_overlap_ok)
{
	const char *name = dev_name(&device_obj->device);
	struct resource *res = NULL;
	struct vmbus_window *win;

	if (!size)
		return -ENXIO;
	if (!align)
		align = 1;

	mutex_lock(&vmbus_mmio_lock);

	if (fb_overlap_ok)
		res = vmbus_alloc_from_fb(name, min, max, size, align);

	list_for_each_entry(win, &vmbus_windows, node) {
		if (res)
			break;
		res = vmbus_alloc_from_window(win, name, min, max, size,
					      align);
	}

	mutex_unlock(&vmbus_mmio_lock);

	if (!res)
		return -ENXIO;
	*new = res;
	return 0;
}

/**
 * vmbus_free_mmio() - give a range of MMIO address space back
 * @start: first address
 * @size: bytes; the range is one that vmbus_allocate_mmio() gave
 *
 * Context: process.
 */
void vmbus_free_mmio(resource_size_t start, resource_size_t size)
{
	resource_size_t end = start + size - 1;
	struct vmbus_claim *claim;

	mutex_lock(&vmbus_mmio_lock);

	list_for_each_entry(claim, &vmbus_claims, node) {
		if (claim == vmbus_fb || claim->res.start != start ||
		    claim->res.end != end)
			continue;
		vmbus_unclaim(claim);
		break;
	}
	/* Without a claim it came from that of the frame buffer. */
	release_mem_region(start, size);

	mutex_unlock(&vmbus_mmio_lock);
}
