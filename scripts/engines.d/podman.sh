# shellcheck shell=bash
# is: Podman of Debian 13, by its Docker API
# shellcheck disable=SC2034
suite=trixie root_of=podman program=podman store=overlay
. "${scripts_dir:?set by lib.sh}/engines.d/apart/engine.sh"
