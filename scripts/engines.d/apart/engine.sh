# shellcheck shell=bash
# An engine beside the first, for testing: a newer Docker Engine out of Debian packages, with either image store, or
# Podman. It lives in a root, a mount and a network namespace of its own (two engines in one network would fight over
# its bridge), and is reached by a unix socket. Its way out to a network is slirp4netns, which changes nothing of the
# machine's own network; its base images are carried over from the first engine. Published ports exist in its namespace
# only: `exec` runs a command there.
#
# Sourced by the files of engines.d, which say what differs:
#   suite    Debian's release whose packages it is made of
#   root_of  the engine whose root it uses: engines of the same packages share one
#   program  dockerd or podman
#   store    containerd, overlay2, or Podman's overlay

# shellcheck source=../../debian.sh
. "${scripts_dir:?set by lib.sh}/debian.sh"

: "${name:?set by scripts/engine}" "${engine_dir:?set by scripts/engine}" "${engines_dir:?set by scripts/engine}"
: "${suite:?}" "${root_of:?}" "${program:?}" "${store:?}"
root=$engines_dir/$root_of/root
socket=$engine_dir/docker.sock
launched_file=$engine_dir/launched.pid
log_file=$engine_dir/$program.log
host=unix://$socket
network_pid_file=$engine_dir/slirp4netns.pid
network_log=$engine_dir/slirp4netns.log
inside=$scripts_dir/engines.d/apart/inside

our_pid() {
  local pid
  pid=$(pid_in "$launched_file")
  [ -n "$pid" ] && process_is "$pid" "$program" "$host" && printf '%s\n' "$pid"
}

need_our_pid() {
  our_pid || die 3 "the engine $name does not run" "scripts/engine start $name"
}

# ---- start ---------------------------------------------------------------------------------

engine_start() {
  has_apt || die 3 "the engine $name is made of Debian packages, and there is no apt here"
  need_root "the engine $name (a root of its own, namespaces)"
  if [ "${DOCKER_HOST:-}" = "$host" ]; then unset DOCKER_HOST; fi # where the images come from is the first engine
  if our_pid >/dev/null && socket_answers "$socket"; then
    say "the engine $name runs already"
  else
    make_root
    start_program
  fi
  give_network
  describe
  carry_images
  printf 'DOCKER_HOST=%s\n' "$host"
}

packages() {
  case $program in
    dockerd) printf 'docker.io,docker-cli,docker-buildx,iptables,iproute2,ca-certificates' ;;
    podman) printf 'podman,runc,netavark,aardvark-dns,docker-cli,iptables,nftables,iproute2,ca-certificates' ;;
  esac
}

make_root() {
  local work main
  [ ! -d "$root" ] || return 0
  apt_install mmdebstrap ca-certificates curl
  need_debian_archive
  main=$(debian_archive main)
  as_root mkdir -p "$(dirname "$root")"
  # Left over from a run that was killed.
  as_root rm -rf "$root".new.*
  work=$root.new.$$
  temp_paths+=("$work")
  # shellcheck disable=SC2016  # mmdebstrap's shell expands it
  bootstrap "$suite" "$work" \
    --include="$(packages)" --aptopt='Apt::Install-Recommends "false"' \
    --setup-hook='mkdir -p "$1/usr/sbin"; printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod 755 "$1/usr/sbin/policy-rc.d"' \
    -- "deb $main $suite main"
  as_root mv -T "$work" "$root"
}

start_program() {
  local started
  started=$(now)
  as_root mkdir -p "$engine_dir"
  # Nothing of ours runs (engine_start looked): what a kill -9 or a reboot left is void.
  as_root rm -f "$socket" "$engine_dir/dockerd.pid"
  take_network_away
  say "starting $program ($name, data and log under $engine_dir)"
  launch "$log_file" "$launched_file" \
    unshare --mount --net --propagation private sh "$inside" "$program" "$root" "$engine_dir" "$store"
  wait_until 60 answers_or_died || give_up "$program did not answer within 60 s"
  socket_answers "$socket" || give_up "$program ended while it was starting"
  say "$program answers after $(since "$started") s"
}

# Builds that install packages need a way out. Without one the engine is of use all the same.
give_network() {
  local pid
  if network_pid >/dev/null; then return; fi
  have slirp4netns || apt_install slirp4netns
  if [ ! -e /dev/net/tun ] || ! have slirp4netns; then
    note 'no slirp4netns or no /dev/net/tun: builds in this engine have no network'
    return
  fi
  pid=$(our_pid)
  launch "$network_log" "$network_pid_file" slirp4netns --configure --mtu=1400 --disable-host-loopback "$pid" tap0
  wait_until 10 has_network "$pid" || note "builds in this engine have no network: read $network_log"
}

network_pid() {
  local pid
  pid=$(pid_in "$network_pid_file")
  [ -n "$pid" ] && process_is "$pid" slirp4netns " $(our_pid) " && printf '%s\n' "$pid"
}

has_network() { as_root nsenter --net="/proc/$1/ns/net" ip route show default 2>/dev/null | grep -q tap0; }

# The one of an engine that is gone would go on.
take_network_away() {
  local pid
  pid=$(pid_in "$network_pid_file")
  if [ -n "$pid" ] && process_is "$pid" slirp4netns tap0; then as_root kill "$pid" 2>/dev/null || true; fi
  as_root rm -f "$network_pid_file"
}

