# shellcheck shell=bash
# For the scripts beside it: asks gache, and repeats a request as it was until its answer is known.
#
#   gache METHOD TARGET [ARGUMENTS OF CURL]     TARGET is what follows /key/, with its query
#
# leaves the answer in STATUS, REVISION (of the key, without quotes) and BODY. A write has one Idempotency-Key for all its repeats, so it takes effect
# once, and a repeat gets the answer of the first. 503 and 429 are repeated because nothing happened, 504 and lost connections because nobody knows.
# It gives up after PATIENCE seconds (30), with STATUS=000 if there was no answer at all.

gache() {
    local method=$1 target=$2 id server folder until=$((SECONDS + ${PATIENCE:-30}))
    shift 2
    id=$(cat /proc/sys/kernel/random/uuid)
    folder=$(mktemp -d)
    while :; do
        for server in ${GACHE//,/ }; do
            STATUS=$(curl -sS -L --connect-timeout 2 --max-time "${MAX_TIME:-15}" -X "$method" -H "Idempotency-Key: $id" \
                -o "$folder/body" -D "$folder/head" -w '%{http_code}' "$@" "http://$server/key/$target" 2>"$folder/errors") || STATUS=000
            case $STATUS in
                000 | 429 | 5??) ;;
                *) break 2 ;;
            esac
        done
        if ((SECONDS >= until)); then break; fi
        sleep 0.3
    done
    # curl keeps the heads of redirects, too: the last one counts.
    REVISION=$(sed -n 's/^gache-revision: *\([0-9]*\).*/\1/Ip' "$folder/head" 2>/dev/null | tail -n 1)
    BODY=
    if [[ -f $folder/body ]]; then BODY=$(<"$folder/body"); fi
    rm -rf "$folder"
}

: "${GACHE:=localhost:8000}" "${REVISION:=}" "${BODY:=}"
