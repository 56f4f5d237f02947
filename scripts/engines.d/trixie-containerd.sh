# shellcheck shell=bash
# is: Docker Engine of Debian 13 with the containerd image store, and buildx
# shellcheck disable=SC2034
suite=trixie root_of=trixie program=dockerd store=containerd
. "${scripts_dir:?set by lib.sh}/engines.d/apart/engine.sh"
