#!/bin/sh
[ $# -gt 0 ] || set -- {{default}}
exec /greet/greet.sh "$@"
