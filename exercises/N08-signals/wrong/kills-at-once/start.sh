#!/bin/sh
trap 'kill -KILL "$till"; exit 143' TERM
./till.sh &
till=$!
wait
