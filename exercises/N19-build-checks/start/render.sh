#!/bin/sh
# Makes the board: the opening hours, and a notice where there is one.
while IFS=, read -r day from to; do
  echo "$day: $from to $to"
done < hours.csv
[ ! -e notice.txt ] || echo "Notice: $(cat notice.txt)"
