#!/usr/bin/env bash
# A queue of jobs: each is done at least once, and none is lost, whoever is killed when.
#
#   work-queue.sh add NAME JOB             puts a job into the queue
#   work-queue.sh work NAME COMMAND …      does jobs one after the other (COMMAND … JOB), until the queue has been empty for IDLE seconds (5)
#
# All keys of a queue have its name as {tag}, so they are in one slot:
#   {NAME}tail      the number of the last job, a counter
#   {NAME}head      up to here all are done
#   {NAME}job-N     the job's text; empty once it is done, and gone an hour later
#   {NAME}claim-N   who works on it; it expires, so that another takes over what a dead worker left
# A worker that is slower than its claim may do a job beside another one: that is what "at least once" means.
set -euo pipefail
if (($# < 3)); then
    echo 'usage: work-queue.sh add NAME JOB | work NAME COMMAND …' >&2
    exit 64
fi
cd_to=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=gache.sh
source "$cd_to/gache.sh"

what=$1 queue="%7B$2%7D"
shift 2
claim_for=${CLAIM:-30}

add() {
    local number
    while :; do
        gache POST "${queue}tail?add=1" -d ''
        [[ $STATUS == 200 ]]
        number=$BODY
        gache PUT "${queue}job-$number" -H 'If-None-Match: *' --data-binary "$1"
        if [[ $STATUS == 412 ]]; then continue; fi # a worker took us for dead and filled our place: the next number
        [[ $STATUS == 201 ]]

        # A producer that was asleep for long may find its place passed: a job that is not done, behind the head, is nobody's.
        read_number "${queue}head"
        if ((BODY < number)); then break; fi
        gache GET "${queue}job-$number"
        if [[ $STATUS != 200 || -z $BODY ]]; then break; fi
    done
}

read_number() { # of a counter that may not be there yet
    gache GET "$1"
    if [[ $STATUS == 404 ]]; then BODY=0; fi
    [[ $STATUS == 200 || $STATUS == 404 ]]
}

work() {
    local idle=$(seconds) head tail n job claim
    local -A missing=()
    while (($(seconds) - idle < ${IDLE:-5})); do
        read_number "${queue}head"
        head=$BODY
        read_number "${queue}tail"
        tail=$BODY
        for ((n = head + 1; n <= tail; n++)); do
            gache GET "${queue}job-$n"
            if [[ $STATUS == 404 ]]; then
                # Its producer has the number and has not written yet, or died in between: after ten seconds the place is filled.
                : "${missing[$n]:=$(seconds)}"
                if (($(seconds) - missing[$n] > 10)); then gache PUT "${queue}job-$n?ttl=1h" -H 'If-None-Match: *' -d ''; fi
                continue
            fi
            if [[ $STATUS != 200 ]]; then break; fi # nobody answers
            if [[ -z $BODY ]]; then # done
                # Moves on only from the number before, so that a worker with an old picture moves nothing back or too far.
                if ((n == head + 1)); then
                    gache POST "${queue}head?add=1&max=$n" -d ''
                    if [[ $STATUS == 200 && $BODY == "$n" ]]; then head=$n; else break; fi
                fi
                continue
            fi
            job=$BODY revision=$REVISION
            gache PUT "${queue}claim-$n?ttl=${claim_for}s" -H 'If-None-Match: *' -d "$(hostname):$$"
            if [[ $STATUS != 201 ]]; then continue; fi # another has it
            claim=$REVISION idle=$(seconds)
            if "$@" "$job"; then gache PUT "${queue}job-$n?ttl=1h" -H "If-Match: $revision" -d ''; fi
            gache DELETE "${queue}claim-$n" -H "If-Match: $claim"
            idle=$(seconds)
        done
        sleep 0.2
    done
}

case $what in
    add) add "$@" ;;
    work) work "$@" ;;
    *) exit 64 ;;
esac
