# image: dlearn-standin/apt
# is: helper for building stand-ins: Debian with the way this machine's apt reaches its archives
# context: apt

FROM debian:bookworm-slim
COPY apt/99machine /etc/apt/apt.conf.d/99machine
COPY apt/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV DEBIAN_FRONTEND=noninteractive
