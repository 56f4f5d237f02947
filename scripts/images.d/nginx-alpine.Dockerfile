# image: nginx:alpine
# is: nginx of Debian bookworm with its libraries, on the stand-in for alpine
# context: with-libraries nginx-root nginx-entrypoint

FROM dlearn-standin/apt AS made
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light
COPY with-libraries nginx-root nginx-entrypoint /standin/
RUN sh /standin/with-libraries /root-of-image /usr/sbin/nginx && sh /standin/nginx-root /root-of-image

FROM alpine:3.20
ENV NGINX_VERSION=1.22.1
RUN addgroup -g 101 -S nginx && adduser -S -D -H -u 101 -h /var/cache/nginx -s /sbin/nologin -G nginx -g nginx nginx
COPY --from=made /root-of-image/ /
ENTRYPOINT ["/docker-entrypoint.sh"]
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
