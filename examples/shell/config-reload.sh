#!/usr/bin/env bash
# Follows a configuration: prints "REVISION VALUE" for the present one, and again as soon as it changes.
#
#   config-reload.sh KEY
#
# One watch stays open, and each change that it tells is a reason to read the key. When the stream ends, the next node goes on after the last event, so
# nothing is missed; where no history reaches back so far any more (410), or the id is of another cluster (400), it begins anew. Versions that follow each
# other quickly may be skipped, the latest never is. "gone" is printed when the key is removed.
set -euo pipefail
if (($# < 1)); then
    echo 'usage: config-reload.sh KEY' >&2
    exit 64
fi
cd_to=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=gache.sh
source "$cd_to/gache.sh"

key=$1
id=     # of the last event
known=0 # the revision up to which all is known
shown=  # the revision that was printed last, or gone
stream=
trap 'if [[ -n $stream ]]; then kill "$stream" 2>/dev/null || true; fi' EXIT

gone() {
    if [[ $shown != gone ]]; then echo gone; fi
    shown=gone
}

# Reads the key, and prints what is new.
show() {
    gache GET "$key"
    case $STATUS in
        200)
            if [[ $shown != "$REVISION" ]]; then echo "$REVISION $BODY"; fi
            shown=$REVISION known=$REVISION
            ;;
        404) gone ;;
        *) return 1 ;; # nobody answers: what is known stays in use
    esac
}

# Follows one stream, at one node, until it ends.
follow() {
    local told='' event='' line revision after=()
    if [[ -n $id ]]; then after=(-H "Last-Event-ID: $id"); fi
    exec {events}< <(exec curl -sS -LN --connect-timeout 2 -w '\nstatus: %{http_code}\n' "${after[@]}" "http://$1/watch?key=$key" 2>/dev/null)
    stream=$!
    while IFS= read -r -t 25 -u "$events" line; do # something is told every ten seconds
        if [[ $line != 'status: 000' && -n $line ]]; then heard=yes SAID=; fi
        case $line in
            'id: '*) told=${line#id: } ;;
            'event: '*) event=${line#event: } ;;
            'status: 429') ;; # it passes
            'status: 4'*)
                id=
                if [[ $line == 'status: 400' ]]; then known=0 shown=; fi # of another cluster, with other revisions
                ;;
            'data: '*)
                revision=$(sed -n 's/.*"revision":\([0-9]*\),"slot":[0-9]*}$/\1/p' <<<"$line")
                if [[ $event == close && $line == *'"watch-compacted"'* ]]; then
                    id=
                    break
                elif [[ ($event == ready && -z $id) || ($event == put && $revision -gt $known) ]]; then
                    # All that came before the watch is in this read, all that comes after in the watch.
                    if ! show; then
                        id=
                        break
                    fi
                elif [[ ($event == delete || $event == expire) && $revision -gt $known ]]; then
                    known=$revision
                    gone
                fi
                id=$told
                ;;
        esac
    done
    exec {events}<&-
    kill "$stream" 2>/dev/null || true
    stream=
}

while :; do
    heard=
    for server in ${GACHE//,/ }; do
        follow "$server"
        sleep 0.3
    done
    if [[ -z $heard ]]; then nobody_answers; fi
done
