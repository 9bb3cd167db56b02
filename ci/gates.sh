# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What ci/gates uses to configure and build small kernels, and to tell our
# warnings from those of the rest of the kernel. Sourced, not run.

looked_at() {
	[ "$1" -gt 0 ] || die "looked at 0 $2: nothing was checked"
}

# checkpatch_ended STATUS OUTPUT: there are findings, and it says so, or none.
checkpatch_ended() {
	if [ "$1" = 0 ]; then
		[ ! -s "$2" ]
	else
		[ "$1" = 1 ] && [ -s "$2" ] &&
			! grep -qvE '^[^:]+:[0-9]+: (ERROR|WARNING|CHECK):' "$2"
	fi
}

# dictionary_for PATCH DICTIONARY: its lines about words that are in the patch. To
# look for all others takes checkpatch four fifths of its time.
dictionary_for() {
	tr -c "A-Za-z0-9_'\`-" '\n' <"$1" | awk -F'->' '
		NR == FNR { word[tolower($0)] = 1; next }
		tolower($1) in word || $1 ~ /[^A-Za-z0-9_'"'"'`-]/' - "$2"
}

# kmake DIR ARCH ARGS...: the kernel's make, out of tree.
kmake() {
	local dir=$1 arch=$2 cross='' cc

	shift 2
	[ "$arch" != arm64 ] || cross=aarch64-linux-gnu-
	cc=$(cc_wrap "${cross}gcc")
	nice -n 19 make -C "$TREE" -j"$JOBS" O="$dir" ARCH="$arch" \
		CROSS_COMPILE="$cross" CC="$cc" "$@" </dev/null
}

# KUnit options named by our .kunitconfig files, as modules.
kunit_options() {
	find "$TOP/kunit" -name '.kunitconfig' -exec \
		sed -n 's/^\(CONFIG_.*KUNIT_TEST\)=y$/\1=m/p' {} + | sort -u
}

# refused DIR: the symbols that a build is about, Hyper-V's and PREEMPT_RT, which
# Kconfig did not take as the fragments have them last, without those that this
# prefix of the series does not have yet.
refused() {
	local s value

	awk -F= '/^CONFIG_[A-Z0-9_]*(HYPERV|_HV_|PREEMPT_RT)/ { last[$1] = $2 }
		END { for (s in last) print s, last[s] }' "$1/fragment.new" |
		sort | while read -r s value; do
		grep -qx "$s=$value" "$1/.config" ||
			! grep -rqE "^(menu)?config ${s#CONFIG_}\$" "$TREE" \
				--include='Kconfig*' || echo "$s=$value"
	done
}

# configure DIR ARCH FRAGMENT...: everything off but what the fragments say.
configure() {
	local dir=$1 arch=$2 f

	shift 2
	mkdir -p "$dir"
	for f in "$@"; do
		cat "$TOP/ci/gates.d/$f.config"
	done >"$dir/fragment.new"
	kunit_options >>"$dir/fragment.new"
	if [ -f "$dir/.config" ] && cmp -s "$dir/fragment" "$dir/fragment.new" &&
	   [ "$(cat "$dir/made-from" 2>/dev/null)" = "$TREE" ]; then
		kmake "$dir" "$arch" olddefconfig >"$LOGS/gate-config.log" 2>&1
		return
	fi
	rm -f "$dir/.config"
	KCONFIG_ALLCONFIG=$dir/fragment.new kmake "$dir" "$arch" allnoconfig \
		>"$LOGS/gate-config.log" 2>&1 ||
		die "cannot configure $dir: see $LOGS/gate-config.log"
	f=$(refused "$dir")
	[ -z "$f" ] || die "the config in $dir does not take" "$f" \
		"- its fragments do not meet the dependencies"
	mv "$dir/fragment.new" "$dir/fragment"
	echo "$TREE" >"$dir/made-from"
}

# The folders that hold new or edited C files, as make targets.
touched_folders() {
	local src=${1:-$TREE} d

	for d in drivers/hv/ drivers/net/hyperv/ drivers/scsi/storvsc/; do
		[ ! -d "$src/$d" ] || echo "$d"
	done
}

# Our C files below drivers/, without those that an architecture owns.
our_objects() {
	"$TOP/ci/stack" new-files | sed -n 's/^\(drivers\/.*\)\.c$/\1.o/p'
}

# drop_ours DIR: a warning only shows when a file is compiled, so they all are.
drop_ours() {
	(cd "$1" && our_objects | xargs -r rm -f)
}

# built_all DIR: every .c file of ours has been compiled there, but for those
# that gates.d/NAME.absent lists.
built_all() {
	local o lost=() n=0 absent

	absent=$TOP/ci/gates.d/$(basename "$1").absent
	for o in $(our_objects); do
		n=$((n + 1))
		[ -f "$1/$o" ] || {
			[ -f "$absent" ] && grep -qx "$o" "$absent"
		} || lost+=("$o")
	done
	looked_at "$n" "objects of ours"
	[ ${#lost[@]} = 0 ] && return
	say "not built in $(basename "$1"): ${lost[*]}"
	return 1
}

# all_there DIR TARGET...: each object, and one at least of each folder.
all_there() {
	local dir=$1 t lost=()

	shift
	for t in "$@"; do
		case $t in
		*/) compgen -G "$dir/$t*.o" >/dev/null ;;
		*)  [ -f "$dir/$t" ] ;;
		esac || lost+=("$t")
	done
	[ ${#lost[@]} = 0 ] && return
	say "not built in $(basename "$dir"): ${lost[*]}"
	return 1
}

# What has no line about its license: letters, fuzzers' data, and what has the
# form that the kernel has for it.
UNLICENSED='^(COPYING|\.gitignore|kunit/.*/\.kunitconfig)$'
UNLICENSED+='|^(LICENSES|patches|cover|Documentation/ABI/testing)/'
UNLICENSED+='|^ci/user/fuzz/corpus/'

# all_licensed: every other file in the repository says its license.
all_licensed() {
	local files n

	files=$(git -C "$TOP" ls-files | grep -vE "$UNLICENSED") || true
	n=$(grep -c . <<<"$files") || true
	looked_at "$n" "files"
	files=$(cd "$TOP" && xargs -d '\n' grep -L 'SPDX-License-Identifier: ' \
		2>&1 <<<"$files") || true
	[ -z "$files" ] || {
		say "no SPDX-License-Identifier in:" "$files"
		return 1
	}
	say "SPDX: $n files"
}

# built_patch NAME DIR...: each .c file the patch adds was built in one of DIR.
built_patch() {
	local name=$1 o d found

	shift
	for o in $("$TOP/ci/stack" files "$name" |
		sed -n 's/^ *new *\(drivers\/.*\)\.c$/\1.o/p'); do
		found=0
		for d in "$@"; do
			[ ! -f "$d/$o" ] || found=1
		done
		[ $found = 1 ] || { say "$name: $o was not built"; return 1; }
	done
}

no_modpost_warning() {
	local out

	out=$(grep -E '(WARNING|ERROR): modpost:' "$1" | head -n 10) || true
	[ -n "$out" ] || return 0
	say "modpost complains:"
	printf '%s\n' "$out"
	return 1
}

# An empty line would waive everything.
warning_waivers() {
	sed 's/  .*//; /^[[:space:]]*\(#\|$\)/d' "$TOP/ci/warning.waivers"
}

# no_warning_of_ours LOG WHAT: no compiler or sparse line names a file of ours,
# but for the texts in ci/warning.waivers.
no_warning_of_ours() {
	local out names

	names=$(mktemp)
	"$TOP/ci/stack" new-files | grep '\.[ch]$' >"$names" || true
	out=$(grep -E ':[0-9]+:([0-9]+:)? (warning|error)' "$1" |
		grep -F -f "$names" | grep -v -F -f <(warning_waivers) |
		sort -u | head -n 40) || true
	looked_at "$(wc -l <"$names")" "files of ours"
	rm -f "$names"
	[ -n "$out" ] || return 0
	say "$2 complains about our files:"
	printf '%s\n' "$out"
	return 1
}
