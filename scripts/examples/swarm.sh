#!/bin/sh
# Grades a class on a swarm: a replicated job of PARTS parts, on a manager.
#
#   PARTS=4 IMAGE=registry.example.com/dlearn SHARED=/srv/grading sh swarm.sh --roster /grading/roster.csv
#   dlearn grade merge /srv/grading/parts/part-*.json --roster /srv/grading/roster.csv --html report.html
#
# SHARED is the same folder on every node (NFS, say), with class/ and parts/ in it; tasks see it as /grading. What stands
# behind the command goes to dlearn grade. Each task uses the engine of its node, through SOCKET: whoever can do that can
# do anything on that node, so take nodes that do nothing else. The image: dlearn grade example image.
set -eu
: "${PARTS:=4}" "${IMAGE:=dlearn}" "${SHARED:=/srv/grading}" "${SOCKET:=/var/run/docker.sock}" "${MINUTES:=360}"
job=${JOB:-dlearn-grade-$$}

# A job's tasks are numbered from 0, and for 0 the template gives the node's id (swarmkit, template/context.go). 3:
# something could not be judged; the part is whole all the same.
# shellcheck disable=SC2016
task='case $SLOT in *[!0-9]*) SLOT=0 ;; esac
part=$((SLOT + 1))
dlearn grade /grading/class --shard "$part/$PARTS" --part "/grading/parts/part-$part.json" "$@" || test $? -eq 3'

id=$(docker service create --detach --quiet --no-resolve-image --name "$job" --mode replicated-job \
  --replicas "$PARTS" --max-concurrent "$PARTS" --restart-condition on-failure --restart-max-attempts 2 \
  --env 'SLOT={{.Task.Slot}}' --env "PARTS=$PARTS" \
  --mount "type=bind,src=$SHARED,dst=/grading" --mount "type=bind,src=$SOCKET,dst=/var/run/docker.sock" \
  --entrypoint sh "$IMAGE" -c "$task" grade "$@")
trap 'docker service rm "$id" >/dev/null' EXIT
trap 'exit 130' INT TERM

# Whether a part goes on that has not failed three times. The swarm begins such a part again and again, whatever it is told
# of attempts. Of an earlier task, the name stands behind a sign.
going() {
  docker service ps --format '{{.Name}} {{.CurrentState}}' "$id" | awk '
    { sub(/^ *\\_ */, "") }
    $2 ~ /^(Failed|Rejected|Orphaned)$/ { failed[$1]++; next }
    $2 !~ /^(Complete|Shutdown|Remove)$/ { on[$1] = 1 }
    END { for (name in on) if (failed[name] < 3) found = 1; exit !found }'
}

tries=$((MINUTES * 30)) idle=0 why="within $MINUTES minutes"
while [ "$tries" -gt 0 ]; do
  case $(docker service ls --filter "id=$id" --format '{{.Replicas}}') in
    *"($PARTS/$PARTS completed)"*) exit 0 ;;
  esac
  # The manager may be between two tasks: it has ended when nothing goes on for a while.
  if going; then idle=0; else idle=$((idle + 1)); fi
  if [ "$idle" -ge 10 ]; then
    why="and none of the others goes on"
    break
  fi
  sleep 2
  tries=$((tries - 1))
done
echo "swarm.sh: not all parts were graded, $why:" >&2
docker service ps --no-trunc "$id" >&2
docker service logs --tail 20 "$id" >&2 || true
exit 1
