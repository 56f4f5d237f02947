# shellcheck shell=bash
# is: the one in reach; if there is none, Debian's or Ubuntu's own docker.io
# The engine `debian`: the one that the docker command finds. If there is none, Debian's or Ubuntu's own
# docker.io, run without systemd on the default socket. Sourced by scripts/engine.

readonly default_socket=/var/run/docker.sock
# What the engine needs, and what comes with it where apt has it: newer releases keep the client in a package of its
# own, and the rest is for stand-ins of base images.
readonly packages=(docker.io ca-certificates iptables curl)
readonly extra_packages=(busybox-static mmdebstrap zstd)

: "${engine_dir:?set by scripts/engine}"
pid_file=$engine_dir/dockerd.pid
launched_file=$engine_dir/launched.pid
log_file=$engine_dir/dockerd.log
data_dir=$engine_dir/data
exec_dir=/run/dlearn-engine

# ---- what is there -------------------------------------------------------------------------

our_pid() {
  local pid
  pid=$(pid_in "$pid_file")
  [ -n "$pid" ] && process_is "$pid" dockerd "$pid_file" && printf '%s\n' "$pid"
}

# Why the docker command would not look at the default socket, or nothing.
looks_elsewhere() {
  local endpoint
  endpoint=$(engine_endpoint)
  case $endpoint in
    unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
    *) printf '%s\n' "$endpoint" ;;
  esac
}

describe() {
  local version api platform pid='' driver whose='not started by this script'
  read -r version api platform <<<"$1"
  if [ -z "$(looks_elsewhere)" ] && pid=$(our_pid); then whose="started by this script, pid $pid"; fi
  note "Docker Engine $version (API $api, $platform) at $(engine_endpoint)"
  if have docker; then
    driver=$(timeout 10 docker info -f '{{.Driver}}, cgroup v{{.CgroupVersion}}' 2>/dev/null) || driver=unknown
    note "image store: $driver"
  fi
  note "$whose"
}

# ---- start ---------------------------------------------------------------------------------

engine_start() {
  local answer started
  if answer=$(engine_answer); then
    say 'an engine answers already; nothing to do'
    describe "$answer"
    return
  fi
  refuse_what_cannot_help
  started=$(now)
  install_engine
  # A package or a socket unit may have started one by now.
  if start_by_systemd || answer=$(engine_answer); then
    say "the engine that systemd runs answers ($(since "$started") s)"
  else
    start_dockerd
    say "engine ready ($(since "$started") s in all)"
  fi
  refuse_who_may_not_use_it
  answer=$(engine_answer) || give_up 'the engine answers a ping, but not the docker command'
  describe "$answer"
}

# Cases in which another engine on the default socket would be of no use.
refuse_what_cannot_help() {
  local elsewhere
  elsewhere=$(looks_elsewhere)
  [ -z "$elsewhere" ] || die 3 "the docker command looks for its engine at $elsewhere, and nothing answers there" \
    'start that engine, or' \
    "$([ -n "${DOCKER_HOST:-}" ] && echo 'unset DOCKER_HOST' || echo 'docker context use default'), then run this again"
  has_apt || die 3 'no Docker engine answers, and this script can install one only with apt (Debian, Ubuntu)' \
    'install Docker Desktop, Colima, Rancher Desktop or Docker Engine (https://docs.docker.com/get-docker/)' \
    'start it, wait until "docker version" shows a Server, and run this again'
  need_root 'starting a Docker engine'
  local pid
  if have curl && socket_answers "$default_socket"; then
    die 3 "an engine answers at $default_socket, but the docker command gets no version from it" 'see what "docker version" says'
  elif pid=$(our_pid); then
    die 3 "the engine that this script started (pid $pid) does not answer" "read $log_file" 'scripts/engine stop, then start it again'
  fi
  refuse_who_may_not_use_it
}

# Does an engine answer root at the default socket?
answers_root() { socket_answers "$default_socket" as_root; }

# An engine that runs, and whose socket is for others.
refuse_who_may_not_use_it() {
  if ! is_root && have curl && ! socket_answers "$default_socket" && answers_root; then
    die 3 "an engine runs, but $(id -un) may not use $default_socket" \
      "sudo usermod -aG docker $(id -un), log in again, and run this again"
  fi
}

