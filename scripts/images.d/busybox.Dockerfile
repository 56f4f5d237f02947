# image: busybox:1.36
# is: BusyBox of Debian, statically linked
# context: busybox busybox-root adduser

FROM scratch AS made
COPY busybox busybox-root adduser /standin/
RUN ["/standin/busybox", "sh", "/standin/busybox-root", "/root-of-image", "bin"]

FROM scratch
COPY --from=made /root-of-image/ /
CMD ["sh"]
