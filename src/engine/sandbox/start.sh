# Runs in the throw-away engine's container: a control group for what is inside, then the engine. What is inside gets
# less than the container (PROCESSES, MEMORY in bytes, CPU_QUOTA in microseconds of each 100 ms or nothing), so that the
# engine can still answer. It listens at the usual socket, and at OWN_SOCKET, if any, whose name no other engine has. The
# container ends by itself after SECONDS_TO_LIVE.
set -eu
groups=/sys/fs/cgroup
if [ -f $groups/cgroup.controllers ]; then
  if [ "$(cat /proc/self/cgroup)" != 0::/ ]; then
    echo 'the container has no control group namespace of its own' >&2
    exit 1
  fi
  mount -o remount,rw $groups 2>/dev/null || mount -o remount,bind,rw $groups 2>/dev/null || true
  # Version 2: processes may stand in leaves only, so ours go into one before controllers are handed down. One that
  # enters the container meanwhile is in the way, so this is tried again.
  mkdir -p $groups/engine
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    while read -r process; do
      echo "$process" >$groups/engine/cgroup.procs 2>/dev/null || true
    done <$groups/cgroup.procs
    for controller in $(cat $groups/cgroup.controllers); do
      echo "+$controller" >$groups/cgroup.subtree_control 2>/dev/null || true
    done
    if grep -qw pids $groups/cgroup.subtree_control && grep -qw memory $groups/cgroup.subtree_control; then break; fi
    sleep 1
  done
  parent=/inside
  mkdir -p $groups$parent
  echo "$PROCESSES" >$groups$parent/pids.max
  echo "$MEMORY" >$groups$parent/memory.max
  if [ -n "$CPU_QUOTA" ]; then echo "$CPU_QUOTA 100000" >$groups$parent/cpu.max; fi
else
  # Version 1: what is inside stands below our own group, in each hierarchy.
  own=$(sed -n 's/^[0-9]*:pids://p' /proc/self/cgroup)
  parent=${own%/}/inside
  for hierarchy in $groups/*; do
    mount -o remount,bind,rw "$hierarchy" 2>/dev/null || true
  done
  mkdir -p "$groups/pids$parent" "$groups/memory$parent"
  echo "$PROCESSES" >"$groups/pids$parent/pids.max"
  echo "$MEMORY" >"$groups/memory$parent/memory.limit_in_bytes"
  if [ -n "$CPU_QUOTA" ]; then
    mkdir -p "$groups/cpu$parent"
    echo "$CPU_QUOTA" >"$groups/cpu$parent/cpu.cfs_quota_us"
  fi
fi
# Base images that another engine like this one has left: their layers are shared and cannot be written to, and what is
# said about them is copied. (Layout of the storage driver overlay2: ID/diff, ID/link, ID/lower, and l/LINK.)
data=/var/lib/docker
if [ -d /bases/overlay2 ]; then
  mkdir -p $data/overlay2
  cp -a /bases/image $data/
  cp -a /bases/overlay2/l $data/overlay2/
  for layer in /bases/overlay2/*/link; do
    layer=${layer%/link}
    here=$data/overlay2/${layer##*/}
    mkdir -p "$here/diff" "$here/work"
    cp -a "$layer/link" "$here/"
    if [ -f "$layer/lower" ]; then cp -a "$layer/lower" "$here/"; fi
    if [ -f "$layer/committed" ]; then cp -a "$layer/committed" "$here/"; fi
    mount --bind "$layer/diff" "$here/diff"
  done
fi
# Newer engines clear BuildKit's cache where less than a fifth of the disk is free, and what an answer shows by the cache
# could then not be told. What is in here is bounded by its own disk, where it has one, and goes as a whole.
echo '{"builder": {"gc": {"enabled": false}}}' >/run/dlearn-daemon.json
# The first process of a container inherits what others leave behind: it must be one that takes note of their end, or
# they count as processes for good.
init=$(command -v docker-init || command -v tini || true)
exec ${init:+"$init" --} timeout "$SECONDS_TO_LIVE" dockerd \
  --config-file /run/dlearn-daemon.json --host unix:///run/docker.sock ${OWN_SOCKET:+--host "unix://$OWN_SOCKET"} \
  --storage-driver overlay2 \
  --iptables=false --ip6tables=false --ip-forward=false --cgroup-parent "$parent" --log-level warn
