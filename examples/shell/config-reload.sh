#!/usr/bin/env bash
# Follows a configuration: prints "REVISION VALUE" for the present one, and again as soon as it changes.
#
#   config-reload.sh KEY
#
# One request waits at the server until the revision differs from the one known; nothing is polled. Versions that follow each other quickly may be
# skipped, the latest never is. "gone" is printed when the key is removed.
set -euo pipefail
cd_to=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=gache.sh
source "$cd_to/gache.sh"

known=
gone=
while :; do
    if [[ -z $known ]]; then
        gache GET "$1"
    else
        MAX_TIME=45 gache GET "$1?wait=30s" -H "If-None-Match: $known"
    fi
    case $STATUS in
        200)
            known=$REVISION gone=
            echo "$known $BODY"
            ;;
        304) ;; # nothing new in 30 seconds
        404)
            if [[ -z $gone ]]; then echo gone; fi
            known='' gone=yes
            sleep 0.5 # there is no revision to wait for
            ;;
        *) sleep 1 ;; # nobody answers: what is known stays in use
    esac
done
