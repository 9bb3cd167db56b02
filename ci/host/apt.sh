# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Debian packages without installing them: an apt with a state of its own, which
# knows the mirrors that the machine's own apt knows. Sourced after ci/lib.sh,
# with APT set to a folder that the caller removes in the end, and perhaps
# APT_ARCHITECTURES to a list with commas.

private_apt() {
	local tool=$1

	shift
	"$tool" -q -o Dir::State="$APT/state" -o Dir::Cache="$APT/cache" \
		-o Dir::State::status="$APT/status" \
		-o Dir::Etc::SourceList="$APT/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		-o APT::Install-Recommends=false -o APT::Sandbox::User= \
		-o APT::Architectures="${APT_ARCHITECTURES:-amd64}" \
		-o Acquire::Retries=3 "$@"
}

# The release that this machine runs.
machine_codename() {
	# shellcheck source=/dev/null
	. /etc/os-release && echo "${VERSION_CODENAME:-}"
}

# write_sources SUITE...: these suites, from the mirror of the machine's release.
write_sources() {
	local site suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg

	[ -e "$keyring" ] || die "no $keyring: install debian-archive-keyring"
	site=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(SITE)' |
		awk -v r="$(machine_codename)" \
			'$1 == r && $2 == "main" { print $3; exit }')
	[ -n "$site" ] || die "apt knows no mirror for $(machine_codename): add" \
		"one to /etc/apt/sources.list and run apt-get update"
	mkdir -p "$APT/state/lists/partial" "$APT/cache/archives/partial"
	: >"$APT/status"
	for suite in "$@"; do
		echo "deb [signed-by=$keyring] $site $suite main"
	done >"$APT/sources.list"
}

# why_of LOG: the first reason that apt gave.
why_of() {
	grep -m 1 -E '^(E:|no package)' "$1" || echo 'no reason given'
}
