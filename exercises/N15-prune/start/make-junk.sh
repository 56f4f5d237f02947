#!/bin/sh
# Makes something to clean up. All of it carries one label, and nothing without that label is touched.
# Run it again whenever you want to begin anew.
set -eu
cd "$(dirname "$0")"
label="course.n15={{token}}"

# Builds an image without a name, and prints its id.
build() {
    docker build --quiet --build-arg "WHAT=$1" .
}

for container in $(docker ps --all --quiet --filter "label=$label"); do
    docker rm --force "$container"
done

# Three versions under one name: each time the name moves on, and the image before it is left without one.
for version in 1 2 3; do
    docker tag "$(build "junk, version $version")" "{{image.junk}}"
done

# One to go back to if something breaks: it has a name, and no container uses it.
docker tag "$(build "the release before")" "{{image.keep}}"

# One that a container was made from. The container has ended, and its output is still wanted.
docker tag "$(build "a report")" "{{image.used}}"
docker run "{{image.used}}"

echo "Done. To see what there is:"
echo "  docker image ls --filter label=$label"
echo "  docker image ls --all --filter dangling=true --filter label=$label"
echo "  docker ps --all --filter label=$label"
