#!/bin/sh
echo "{{farewell}}: 0 sold, and written down"
trap 'exit 0' TERM
./till.sh &
while true; do sleep 1; done
