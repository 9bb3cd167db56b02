# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the shell commands under ci/: where things are, how to say what
# went wrong in one line, and which packages each job needs. Sourced, not run.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
LOGS=${LOGS:-$BUILD/logs}
CI_NAME=${CI_NAME:-${0##*/}}
JOBS=${JOBS:-$(nproc)}
export TOP BUILD LOGS JOBS

# The pinned base. CI_TEST_PINS lets the tests of these very tools point at a
# small fixture instead of the kernel; nothing else sets it.
BASE_VERSION=6.12.107
BASE_SHA256=efc76d3c78a5d65f42724118c437d11db1c9f6309a5f024ee9a8b1978fdc6919
BASE_URL=https://cdn.kernel.org/pub/linux/kernel/v6.x/linux-$BASE_VERSION.tar.xz
BASE_SUITE=trixie
BASE_HASHES=$TOP/ci/base.hashes
# shellcheck disable=SC2034
BASE_APT_SOURCES=
if [ -n "${CI_TEST_PINS:-}" ]; then
	# shellcheck source=/dev/null
	. "$CI_TEST_PINS"
fi
BASE=$BUILD/base
TREE=$BUILD/tree
export BASE_VERSION BASE_SHA256 BASE_URL BASE_SUITE BASE_HASHES BASE TREE

# say TEXT: progress, for a person.
say() { printf '%s: %s\n' "$CI_NAME" "$*"; }

# die TEXT: one line that says what is wrong and what to do.
die() { printf '%s: %s\n' "$CI_NAME" "$*" >&2; exit 1; }

# usage_of FILE: prints the comment block at the top of a command as its help.
usage_of() {
	awk 'NR == 1 || /SPDX/ { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' \
		"$1"
}

have() { command -v "$1" >/dev/null 2>&1; }

# free_mb DIR: free space of the nearest existing folder, in MiB.
free_mb() {
	local d=$1

	while [ ! -e "$d" ]; do
		d=$(dirname "$d")
	done
	df -Pm "$d" | awk 'NR == 2 { print $4 }'
}

# need_space MIB: so much room is left for what a command is about to make. Only
# the tests of these tools set CI_TEST_FREE_MB.
need_space() {
	local free

	free=${CI_TEST_FREE_MB:-$(free_mb "$BUILD")}
	[ "$free" -ge "$1" ] ||
		die "disk full: $free MiB free under $BUILD, $1 MiB needed:" \
		    "free some space or set BUILD=DIR"
}

# disk_is_full LOG: is that why the command failed that LOG is of? What has no
# room left may have had none for saying so.
disk_is_full() {
	grep -qs 'No space left\|Disk quota exceeded' "$1" ||
		[ "$(free_mb "$BUILD")" -lt 8 ]
}

# fail LOG TEXT: dies with TEXT, or with a full disk when that is the cause.
fail() {
	local log=$1 tmp=${TMPDIR:-/tmp}

	shift
	! disk_is_full "$log" ||
		die "disk full: $(free_mb "$BUILD") MiB free under $BUILD," \
		    "$(free_mb "$tmp") MiB under $tmp: free some space, or" \
		    "set BUILD=DIR or TMPDIR=DIR"
	die "$@"
}

# The kernel's scripts are picky about these. ARCH is ours here: commands that
# take it read CI_ARCH, and the kernel's make must not see it by accident.
ci_environment() {
	export LC_ALL=C.UTF-8 TZ=UTC
	export KBUILD_BUILD_USER=builder KBUILD_BUILD_HOST=localhost
	export KBUILD_BUILD_TIMESTAMP='2026-01-01 00:00:00 UTC'
	unset MAKEFLAGS MFLAGS MAKELEVEL GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
	CI_ARCH=${ARCH:-${CI_ARCH:-}}
	unset ARCH CROSS_COMPILE CDPATH GREP_OPTIONS PYTHONPATH
}

ci_environment

# packages_of GROUP: the Debian packages that a job needs.
packages_of() {
	case $1 in
	base)	echo ca-certificates curl xz-utils tar python3 coreutils ;;
	tree)	echo git python3 ;;
	stack)	echo git python3 quilt patch ;;
	kernel)	echo gcc make bc bison flex libelf-dev libssl-dev libc6-dev \
		    kmod cpio rsync perl python3 xz-utils ccache ;;
	uml)	packages_of kernel ;;
	kunit-x86_64)
		packages_of kernel
		echo qemu-system-x86 ;;
	kunit-s390)
		packages_of kernel
		echo gcc-s390x-linux-gnu libc6-dev-s390x-cross \
		    qemu-system-misc ;;
	gates)	packages_of kernel
		echo git sparse codespell shellcheck ;;
	arches)	packages_of kernel
		echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
	user)	echo gcc clang llvm libc6-dev make python3 ;;
	hvhost)	echo gcc make libc6-dev linux-libc-dev acpica-tools ;;
	hvhost-check)
		packages_of hvhost
		echo binutils clang groff-base libclang-rt-dev libcmocka-dev \
		    python3 ;;
	*)	return 1 ;;
	esac
}

