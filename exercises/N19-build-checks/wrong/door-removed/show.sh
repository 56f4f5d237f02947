#!/bin/sh
# Shows the board of a room:  sh show.sh "Map Room"
cd "$(dirname "$0")" || exit 1
echo "$1"
cat board
echo "Staff door: closed"