install_engine() {
  local package
  local -a wanted=("${packages[@]}")
  apt_knows docker.io || apt_update
  for package in "${extra_packages[@]}"; do
    if apt_knows "$package"; then wanted+=("$package"); fi
  done
  if ! have docker && apt_knows docker-cli; then wanted+=(docker-cli); fi
  apt_install "${wanted[@]}"
}

start_by_systemd() {
  [ -d /run/systemd/system ] && have systemctl || return 1
  say 'systemctl start docker'
  as_root systemctl start docker && wait_until 30 answers_root
}

start_dockerd() {
  local started
  started=$(now)
  as_root mkdir -p "$engine_dir" "$exec_dir"
  clear_leftovers
  choose_iptables
  say "starting dockerd (data and log under $engine_dir)"
  launch "$log_file" "$launched_file" env PATH="$dockerd_path" dockerd --data-root "$data_dir" --exec-root "$exec_dir" \
    --pidfile "$pid_file" --host "unix://$default_socket" ${dockerd_flags[@]+"${dockerd_flags[@]}"}
  wait_until 60 answers_or_died || give_up 'dockerd did not answer within 60 s'
  answers_root || give_up 'dockerd ended while it was starting'
  say "dockerd answers after $(since "$started") s"
}

answers_or_died() { answers_root || process_gone "$(pid_in "$launched_file")"; }

# After a kill -9 or a reboot, pid files and sockets tell of processes that are gone, or, worse, name a
# process id that is somebody else's today: dockerd would believe them.
clear_leftovers() {
  local containerd_pid=$exec_dir/containerd/containerd.pid
  if ! our_pid >/dev/null; then as_root rm -f "$pid_file"; fi
  # A containerd whose dockerd was killed: dockerd would take it over, a fresh one is surer.
  local pid
  pid=$(pid_in "$containerd_pid")
  if [ -n "$pid" ] && process_is "$pid" containerd "$exec_dir"; then
    say "ending the containerd that an engine killed before left behind (pid $pid)"
    as_root kill "$pid" 2>/dev/null || true
    wait_until 10 process_gone "$pid" || as_root kill -9 "$pid" 2>/dev/null || true
  fi
  as_root rm -f "$containerd_pid"
  if ! answers_root; then as_root rm -f "$default_socket"; fi
}

# dockerd calls `iptables` by name. Where the nftables variant does not work and the legacy one does,
# it is put first on dockerd's own PATH; the machine's alternatives are left as they are.
choose_iptables() {
  dockerd_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  dockerd_flags=()
  if as_root env PATH="$dockerd_path" iptables -w -t nat -nL >/dev/null 2>&1; then return; fi
  if as_root env PATH="$dockerd_path" iptables-legacy -w -t nat -nL >/dev/null 2>&1; then
    note 'iptables (nftables) does not work here: dockerd gets iptables-legacy'
    as_root mkdir -p "$engine_dir/bin"
    local tool
    for tool in iptables ip6tables; do as_root ln -sfn "$(PATH=$dockerd_path command -v "$tool-legacy")" "$engine_dir/bin/$tool"; done
    dockerd_path=$engine_dir/bin:$dockerd_path
  else
    warn 'no iptables works here: containers get no way out and no published ports'
    dockerd_flags=(--iptables=false)
  fi
}

give_up() {
  say "the end of $log_file:" >&2
  as_root tail -n 15 "$log_file" >&2 || true
  die 3 "$1" "read $log_file" 'is the disk full? (df -h)' \
    'does this machine allow containers at all (root, cgroups mounted under /sys/fs/cgroup, overlay file system)?'
}

# ---- stop, status, cli, exec ---------------------------------------------------------------------

engine_stop() {
  local pid
  if ! pid=$(our_pid); then
    say 'no engine of this script runs; nothing to stop'
    return
  fi
  say "stopping dockerd (pid $pid)"
  as_root kill "$pid"
  wait_until 30 process_gone "$pid" || die 3 "dockerd (pid $pid) did not end within 30 s" "read $log_file" "kill -9 $pid"
  say 'stopped'
}

engine_remove() {
  die 2 'the files of the engine debian are not removed by this script' 'scripts/engine stop'
}

engine_status() {
  local answer
  if answer=$(engine_answer); then
    say 'an engine answers'
    describe "$answer"
  else
    say "no engine answers at $(engine_endpoint)"
    note 'scripts/engine start'
    return 1
  fi
}

engine_cli() {
  local -a docker
  docker_command
  exec "${docker[@]}" "$@"
}

engine_exec() { exec "$@"; }
