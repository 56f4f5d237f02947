# image: alpine:3.20
# is: BusyBox of Debian laid out as in Alpine; no musl, and an apk that has no repository
# context: busybox busybox-root adduser alpine-root apk

FROM dlearn-standin/apt AS authorities
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates

FROM scratch AS made
COPY busybox busybox-root adduser alpine-root apk /standin/
RUN ["/standin/busybox", "sh", "/standin/busybox-root", "/root-of-image", "alpine"]
RUN ["/standin/busybox", "sh", "/standin/alpine-root", "/root-of-image"]
COPY --from=authorities /etc/ssl/certs/ca-certificates.crt /root-of-image/etc/ssl/certs/ca-certificates.crt

FROM scratch
COPY --from=made /root-of-image/ /
CMD ["/bin/sh"]
