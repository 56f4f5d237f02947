#!/bin/sh
# Stays process 1, and passes the signal on.
./till.sh &
till=$!
trap 'kill -TERM "$till"' TERM
wait "$till"
wait "$till"
