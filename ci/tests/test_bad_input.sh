#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: ci/tests/test_bad_input.sh
#
# What can go wrong on a user's machine, against ci/base, ci/tree and ci/kernel
# with a toy kernel: each case must end with one clear line, a non-zero code, and
# nothing half done.
# Needs no network; the full disk is a small tmpfs (as root only).
set -uo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
WORK=$(mktemp -d)
FULL=$WORK/full
PASS=0 FAIL=0
trap 'umount "$FULL" 2>/dev/null; rm -rf "$WORK"' EXIT
unset KERNEL_TREE BUILD LOGS FORCE

# A kernel of two files, its tarball, and pins that name it.
make_fixture() {
	local src=$WORK/linux-6.12.107

	mkdir -p "$src/drivers/hv"
	printf 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 107\nEXTRAVERSION =\n' \
		>"$src/Makefile"
	echo 'int hv;' >"$src/drivers/hv/hv.c"
	# Does not compress, so that a small disk is full before it is done.
	head -c 3000000 /dev/urandom >"$src/drivers/hv/big.bin"
	(cd "$src" && sha256sum Makefile drivers/hv/hv.c) >"$WORK/hashes"
	mkdir "$WORK/web"
	tar -C "$WORK" -cJf "$WORK/web/linux-6.12.107.tar.xz" linux-6.12.107
	(cd "$WORK/web" && sha256sum ./*.xz | sed 's# \./# #') \
		>"$WORK/web/sha256sums.asc"
	sed -i 's#  *#  #' "$WORK/web/sha256sums.asc"
}

# pins URL HASHES: a pins file for ci/base.
pins() {
	cat >"$WORK/pins" <<-END
		BASE_URL=$1/linux-6.12.107.tar.xz
		BASE_HASHES=$2
		BASE_APT_SOURCES='deb-src file:$WORK/none trixie main'
		CI_TEST_FREE_MB=\${CI_TEST_FREE_MB:-99999}
	END
}

# run_base BUILD [VAR=VALUE...]: ci/base; its output in $WORK/out.
run_base() {
	local build=$1

	shift
	env "$@" BUILD="$build" CI_TEST_PINS="$WORK/pins" "$TOP/ci/base" \
		>"$WORK/out" 2>&1
}

verdict() {
	if [ "$1" = ok ]; then
		PASS=$((PASS + 1))
		echo "ok: $2"
	else
		FAIL=$((FAIL + 1))
		echo "FAILED: $2: $1"
		sed 's/^/    /' "$WORK/out"
	fi
}

# refuses NAME BUILD PATTERN CODE: the last run failed, as it should.
refuses() {
	local name=$1 build=$2 pattern=$3 code=$4 why=ok left

	left=$(find "$build" -maxdepth 1 \( -name '.base.*' -type d -o \
		-name base \) 2>/dev/null)
	[ "$code" != 0 ] || why='exit code 0'
	tail -n 1 "$WORK/out" | grep -qE "$pattern" || why="no '$pattern'"
	[ "$(grep -c '^base: .*: ' "$WORK/out")" -le 2 ] || why='many lines'
	! grep -qiE 'traceback|line [0-9]+:' "$WORK/out" || why='a tool spoke'
	[ -z "$left" ] || why="left behind: $left"
	verdict "$why" "$name"
}

# says NAME PATTERN CODE [LINES]: the last run failed, with one line (or as many
# as LINES) that matches.
says() {
	local why=ok

	[ "$3" != 0 ] || why='exit code 0'
	tail -n 1 "$WORK/out" | grep -qE "$2" || why="no '$2'"
	[ "$(wc -l <"$WORK/out")" -le "${4:-1}" ] || why='many lines'
	verdict "$why" "$1"
}

# run_kernel BUILD GOAL [VAR=VALUE...]: ci/kernel with a source whose build is
# GOAL, a line of shell; its output in $WORK/out.
run_kernel() {
	local build=$1 toy=$WORK/toy

	mkdir -p "$toy"
	touch "$toy/Kbuild"
	# shellcheck disable=SC2016
	printf '%s:\n\t@%s\n' allnoconfig 'cp $(KCONFIG_ALLCONFIG) $(O)/.config' \
		olddefconfig : modules : bzImage "$2" >"$toy/Makefile"
	shift 2
	env "$@" BUILD="$build" CI_TEST_PINS="$WORK/pins" KERNEL_SRC="$toy" \
		"$TOP/ci/kernel" build lean new >"$WORK/out" 2>&1
}

# Behind case_good, which leaves a base.
case_too_little_room() {
	local full='disk full: 100 MiB free under .* needed: free some space or'

	run_base "$WORK/b-room" CI_TEST_FREE_MB=100
	says 'too little room for a base' "base: $full" $?
	env BUILD="$WORK/b-good" CI_TEST_PINS="$WORK/pins" CI_TEST_FREE_MB=100 \
		"$TOP/ci/tree" >"$WORK/out" 2>&1
	says 'too little room for a tree' "tree: $full" $?
	run_kernel "$WORK/b-room" : CI_TEST_FREE_MB=100
	says 'too little room for a kernel' "kernel: $full" $?
	[ ! -e "$WORK/b-good/tree" ] && [ ! -e "$WORK/b-room/kernels" ] &&
		verdict ok 'and nothing was begun' ||
		verdict 'left behind' 'and nothing was begun'
}

case_kernel() {
	run_kernel "$WORK/b-kernel" 'echo "as: a.o: No space left on device"; false'
	says 'a build that finds its disk full' 'kernel: disk full: ' $? 2
	run_kernel "$WORK/b-kernel" 'echo "a.c:1: error: no"; false'
	says 'a build that fails shows why and where' \
		'kernel: build of lean-new failed, see .*lean-new.log' $? 4
	grep -q '^[0-9]*:a.c:1: error: no' "$WORK/out" &&
		verdict ok 'with the line of the compiler' ||
		verdict 'not there' 'with the line of the compiler'
}

case_good() {
	pins "file://$WORK/web" "$WORK/hashes"
	if run_base "$WORK/b-good" &&
	   [ -f "$WORK/b-good/base/drivers/hv/hv.c" ]; then
		verdict ok 'a good tarball is taken'
	else
		verdict 'ci/base failed' 'a good tarball is taken'
	fi
	run_base "$WORK/b-good" && [ ! -s "$WORK/out" ] &&
		verdict ok 'a second run has nothing to do' ||
		verdict 'not silent' 'a second run has nothing to do'
}

case_drift() {
	sed 's/^..../0000/' "$WORK/hashes" >"$WORK/drifted"
	pins "file://$WORK/web" "$WORK/drifted"
	run_base "$WORK/b-drift"
	refuses 'a drifted base is named file by file' "$WORK/b-drift" \
		'differs .* Makefile drivers/hv/hv.c ' $?
	echo 'int edited;' >>"$WORK/b-good/base/drivers/hv/hv.c"
	pins "file://$WORK/web" "$WORK/hashes"
	run_base "$WORK/b-good" && verdict 'accepted' 'an edited build/base' || {
		grep -q 'differs .* drivers/hv/hv.c ' "$WORK/out" &&
			verdict ok 'an edited build/base is noticed' ||
			verdict 'wrong line' 'an edited build/base is noticed'
	}
}

case_network() {
	# Nothing listens on the discard port of the loopback address.
	pins http://127.0.0.1:9 "$WORK/hashes"
	run_base "$WORK/b-net"
	refuses 'an unreachable mirror' "$WORK/b-net" \
		'no source of Linux .* KERNEL_TREE=DIR' $?
	cp -r "$WORK/web" "$WORK/badweb"
	echo x >>"$WORK/badweb/linux-6.12.107.tar.xz"
	pins "file://$WORK/badweb" "$WORK/hashes"
	run_base "$WORK/b-sum"
	refuses 'a wrong hash' "$WORK/b-sum" 'has SHA-256 .* expected' $?
	head -c 100000 "$WORK/web/linux-6.12.107.tar.xz" \
		>"$WORK/badweb/linux-6.12.107.tar.xz"
	(cd "$WORK/badweb" && sha256sum linux-6.12.107.tar.xz >sha256sums.asc)
	run_base "$WORK/b-cut"
	refuses 'a cut-off tarball' "$WORK/b-cut" 'extracting' $?
}

case_full_disk() {
	mkdir "$FULL"
	if ! mount -t tmpfs -o size=2m tmpfs "$FULL" 2>/dev/null; then
		echo "not run: a full disk (needs root to mount a tmpfs)"
		return
	fi
	pins "file://$WORK/web" "$WORK/hashes"
	run_base "$FULL/b"
	refuses 'a disk that fills up in the download' "$FULL/b" 'disk full' $?
	mount -o remount,size=5m "$FULL"
	run_base "$FULL/b"
	refuses 'a disk that fills up in the extraction' "$FULL/b" 'disk full' $?
	rm -rf "$FULL/b"
	mount -o remount,size=2m "$FULL"
	run_base "$FULL/b" KERNEL_TREE="$WORK/linux-6.12.107"
	refuses 'a disk that fills up in a copy' "$FULL/b" 'disk full' $?
	rm -rf "$FULL/b"
	mount -o remount,size=20m "$FULL"
	# shellcheck disable=SC2016
	run_kernel "$FULL/b" 'head -c 30000000 /dev/zero >$(O)/vmlinux'
	says 'a disk that fills up in a build' 'kernel: disk full: 0 MiB' $? 2
}

case_tree() {
	local t=$WORK/t

	pins "file://$WORK/web" "$WORK/hashes"
	run_base "$WORK/b-t" KERNEL_TREE="$WORK/nowhere"
	refuses 'KERNEL_TREE that is no tree' "$WORK/b-t" 'not a kernel tree' $?
	cp -r "$WORK/linux-6.12.107" "$t"
	sed -i 's/107/99/' "$t/Makefile"
	run_base "$WORK/b-t" KERNEL_TREE="$t"
	refuses 'KERNEL_TREE of another version' "$WORK/b-t" \
		'is Linux 6.12.99, the series needs 6.12.107' $?
	sed -i 's/99/107/' "$t/Makefile"
	: >"$t/.config"
	run_base "$WORK/b-t" KERNEL_TREE="$t"
	refuses 'KERNEL_TREE that was built in' "$WORK/b-t" 'make mrproper' $?
	rm "$t/.config"
	git -C "$t" init -q
	git -C "$t" add -A
	git -C "$t" -c user.name=t -c user.email=t@example.invalid \
		commit -q -m base
	echo 'int dirty;' >>"$t/drivers/hv/hv.c"
	run_base "$WORK/b-t" KERNEL_TREE="$t"
	refuses 'KERNEL_TREE with uncommitted changes' "$WORK/b-t" \
		'has uncommitted changes' $?
	git -C "$t" checkout -q drivers
	run_base "$WORK/b-t" KERNEL_TREE="$t" && [ ! -e "$WORK/b-t/base/.git" ] &&
		verdict ok 'a clean git tree is taken' ||
		verdict 'refused' 'a clean git tree is taken'
	[ -z "$(git -C "$t" status --porcelain)" ] &&
		verdict ok 'and left alone' || verdict 'changed' 'and left alone'
}

case_arguments() {
	local cmd

	for cmd in base tree stack clean gates kunit check packages; do
		"$TOP/ci/$cmd" --no-such-thing >"$WORK/out" 2>&1 &&
			verdict accepted "ci/$cmd refuses an unknown argument" ||
			verdict ok "ci/$cmd refuses an unknown argument"
		"$TOP/ci/$cmd" --help >"$WORK/out" 2>&1 &&
			grep -q '^usage: .*ci/' "$WORK/out" &&
			verdict ok "ci/$cmd --help" ||
			verdict 'no usage' "ci/$cmd --help"
	done
	make -C "$TOP" scenario >"$WORK/out" 2>&1 &&
		verdict accepted 'make scenario without S=' ||
		verdict ok 'make scenario without S='
}

# A tool that is not installed, as someone who cannot install it.
case_missing_tool() {
	local out

	out=$(cd "$TOP" && bash -c '. ci/lib.sh; id() { echo 1000; }
		need_packages no-such-package-xyz' 2>&1) && out="accepted: $out"
	grep -q 'run: sudo apt-get .*install -y no-such-package-xyz' <<<"$out" &&
		verdict ok 'a missing package is named with its command' ||
		{ echo "$out" >"$WORK/out"
		  verdict 'unclear' 'a missing package is named'; }
}

make_fixture
case_good
case_too_little_room
case_drift
case_network
case_full_disk
case_kernel
case_tree
case_arguments
case_missing_tool
echo "$PASS passed, $FAIL failed"
[ "$FAIL" = 0 ]
