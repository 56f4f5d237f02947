# shellcheck shell=bash
# is: Docker Engine of Debian sid with the containerd image store, and buildx
# shellcheck disable=SC2034
suite=sid root_of=sid program=dockerd store=containerd
. "${scripts_dir:?set by lib.sh}/engines.d/apart/engine.sh"
