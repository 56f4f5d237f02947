# shellcheck shell=bash
# What the scripts in this directory share. Source it; it does nothing by itself. Up to where an engine has to be
# installed or a stand-in built (Linux only), everything keeps to what bash 3.2 and macOS have.

# ---- saying things -------------------------------------------------------------------------

say() { printf '==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }

# die CODE WHAT [NEXT…]: what went wrong, then a line for each thing that can be done about it.
die() {
  local code=$1 what=$2
  shift 2
  printf 'error: %s\n' "$what" >&2
  [ $# -eq 0 ] || printf '  next: %s\n' "$@" >&2
  exit "$code"
}

have() { command -v "$1" >/dev/null 2>&1; }

have timeout || timeout() { shift && "$@"; } # macOS has none

now() {
  local time=${EPOCHREALTIME:-$(date +%s)}
  printf '%s\n' "${time/,/.}"
}

# since START: seconds with one decimal since `now` printed START.
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }

# ---- places --------------------------------------------------------------------------------

scripts_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034  # for those who source this
repo_dir=$(dirname "$scripts_dir")

home_dir() {
  if [ -n "${HOME:-}" ]; then printf '%s\n' "$HOME"; else getent passwd "$(id -u)" | cut -d: -f6; fi
}

# The cache directory: whatever lies in it can be made again.
cache_dir() {
  local dir=${DLEARN_CACHE:-${XDG_CACHE_HOME:-$(home_dir)/.cache}/dlearn}
  case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
  printf '%s\n' "$dir"
}

# ---- temporary files -----------------------------------------------------------------------

temp_paths=()
# shellcheck disable=SC2317  # called by the trap
remove_temp_paths() {
  local path
  for path in ${temp_paths[@]+"${temp_paths[@]}"}; do rm -rf "$path"; done
}
trap remove_temp_paths EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# temp_dir VAR [PARENT]: sets VAR to a new directory that goes away with the script.
# (Not by command substitution: a subshell could not register it.)
temp_dir() {
  local parent=${2:-${TMPDIR:-/tmp}} made
  mkdir -p "$parent"
  made=$(mktemp -d "$parent/dlearn.XXXXXXXX")
  temp_paths+=("$made")
  printf -v "$1" '%s' "$made"
}

# only_one NAME: waits until no other run of that name is under way, and holds others off until this script ends.
only_one() {
  local lock
  have flock || return 0
  lock=$(cache_dir)/$1.lock
  mkdir -p "$(dirname "$lock")"
  exec 9>"$lock"
  flock --nonblock 9 && return
  say "waiting for another run (lock $lock)"
  flock 9
}

# ---- the machine ---------------------------------------------------------------------------

is_root() { [ "$(id -u)" -eq 0 ]; }

# as_root CMD…: as root, by sudo where we are not.
as_root() {
  if is_root; then "$@"; else sudo -- "$@"; fi
}

need_root() {
  is_root || have sudo || die 3 "$1 needs root, and there is no sudo here" \
    'run this as root, or install and start Docker yourself and run it again'
}

has_apt() { have apt-get && have dpkg-query; }

package_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

apt_updated=
# Refreshes apt's lists once in a run.
apt_update() {
  [ -z "$apt_updated" ] || return 0
  say 'apt-get update'
  local out
  out=$(as_root apt-get update -qq 2>&1) || die 3 "apt-get update failed: $(tail -n 3 <<<"$out")" \
    'look at the network and at the sources under /etc/apt'
  apt_updated=yes
}

# Do apt's lists know every one of these packages?
apt_knows() {
  local package
  for package in "$@"; do
    [ -n "$(apt-cache show --no-all-versions "$package" 2>/dev/null)" ] || return 1
  done
}

apt_get_install() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "$@"
}

# apt_install PACKAGE…: installs those that are missing.
apt_install() {
  local package out
  local -a missing=()
  for package in "$@"; do package_installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  need_root "installing ${missing[*]}"
  apt_knows "${missing[@]}" || apt_update
  say "installing ${missing[*]}"
  if ! out=$(apt_get_install "${missing[@]}" 2>&1); then
    apt_update # the lists may have been older than the archive
    out=$(apt_get_install "${missing[@]}" 2>&1) ||
      die 3 "apt-get install failed: $(tail -n 5 <<<"$out")" "try: apt-get install ${missing[*]}"
  fi
}

# ---- engines -------------------------------------------------------------------------------

# socket_answers SOCKET [as_root]: does something answer /_ping on this unix socket?
socket_answers() {
  [ -S "$1" ] && ${2:-} curl --silent --fail --max-time 3 --unix-socket "$1" http://engine/_ping >/dev/null 2>&1
}

# Where the docker CLI would look for its engine.
engine_endpoint() {
  if [ -n "${DOCKER_HOST:-}" ]; then
    printf '%s\n' "$DOCKER_HOST"
  elif ! have docker || ! timeout 5 docker context inspect -f '{{.Endpoints.docker.Host}}' 2>/dev/null; then
    printf 'unix:///var/run/docker.sock\n'
  fi
}

