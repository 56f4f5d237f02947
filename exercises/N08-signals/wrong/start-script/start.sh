#!/bin/sh
echo "good morning"
./till.sh
echo "the shop is closed"
