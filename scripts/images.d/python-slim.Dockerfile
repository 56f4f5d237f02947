# image: python:3.11-slim
# is: CPython 3.11 of Debian bookworm under /usr/local; pip installs from /opt/wheelhouse, without network
# context: wheelhouse delta python-from-debian

FROM dlearn-standin/apt AS made
COPY delta python-from-debian /standin/
COPY wheelhouse /opt/wheelhouse
RUN sh /standin/delta /delta sh /standin/python-from-debian

FROM debian:bookworm-slim
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV LANG=C.UTF-8
COPY --from=made /delta/ /
ENV PYTHON_VERSION=3.11.2
COPY wheelhouse /opt/wheelhouse
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/opt/wheelhouse PIP_DISABLE_PIP_VERSION_CHECK=1
CMD ["python3"]
