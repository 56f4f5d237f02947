# image: eclipse-temurin:17-jre
# is: OpenJDK 17 of Debian bookworm, on its slim image: the runtime, with the modules that services use

FROM eclipse-temurin:17-jdk AS made
RUN jlink --add-modules java.instrument,java.management,java.net.http,java.sql,jdk.crypto.ec,jdk.httpserver,jdk.unsupported,jdk.zipfs \
      --no-header-files --no-man-pages --output /root-of-image/opt/java/openjdk \
 && /root-of-image/opt/java/openjdk/bin/java -Xshare:dump >/dev/null && cp /__cacert_entrypoint.sh /root-of-image/

FROM debian:bookworm-slim
ENV JAVA_HOME=/opt/java/openjdk
ENV PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV LANG=C.UTF-8
COPY --from=made /root-of-image/ /
ENTRYPOINT ["/__cacert_entrypoint.sh"]
