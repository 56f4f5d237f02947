#!/bin/sh
# Says in which mode it runs. Nothing in here has to be changed.
echo "{{product}} is running in mode ${APP_MODE:-none}"
