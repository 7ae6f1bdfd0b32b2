#!/usr/bin/env bash
# At most LIMIT calls in a window of time, over all processes and machines.
#
#   rate-limit.sh NAME LIMIT WINDOW        as in: rate-limit.sh mails-to-ann 5 1m && send-mail
#
# A counter that is there for WINDOW: the first call of a window creates it with that time to live, the others add to it and do not lengthen it, and
# the server itself refuses to go beyond LIMIT. Prints how many calls the window has had; exit code 0 if this one may go on, 1 if not.
set -euo pipefail
if (($# < 3)); then
    echo 'usage: rate-limit.sh NAME LIMIT WINDOW' >&2
    exit 64
fi
cd_to=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=gache.sh
source "$cd_to/gache.sh"

gache POST "$1?add=1&max=$2&ttl=$3" -d ''
case $STATUS in
    200) echo "$BODY" ;;
    409) # the sum would be beyond max; the counter is as it was
        echo "$2"
        exit 1
        ;;
    *)
        echo "rate-limit.sh: no answer ($STATUS)" >&2
        exit 2
        ;;
esac
