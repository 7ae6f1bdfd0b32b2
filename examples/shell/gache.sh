# shellcheck shell=bash
# For the scripts beside it: asks gache, and repeats a request as it was until its answer is known.
#
#   gache METHOD TARGET [ARGUMENTS OF CURL]     TARGET is what follows /key/, with its query
#
# leaves the answer in STATUS, REVISION (of the key, without quotes) and BODY. A write has one Idempotency-Key for all its repeats, so it takes effect
# once, and a repeat gets the answer of the first. 503 and 429 are repeated because nothing happened, 504 and lost connections because nobody knows.
# It gives up after PATIENCE seconds (30), with STATUS=000 if there was no answer at all. That nobody answers is said once, on standard error.

# Whole seconds of a clock that nobody sets, unlike bash's own SECONDS.
seconds() {
    local since
    read -r since _ </proc/uptime
    echo "${since%%.*}"
}

gache() {
    local method=$1 target=$2 id server folder until heard
    until=$(($(seconds) + ${PATIENCE:-30}))
    shift 2
    id=$(cat /proc/sys/kernel/random/uuid)
    folder=$(mktemp -d)
    while :; do
        heard=
        for server in ${GACHE//,/ }; do
            # In the background, so that a signal is heard at once, and what waits at the server is hung up with it.
            curl -sS -L --connect-timeout 2 --max-time "${MAX_TIME:-15}" -X "$method" -H "Idempotency-Key: $id" \
                -o "$folder/body" -D "$folder/head" -w '%{http_code}' "$@" "http://$server/key/$target" >"$folder/status" 2>"$folder/errors" &
            ASKING=$!
            STATUS=000
            if wait "$ASKING"; then STATUS=$(<"$folder/status"); fi
            ASKING=
            if [[ $STATUS != 000 ]]; then heard=yes SAID=; fi
            case $STATUS in
                000 | 429 | 5??) ;;
                *) break 2 ;;
            esac
            if [[ ${PATIENCE:-30} == 0 ]] && (($(seconds) > until)); then break 2; fi
        done
        if (($(seconds) >= until)); then break; fi
        if [[ -z $heard ]]; then nobody_answers "$(tail -n 1 "$folder/errors")"; fi
        sleep 0.3
    done
    # curl keeps the heads of redirects, too: the last one counts.
    REVISION=$(sed -n 's/^gache-revision: *\([0-9]*\).*/\1/Ip' "$folder/head" 2>/dev/null | tail -n 1)
    BODY=
    if [[ -f $folder/body ]]; then BODY=$(<"$folder/body"); fi
    rm -rf "$folder"
}

nobody_answers() {
    if [[ -z $SAID ]]; then echo "${0##*/}: nobody answers at $GACHE${1:+ ($1)}; still trying" >&2; fi
    SAID=yes
}

# Ends a request that is under way: the server gives up the place of a client that has gone.
hang_up() {
    if [[ -n $ASKING ]]; then kill "$ASKING" 2>/dev/null || true; fi
    ASKING=
}

: "${GACHE:=localhost:8000}" "${REVISION:=}" "${BODY:=}" "${ASKING:=}" "${SAID:=}"
trap 'hang_up; exit 130' INT
trap 'hang_up; exit 143' TERM