have_package() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# need_packages GROUP-OR-PACKAGE...: installs what is missing when we are root
# on a machine with apt, else says the one line to run.
need_packages() {
	local g p list missing=()

	have dpkg-query || return 0
	for g in "$@"; do
		list=$(packages_of "$g") || list=$g
		for p in $list; do
			have_package "$p" || missing+=("$p")
		done
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
	if [ "$(id -u)" != 0 ] || ! have apt-get; then
		die "missing packages, run: sudo apt-get update &&" \
		    "sudo apt-get install -y ${missing[*]}"
	fi
	apt_install "${missing[@]}"
}

apt_install() {
	local log=$LOGS/packages.log opts

	opts=(-q -o DPkg::Lock::Timeout=600 -o APT::Install-Recommends=false)
	mkdir -p "$LOGS"
	say "installing: $*"
	(
		flock 9
		export DEBIAN_FRONTEND=noninteractive
		apt-get "${opts[@]}" update &&
			apt-get "${opts[@]}" install -y "$@"
	) >>"$log" 2>&1 </dev/null 9>"$BUILD/.apt.lock" ||
		die "could not install $*: see $log, or install them by hand"
}

# cc_wrap COMPILER: the compiler, behind ccache when there is one.
cc_wrap() {
	if have ccache; then
		echo "ccache $1"
	else
		echo "$1"
	fi
}

# clients_of CONFIG: make's targets for what sits on VMBus, is not ours and is set
# in that .config: it must build and load on either implementation.
clients_of() {
	local option target

	while read -r option target; do
		! grep -q "^CONFIG_$option=[ym]" "$1" || echo "$target"
	done <<-end
		HID_HYPERV_MOUSE drivers/hid/hid-hyperv.o
		HYPERV_KEYBOARD drivers/input/serio/hyperv-keyboard.o
		DRM_HYPERV drivers/gpu/drm/hyperv/
		FB_HYPERV drivers/video/fbdev/hyperv_fb.o
		PCI_HYPERV drivers/pci/controller/pci-hyperv.o
		PCI_HYPERV_INTERFACE drivers/pci/controller/pci-hyperv-intf.o
		HYPERV_VSOCKETS net/vmw_vsock/hyperv_transport.o
		UIO_HV_GENERIC drivers/uio/uio_hv_generic.o
	end
}

# build_lock NAME: this and every other command that changes NAME take turns.
build_lock() {
	mkdir -p "$BUILD"
	exec {CI_LOCK_FD}>"$BUILD/.$1.lock"
	if ! flock -n "$CI_LOCK_FD"; then
		say "waiting for another command that is changing $1"
		flock "$CI_LOCK_FD"
	fi
}
