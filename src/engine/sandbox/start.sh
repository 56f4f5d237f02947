# Runs in the throw-away engine's container: a control group for what is inside, then the engine. What is inside gets
# less than the container: however it behaves, the engine can still answer.
set -eu
groups=/sys/fs/cgroup
if [ -f $groups/cgroup.controllers ]; then
  # Version 2: processes may stand in leaves only, so ours go into one before controllers are handed down.
  mount -o remount,rw $groups 2>/dev/null || true
  mkdir -p $groups/engine
  while read -r process; do echo "$process" >$groups/engine/cgroup.procs 2>/dev/null || true; done <$groups/cgroup.procs
  for controller in $(cat $groups/cgroup.controllers); do
    echo "+$controller" >$groups/cgroup.subtree_control 2>/dev/null || true
  done
  parent=/inside
  mkdir -p $groups$parent
  echo "$PROCESSES" >$groups$parent/pids.max
  echo "$MEMORY" >$groups$parent/memory.max
  echo 10 >$groups$parent/cpu.weight
else
  # Version 1: what is inside stands below our own group. Without --privileged the hierarchies are not writable, and
  # are mounted afresh.
  parent=$(sed -n 's/^[0-9]*:pids://p' /proc/self/cgroup)/inside
  if mkdir $groups/pids/probe 2>/dev/null; then
    rmdir $groups/pids/probe
  else
    for hierarchy in $groups/*; do umount "$hierarchy" 2>/dev/null || true; done
    mount -o remount,rw $groups 2>/dev/null || { umount $groups 2>/dev/null || true; mount -t tmpfs tmpfs $groups; }
    for name in cpu cpuacct cpuset memory devices freezer blkio pids; do
      mkdir -p "$groups/$name"
      mount -t cgroup -o "$name" cgroup "$groups/$name" || rmdir "$groups/$name"
    done
  fi
  mkdir -p "$groups/pids$parent" "$groups/memory$parent" "$groups/cpu$parent"
  echo "$PROCESSES" >"$groups/pids$parent/pids.max"
  echo "$MEMORY" >"$groups/memory$parent/memory.limit_in_bytes"
  echo 100 >"$groups/cpu$parent/cpu.shares"
fi
# Base images that another engine like this one has left: their layers are shared and cannot be written to, and what is
# said about them is copied. (Layout of the storage driver overlay2: ID/diff, ID/link, ID/lower, and l/LINK.)
data=/var/lib/docker
if [ -d /bases/overlay2 ]; then
  mkdir -p $data/overlay2
  cp -a /bases/image /bases/overlay2/l $data/
  mv $data/l $data/overlay2/l
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
exec dockerd --host unix:///run/docker.sock --storage-driver overlay2 --iptables=false --ip6tables=false --ip-forward=false \
  --cgroup-parent "$parent" --log-level warn
