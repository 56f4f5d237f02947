# shellcheck shell=bash
# is: Docker Engine of Debian 13 with the classic image store (overlay2), and buildx
# shellcheck disable=SC2034
suite=trixie root_of=trixie program=dockerd store=overlay2
. "${scripts_dir:?set by lib.sh}/engines.d/apart/engine.sh"