answers_or_died() { socket_answers "$socket" || process_gone "$(pid_in "$launched_file")"; }

give_up() {
  say "the end of $log_file:" >&2
  as_root tail -n 15 "$log_file" >&2 || true
  die 3 "$1" "read $log_file" "to make it afresh: scripts/engine remove $name, start it again"
}

describe() {
  local docker what='Docker Engine'
  docker_command
  if [ "$program" = podman ]; then what='Podman'; fi
  note "$what $(DOCKER_HOST=$host "${docker[@]}" version -f '{{.Server.Version}} (API {{.Server.APIVersion}}, {{.Server.Os}}/{{.Server.Arch}})') at $host"
  note "image store: $(DOCKER_HOST=$host "${docker[@]}" info -f '{{.Driver}}, cgroup v{{.CgroupVersion}}' 2>/dev/null)"
  note "its own client: scripts/engine cli $name -- version"
}

# ---- base images -----------------------------------------------------------------------------

carry_images() {
  local image
  local -a docker missing=()
  engine_answer >/dev/null || "$scripts_dir/engine" start debian
  "$scripts_dir/images" || exit $?
  docker_command
  for image in $("$scripts_dir/images" --list | awk '{ print $1 }'); do
    if [ -n "$(layers_of "$image")" ] && [ "$(layers_of "$image")" != "$(DOCKER_HOST=$host layers_of "$image")" ]; then missing+=("$image"); fi
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "carrying over ${missing[*]}"
  "${docker[@]}" save "${missing[@]}" | DOCKER_HOST=$host "${docker[@]}" load --quiet >/dev/null ||
    die 1 'the base images could not be carried over' "read $log_file" "is the disk full? (df -h)"
  if [ "$program" = podman ]; then name_as_pulled "${missing[@]}"; fi
}

# Podman calls an image of an archive localhost/NAME. One that it has pulled is called docker.io/library/NAME.
name_as_pulled() {
  local image
  for image in "$@"; do
    DOCKER_HOST=$host "${docker[@]}" tag "localhost/$image" "docker.io/library/$image"
    DOCKER_HOST=$host "${docker[@]}" rmi "localhost/$image" >/dev/null
  done
}

layers_of() { "${docker[@]}" image inspect -f '{{json .RootFS.Layers}}' "$1" 2>/dev/null || true; }

# ---- stop, remove, status, cli, exec ----------------------------------------------------------

engine_stop() {
  local pid
  if ! pid=$(our_pid); then
    say "the engine $name does not run; nothing to stop"
    return
  fi
  say "stopping $program (pid $pid)"
  # Podman's containers outlive its service.
  if [ "$program" = podman ]; then stop_containers; fi
  take_network_away
  as_root kill "$pid"
  wait_until 30 process_gone "$pid" || die 3 "$program (pid $pid) did not end within 30 s" "read $log_file" "kill -9 $pid"
  say 'stopped'
}

stop_containers() {
  local docker
  local -a running
  docker_command
  mapfile -t running < <(DOCKER_HOST=$host "${docker[@]}" ps --quiet)
  [ ${#running[@]} -eq 0 ] || DOCKER_HOST=$host "${docker[@]}" kill "${running[@]}" >/dev/null || true
}

# Its data, and the root that it lies in, unless other engines use that, too.
engine_remove() {
  local other
  engine_stop
  for other in "$scripts_dir"/engines.d/*.sh; do
    other=$(basename "$other" .sh)
    if [ "$other" != "$name" ] && [ -d "$engines_dir/$other" ] &&
      grep -q " root_of=$name " "$scripts_dir/engines.d/$other.sh"; then
      die 1 "the engine $other lies in the root of $name" "scripts/engine remove $other, then again"
    fi
  done
  say "removing $engine_dir"
  as_root rm -rf --one-file-system "$engine_dir"
}

engine_status() {
  if our_pid >/dev/null && socket_answers "$socket"; then
    say "the engine $name answers"
    describe
    printf 'DOCKER_HOST=%s\n' "$host"
  else
    say "the engine $name does not run"
    note "scripts/engine start $name"
    return 1
  fi
}

# Its own client, which has buildx where the engine is Docker's. It runs in the chroot and sees the machine's top-level
# directories but for those of the system (usr, etc, var, run, …): a build context must lie in one of them (home
# directories and /tmp do).
engine_cli() {
  local pid
  pid=$(need_our_pid)
  as_root nsenter --net="/proc/$pid/ns/net" unshare --mount --propagation private \
    sh "$inside" client "$root" "$engine_dir" "$PWD" "$@"
}

# A command of this machine in the engine's network: there, the ports that containers publish on 127.0.0.1 are open.
# Where this machine's docker command can use the engine's own buildx, it does: DOCKER_CONFIG names it.
engine_exec() {
  local pid config=$engine_dir/config
  local -a buildx=()
  pid=$(need_our_pid)
  if [ "$program" = dockerd ]; then
    as_root mkdir -p "$config"
    printf '{"cliPluginsExtraDirs": ["%s"]}\n' "$root/usr/libexec/docker/cli-plugins" |
      as_root tee "$config/config.json" >/dev/null
    if DOCKER_CONFIG=$config docker buildx version >/dev/null 2>&1; then buildx=("DOCKER_CONFIG=$config"); fi
  fi
  as_root env "PATH=$PATH" "DOCKER_HOST=$host" ${buildx[@]+"${buildx[@]}"} nsenter --net="/proc/$pid/ns/net" "$@"
}