# engine_answer: VERSION, API and OS/ARCH of the engine that answers there, else it fails.
engine_answer() {
  local format='{{.Server.Version}} {{.Server.APIVersion}} {{.Server.Os}}/{{.Server.Arch}}'
  if have docker; then
    timeout 10 docker version -f "$format" 2>/dev/null | grep -E '^[^ ]+ [0-9.]+ [^ ]+$'
    return
  fi
  have curl || return 1
  local endpoint json
  endpoint=$(engine_endpoint)
  case $endpoint in
    unix://*) json=$(curl -sf --max-time 5 --unix-socket "${endpoint#unix://}" http://engine/version 2>/dev/null) ;;
    tcp://*) json=$(curl -sf --max-time 5 "http://${endpoint#tcp://}/version" 2>/dev/null) ;;
    *) return 1 ;;
  esac || return 1
  printf '%s %s %s/%s\n' "$(json_string "$json" Version)" "$(json_string "$json" ApiVersion)" \
    "$(json_string "$json" Os)" "$(json_string "$json" Arch)"
}

# json_string JSON KEY: the last string of that name (the engine's own comes after its components').
json_string() { grep -oE "\"$2\":\"[^\"]*\"" <<<"$1" | tail -n 1 | cut -d'"' -f4; }

# wait_until SECONDS CMD…: polls; fails when the time is over.
wait_until() {
  local deadline=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# process_is PID WORD…: does this process run, and do all the words stand in its command line?
process_is() {
  local pid=$1 line word
  shift
  [[ $pid =~ ^[0-9]+$ ]] && [ -r "/proc/$pid/cmdline" ] || return 1
  line=" $(tr '\0' ' ' <"/proc/$pid/cmdline")"
  for word in "$@"; do [[ $line == *"$word"* ]] || return 1; done
}

process_gone() { [ ! -e "/proc/$1" ]; }

# launch LOG PID-FILE CMD…: starts CMD as root, in a session of its own and without our standard streams: it outlives
# this script and its terminal. The log of the time before is kept as LOG.before.
launch() {
  local log=$1 pid_file=$2
  shift 2
  if [ -e "$log" ]; then as_root mv -f "$log" "$log.before"; fi
  as_root rm -f "$pid_file"
  # shellcheck disable=SC2016  # expanded by the inner shell
  as_root setsid --fork nohup sh -c 'log=$1; echo $$ >"$2"; shift 2; exec "$@" >"$log" 2>&1 </dev/null' \
    sh "$log" "$pid_file" "$@" >/dev/null 2>&1 </dev/null 9>&-
  wait_until 5 test -s "$pid_file" || die 3 "$1 could not be launched"
}

# pid_in FILE: the process id in a pid file, or nothing.
pid_in() {
  if [ -r "$1" ]; then tr -dc '0-9' <"$1"; fi
}

# docker_command: sets `docker` to a client that can talk to the engine in reach and, if one can,
# to use BuildKit: newer clients need the buildx plug-in for it, Debian's 20.10 has it built in.
# shellcheck disable=SC2034
docker_command() {
  local client
  if [ "${DOCKER_BUILDKIT:-1}" = 0 ] && have docker; then # asked for
    docker=(docker)
    return
  fi
  for client in docker /usr/bin/docker; do
    have "$client" || continue
    if "$client" buildx version >/dev/null 2>&1 || client_has_buildkit "$client"; then
      docker=("$client")
      export DOCKER_BUILDKIT=1
      return
    fi
  done
  have docker || die 3 'there is no docker command' 'install Docker, or run scripts/engine start'
  docker=(docker)
  export DOCKER_BUILDKIT=0
}

# Up to version 22 the client itself speaks BuildKit.
client_has_buildkit() {
  local major
  major=$("$1" version -f '{{.Client.Version}}' 2>/dev/null | cut -d. -f1) || true
  [[ $major =~ ^[0-9]+$ ]] && [ "$major" -ge 19 ] && [ "$major" -lt 23 ]
}

# ---- the Rust program ----------------------------------------------------------------------

# Cargo, and what it links with: a C compiler, which rustup does not bring.
need_cargo() {
  have cargo || die 3 'there is no Rust toolchain (cargo) here' 'install it from https://rustup.rs and run this again'
  have cc && return
  has_apt || die 3 'there is no C compiler (cc) here, which cargo needs' 'install gcc or clang and run this again'
  apt_install gcc libc6-dev
}

# build_dlearn VAR [PROFILE]: builds the program (as a release, unless cargo's profile is named) and sets VAR to where
# cargo put it.
build_dlearn() {
  local messages path profile=${2:-release}
  need_cargo
  say "cargo build --profile $profile"
  messages=$(cd "$repo_dir" && cargo build --profile "$profile" --locked --message-format=json-render-diagnostics) ||
    die 1 'dlearn could not be built' 'read the messages of cargo above'
  path=$(grep -o '"executable":"[^"]*/dlearn"' <<<"$messages" | tail -n 1 | cut -d'"' -f4)
  [ -x "$path" ] || die 1 'cargo built no program named dlearn' "cargo build --profile $profile"
  printf -v "$1" '%s' "$path"
}
