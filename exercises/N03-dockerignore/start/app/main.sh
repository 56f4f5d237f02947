#!/bin/sh
# The notice board of {{town}}: prints what it is for, and the settings that it knows.
set -e
cat app/README.md
echo "Settings:"
cut -d= -f1 .env.example
