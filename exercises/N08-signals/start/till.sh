#!/bin/sh
# The till of a shop. It adds up in memory what is sold, and writes the sum down when it is told to stop.
sum=0

close() {
  echo "{{farewell}}: $sum sold, and written down"
  exit 0
}
trap close TERM

echo "the till is open"
while true; do
  sum=$((sum + 1))
  sleep 1 &
  wait $!
done
