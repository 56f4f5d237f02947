#!/bin/sh
set -e
echo "good morning"
exec "$@"
