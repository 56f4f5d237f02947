# image: eclipse-temurin:17-jdk
# is: OpenJDK 17 of Debian bookworm, on its slim image: javac, jar, jdeps, jlink and the modules that services use
# context: java-from-debian

FROM dlearn-standin/apt AS made
COPY java-from-debian /standin/
RUN sh /standin/java-from-debian /root-of-image && LD_LIBRARY_PATH=/root-of-image/usr/lib /root-of-image/usr/bin/objcopy --version

FROM debian:bookworm-slim
ENV JAVA_HOME=/opt/java/openjdk
ENV PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV LANG=C.UTF-8
COPY --from=made /root-of-image/ /
ENTRYPOINT ["/__cacert_entrypoint.sh"]
