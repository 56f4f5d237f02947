# image: python:3.11-alpine
# is: CPython 3.11 of Debian bookworm with its libraries (glibc) on the stand-in for alpine; pip as in the slim one
# context: wheelhouse with-libraries

FROM python:3.11-slim AS made
COPY with-libraries /standin/
RUN sh /standin/with-libraries /root-of-image /usr/local/bin/python3.11 /usr/local/lib/python3.11/lib-dynload/*.so /usr/lib/*/libgcc_s.so.1 \
 && cp -a /usr/local /root-of-image/usr/ && mkdir -p /root-of-image/usr/share && cp -a /usr/share/python-wheels /usr/share/zoneinfo /root-of-image/usr/share/

FROM alpine:3.20
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV LANG=C.UTF-8
COPY --from=made /root-of-image/ /
ENV PYTHON_VERSION=3.11.2
COPY wheelhouse /opt/wheelhouse
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/opt/wheelhouse PIP_DISABLE_PIP_VERSION_CHECK=1
CMD ["python3"]
