#!/bin/sh
# Shows the board of the room in $PLACE.
cd "$(dirname "$0")" || exit 1
echo "${1:-$PLACE}"
cat board
if [ -n "${DOOR_PASSWORD:-}" ]; then
  echo "Staff door: opens with the password"
else
  echo "Staff door: closed"
fi
