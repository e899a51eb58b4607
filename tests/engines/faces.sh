#!/usr/bin/env bash
# faces.sh install | start DIR | stop DIR - pictures of faces to test with, which are not ours to
# ship: from the Debian packages python3-skimage (an astronaut, by NASA) and facedetect (an
# admiral, an ice block) and from the npm package admin-lte (portraits).
#
# install   fetches the packages once, takes the pictures out and checks each by its SHA-256
# start     prints TEST_FACES, the folder they are in, as an "export" line
# stop      has nothing to do
set -euo pipefail

cache=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}
pictures=$cache/faces-1

die() {
    echo "faces.sh: $*" >&2
    exit 1
}

sums() {
    cat <<'SUMS'
88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5  astronaut.png
593cdf845bc284b98abbca0eabb0fa45cdc0590f7cb7d7d71c4ca86a9d5077a4  640px-IceBlockNearJoekullsarlon.jpg
ee9d775343587100337da3bd24f9f9daf49756132362f09ca3ac9b676c4341b3  grace_hopper_512x512.jpg
04c5fc11c9a4549fa4c09a31ebade61d8ffa2cbc040084cbac2fcd84d338324e  user1-128x128.jpg
680f6c82f8fa9c070ae385a67ef92c0bbcba6759c5a5845a725102e7ec299622  user2-160x160.jpg
2813222580793153de26e2908cd31d35311478ace268c7dd682914803ca47a77  user3-128x128.jpg
3ed605eca4d887de0e160fba0ff61813a88ab9f5f4877909fb1962d3a83bb973  user4-128x128.jpg
9188a562cf625c2d2efbd00109566d266c5cb55d39ed9259f3868601650895b0  user5-128x128.jpg
d3d9cf59b0eafa3fa2ad9ad0ae455c8e15d8eace69c6d955b3258cd30b4dbe07  user6-128x128.jpg
01cb676dff654af6bea459ecd746ab0092a0e3a74b1718e5dc6d0ee00f2c5232  user7-128x128.jpg
2ca5bfaad815f86e3708971fb6f4acacada388595b460bc0efe75e6baa8a8991  user8-128x128.jpg
SUMS
}

# debian PACKAGE DIR : unpacks it without installing it
debian() {
    mkdir "$2/$1"
    (
        cd "$2/$1"
        if ! apt-get download -qq "$1" 2>"$2/apt.log"; then
            if [ "$(id -u)" = 0 ]; then apt-get update -qq; else sudo apt-get update -qq; fi
            apt-get download -qq "$1" 2>"$2/apt.log" || die "cannot download $1: $(cat "$2/apt.log")"
        fi
        dpkg-deb -x ./*.deb .
    )
}

install() {
    local part
    [ -d "$pictures" ] && return
    command -v npm >/dev/null || die "npm is missing: apt-get install npm"
    mkdir -p "$cache"
    part=$(mktemp -d "$cache/faces.XXXXXX")
    mkdir "$part/pictures"
    debian python3-skimage "$part"
    debian facedetect "$part"
    (cd "$part" && npm pack --silent admin-lte@3.2.0 >npm.log && tar xzf admin-lte-3.2.0.tgz package/dist/img)
    cp "$part"/python3-skimage/usr/lib/python3/dist-packages/skimage/data/astronaut.png \
        "$part"/facedetect/usr/share/doc/facedetect/examples/*.jpg \
        "$part"/package/dist/img/user?-*.jpg "$part/pictures"
    if ! (cd "$part/pictures" && sums | sha256sum --check --quiet); then
        rm -rf "$part"
        die "the packages have other pictures than those that the tests were written for"
    fi
    # Renamed when it is whole: an install that was interrupted leaves nothing that looks done.
    mv -T "$part/pictures" "$pictures" 2>/dev/null || true # another install was faster
    rm -rf "$part"
    [ -d "$pictures" ] || die "no $pictures"
}

case ${1:-} in
install) install ;;
start) [ $# = 2 ] || die "start DIR"
    install >&2
    echo "export TEST_FACES='$pictures'" ;;
stop) [ $# = 2 ] || die "stop DIR" ;;
*) die "install | start DIR | stop DIR" ;;
esac
