# image: registry:2
# is: Distribution 2.8 of Debian (docker-registry), on the stand-in for alpine
# context: with-libraries registry-root

FROM dlearn-standin/apt AS made
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends docker-registry
COPY with-libraries registry-root /standin/
RUN sh /standin/with-libraries /root-of-image /usr/bin/docker-registry && sh /standin/registry-root /root-of-image

FROM alpine:3.20
COPY --from=made /root-of-image/ /
VOLUME ["/var/lib/registry"]
EXPOSE 5000
ENTRYPOINT ["/entrypoint.sh"]
CMD ["/etc/docker/registry/config.yml"]
