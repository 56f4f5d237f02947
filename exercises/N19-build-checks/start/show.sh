#!/bin/sh
# Shows the board of a room:  sh show.sh "Map Room"
cd "$(dirname "$0")" || exit 1
echo "$1"
cat board
if [ -n "${DOOR_PASSWORD:-}" ]; then
  echo "Staff door: opens with the password"
else
  echo "Staff door: closed"
fi
