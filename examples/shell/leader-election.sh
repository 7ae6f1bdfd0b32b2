#!/usr/bin/env bash
# One leader among many processes: whoever creates the key leads, for as long as it renews it; the others wait in a queue.
#
#   leader-election.sh NAME MYSELF
#
# Prints "leads TERM" when this process begins to lead and "follows" when it may not any more, until it is told to end (SIGTERM, Ctrl-C); then it
# resigns, so that the next one leads at once. TERM rises from leader to leader: what a leader does to the world should carry it.
set -euo pipefail
if (($# < 2)); then
    echo 'usage: leader-election.sh NAME MYSELF' >&2
    exit 64
fi
cd_to=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=gache.sh
source "$cd_to/gache.sh"

name=$1 myself=$2
ttl=${TTL:-6}
term=

resign() {
    hang_up
    if [[ -n $term ]]; then PATIENCE=3 gache DELETE "$name" -H "If-Match: $term"; fi
    exit 0
}
trap resign TERM INT

while :; do
    asked=$(seconds)
    MAX_TIME=75 gache PUT "$name?ttl=${ttl}s&wait=1m" -H 'If-None-Match: *' -d "$myself"
    term=$REVISION
    if [[ $STATUS != 201 ]]; then
        term=
        continue
    fi

    # Only an acknowledged renewal says how long it is still ours.
    renewed=$(($(seconds) - asked > ttl / 3 ? $(seconds) - ttl : asked)) leads=
    while :; do
        if [[ -z $leads ]] || (($(seconds) - renewed >= ttl / 3)); then
            sent=$(seconds)
            PATIENCE=0 MAX_TIME=1 gache POST "$name?touch=${ttl}s" -H "If-Match: $term" -d ''
            case $STATUS in
                200)
                    renewed=$sent
                    if [[ -z $leads ]]; then echo "leads $term"; fi
                    leads=yes
                    ;;
                404 | 412) break ;; # another's, or nobody's
            esac
        fi
        if (($(seconds) - renewed >= ttl - 2)); then break; fi # it may be another's soon
        sleep 0.2
    done
    if [[ -n $leads ]]; then echo follows; fi
    term=
done
