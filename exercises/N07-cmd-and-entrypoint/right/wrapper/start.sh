#!/bin/sh
# What is to be done before the program starts would stand here; then the program takes the shell's place.
set -e
cd /greet
exec ./greet.sh "$@"
