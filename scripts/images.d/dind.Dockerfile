# image: docker:dind
# is: Docker Engine 20.10 of Debian (docker.io) with its docker command, for an engine in a container

FROM dlearn-standin/apt
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends docker.io iptables procps && rm -rf /var/lib/apt/lists/*
VOLUME /var/lib/docker
CMD ["dockerd"]
