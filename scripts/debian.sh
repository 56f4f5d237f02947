# shellcheck shell=bash
# Debian's packages by way of this machine's own apt: where its archive is, how it is reached, and whole file systems
# made from it. Sourced after lib.sh.

# Where this machine gets Debian's packages from: "main URI" and, where it has one, "security URI".
debian_archive() {
  local label
  case $1 in main) label=Debian ;; security) label=Debian-Security ;; esac
  # shellcheck disable=SC2016  # apt expands these
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    awk -F'|' -v label="$label" '$1 == "Debian" && $2 == label && $3 == "main" { sub(/\/$/, "", $4); print $4; exit }'
}

has_debian_archive() {
  [ -n "$(debian_archive main)" ] || apt_update
  [ -n "$(debian_archive main)" ]
}

need_debian_archive() {
  has_debian_archive || die 3 "this machine's apt has no Debian archive, which stand-ins are built from" \
    'on Ubuntu and others: make Docker Hub reachable for your engine, or bring the images by docker save and docker load'
}

# How this machine's apt reaches its archives (proxy, certificates, clock): one "Name "value";" a line.
apt_acquire_settings() {
  apt-config dump --format '%F "%v";%n' |
    grep -E '^Acquire::(https?::|ftp::|Retries|Check-Valid-Until|Check-Date|ForceIPv[46]|Proxy|AllowInsecure)' |
    grep -v '""' || true
}

# fetch_package NAME DIR: unpacks a package of this machine's own release, without installing it.
fetch_package() {
  local work
  temp_dir work
  apt_knows "$1" || apt_update
  (cd "$work" && apt-get download -qq "$1" >/dev/null 2>&1 && dpkg-deb -x ./*.deb "$2") ||
    die 3 "apt-get download $1 failed" "try it by hand, then run this again"
  rm -rf "$work"
}

# A directory in memory, with a gigabyte to spare, in which programs may run and devices work.
is_roomy_memory() {
  local options free
  options=$(findmnt -n -o FSTYPE,OPTIONS --mountpoint "$1" 2>/dev/null) || return 1
  free=$(df --output=avail -k "$1" | tail -n 1)
  [[ $options == tmpfs* && $options != *noexec* && $options != *nodev* ]] && [ "$free" -gt 1000000 ] && [ -w "$1" ]
}

# bootstrap SUITE TARGET OPTION… -- SOURCE…: mmdebstrap's smallest system of that suite, a tar or a directory.
bootstrap() {
  local suite=$1 target=$2 line log work=${TMPDIR:-/tmp}
  local -a options=() as=()
  shift 2
  while [ "$1" != -- ]; do options+=("$1") && shift; done
  shift
  while read -r line; do options+=(--aptopt="$line"); done < <(apt_acquire_settings)
  temp_dir log
  say "making a Debian $suite file system (mmdebstrap)"
  # In memory where that is possible: unpacking is most of the work.
  if [[ $target == *.tar ]] && is_roomy_memory /dev/shm; then work=/dev/shm; fi
  # A tar can be made without root (user namespaces); a directory is to keep its owners.
  if [[ $target != *.tar ]] && ! is_root; then as=(sudo --); fi
  ${as[@]+"${as[@]}"} env TMPDIR="$work" mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io \
    "${options[@]}" "$suite" "$target" "$@" >"$log/log" 2>&1 || {
    tail -n 15 "$log/log" >&2
    die 3 "mmdebstrap could not make a Debian $suite file system" 'is the disk full? does apt-get update work?'
  }
}
