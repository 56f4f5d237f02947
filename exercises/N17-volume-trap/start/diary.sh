#!/bin/sh
# Shows the first page of the diary, and notes the visit.
set -e
cat /data/first.txt
date >> /data/visits.txt
echo "This is visit number $(wc -l < /data/visits.txt)."
