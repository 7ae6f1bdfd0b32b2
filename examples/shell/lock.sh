#!/usr/bin/env bash
# A lock with a queue, a lease and a fencing token.
#
#   lock.sh NAME COMMAND [ARGUMENTS]
#
# Waits for the lock for up to a minute, runs the command while it renews the lock, and ends the command when the lock is lost. The command finds its
# token in GACHE_FENCING_TOKEN. A process that was paused may still write after its lock is another's: whatever it writes to must compare tokens and
# refuse one that is lower than the highest it has seen. (`./gache lock` does the same and ends whole process groups.)
#
# Exit code: the command's; 75 the lock was not to be had, 79 it was lost.
set -euo pipefail
if (($# < 2)); then
    echo 'usage: lock.sh NAME COMMAND [ARGUMENTS]' >&2
    exit 64
fi
cd_to=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=gache.sh
source "$cd_to/gache.sh"

name=$1
shift
ttl=${TTL:-10}

# Taken if it is free, else in order of arrival. The answer's revision rises from holder to holder: it is the fencing token.
asked=$(seconds)
MAX_TIME=75 gache PUT "$name?ttl=${ttl}s&wait=1m" -H 'If-None-Match: *' -d "$(hostname):$$"
if [[ $STATUS != 201 ]]; then
    echo "lock.sh: not to be had ($STATUS)" >&2
    exit 75
fi
token=$REVISION

give_back() { PATIENCE=3 gache DELETE "$name" -H "If-Match: $token"; } # only if it is still ours
trap give_back EXIT

# The time to live began somewhere while we waited: a renewal makes it known before anything is done.
renew() { # the lease is good for a time to live from the moment at which an acknowledged renewal was sent
    local sent=$(seconds)
    PATIENCE=0 MAX_TIME=1 gache POST "$name?touch=${ttl}s" -H "If-Match: $token" -d ''
    if [[ $STATUS == 200 ]]; then renewed=$sent; fi
    [[ $STATUS != 404 && $STATUS != 412 ]]
}
renewed=$asked
until renew && ((renewed > asked || $(seconds) - renewed <= ttl / 3)); do
    if [[ $STATUS == 404 || $STATUS == 412 ]] || (($(seconds) - asked > 90)); then exit 75; fi
    sleep 0.3
done

GACHE_FENCING_TOKEN=$token "$@" &
command=$!
trap 'kill -TERM "$command" 2>/dev/null' TERM INT
while kill -0 "$command" 2>/dev/null; do
    # Seconds are whole ones here, so a lease is called over a second early rather than late.
    if (($(seconds) - renewed >= ttl - 2)) || { (($(seconds) - renewed >= ttl / 3)) && ! renew; }; then
        echo 'lock.sh: the lock is lost, so the command is ended' >&2
        kill -TERM "$command" 2>/dev/null || true
        sleep 1
        kill -KILL "$command" 2>/dev/null || true
        exit 79
    fi
    sleep 0.2
done
code=0
wait "$command" || code=$?
exit "$code"
