#!/bin/sh
# Installs, uses and removes: one step of the build.
set -e
sh pkg.sh install typesetter
/opt/typesetter/bin/typeset songs.txt > booklet.txt
rm -rf /opt/typesetter /var/cache/pkg
