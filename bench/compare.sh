#!/usr/bin/env bash
# Measures gache beside a bare minimal API and etcd, interleaved in one run on one machine, and prints a Markdown table.
# Only ratios within a round count: a machine's speed drifts.
#
#   bench/compare.sh [--rounds 5] [--seconds 5] [--only bare,gache1,gache3,etcd1,etcd3]
#
# Needs Debian's packages wrk and etcd-server, and curl. Everything is on 127.0.0.1 and ended when the script ends.
set -euo pipefail

root=$(cd "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
rounds=5 seconds=5 only=bare,gache1,gache3,etcd1,etcd3
while [[ $# -gt 0 ]]; do
    case $1 in
        --rounds) rounds=$2 ;;
        --seconds) seconds=$2 ;;
        --only) only=$2 ;;
        *) echo "compare.sh: unknown option $1" >&2; exit 64 ;;
    esac
    shift 2
done
for tool in wrk curl dotnet; do command -v "$tool" >/dev/null || { echo "compare.sh: needs $tool" >&2; exit 69; }; done

# Not /tmp, which is often in memory: a sync must cost what it costs.
mkdir -p "$root/tmp"
work=$(mktemp -d "$root/tmp/bench.XXXXXX")
export BENCH_WRK=$root/bench/wrk
declare -A pids=() url=() # of each contestant: its processes, and where the load goes
declare -a started=()

finish() {
    for pid in ${started[@]+"${started[@]}"}; do kill -KILL "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

wanted() { [[ ,$only, == *,$1,* ]]; }

next_port=$((20000 + RANDOM % 10000))
free_port() { # sets $port
    while :; do
        next_port=$((next_port + 1))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$next_port") 2>/dev/null; then port=$next_port; return; fi
    done
}

start() { # start <contestant> <log> <command ...>
    local name=$1 log=$2
    shift 2
    "$@" >"$work/$log.log" 2>&1 </dev/null &
    started+=("$!")
    pids[$name]="${pids[$name]:-} $!"
}

until_ok() { # until_ok <url> <log>: waits for a 2xx
    local deadline=$((SECONDS + 180))
    until curl -sf -o /dev/null -m 2 "$1"; do
        if ((SECONDS > deadline)); then echo "compare.sh: no answer from $1" >&2; tail -n 20 "$work/$2.log" >&2; exit 69; fi
        sleep 0.1
    done
}

start_bare() {
    dotnet publish "$root/bench/Gache.Bench.Bare" -c Release -o "$work/bare" --artifacts-path "$root/.gache-build/bench" --disable-build-servers \
        >"$work/bare-build.log" 2>&1 || { cat "$work/bare-build.log" >&2; exit 125; }
    free_port
    url[bare]=http://127.0.0.1:$port
    start bare bare "$work/bare/gache-bench-bare" --urls "${url[bare]}"
    until_ok "${url[bare]}/key/k" bare
}

start_gache() { # start_gache <contestant> <nodes>
    local name=$1 n api raft first='' join
    for ((n = 1; n <= $2; n++)); do
        free_port; api=$port
        free_port; raft=$port
        join=()
        if [[ -n $first ]]; then join=(--raft-join "127.0.0.1:$first"); else first=$api; fi
        start "$name" "$name-$n" "$root/gache" --raft-addr "127.0.0.1:$raft" --raft-dir "$work/$name-$n" -p "$api" ${join[@]+"${join[@]}"}
        until_ok "http://127.0.0.1:$api/readyz" "$name-$n"
    done
    # The first node leads unless something went wrong; a redirect would be measured as an answer.
    url[$name]=http://127.0.0.1:$first
    curl -sf -o /dev/null -X POST -d x "${url[$name]}/key/k" || { echo "compare.sh: the first node of $name does not lead" >&2; exit 69; }
    if (($2 > 1)); then
        until [[ $(curl -s "${url[$name]}/cluster" | grep -oE '"role": ?"(leader|voter)"' | wc -l) == "$2" ]]; do sleep 0.1; done
    fi
}

start_etcd() { # start_etcd <contestant> <members>
    local name=$1 n cluster='' status
    local -a client=() peer=()
    for ((n = 1; n <= $2; n++)); do
        free_port; client[n]=http://127.0.0.1:$port
        free_port; peer[n]=http://127.0.0.1:$port
        cluster+=${cluster:+,}m$n=${peer[n]}
    done
    for ((n = 1; n <= $2; n++)); do
        start "$name" "$name-$n" etcd --name "m$n" --data-dir "$work/$name-$n" --log-level error \
            --listen-client-urls "${client[n]}" --advertise-client-urls "${client[n]}" --listen-peer-urls "${peer[n]}" \
            --initial-advertise-peer-urls "${peer[n]}" --initial-cluster "$cluster" --initial-cluster-state new
    done
    for ((n = 1; n <= $2; n++)); do until_ok "${client[n]}/health" "$name-$n"; done
    for ((n = 1; n <= $2; n++)); do # etcd is at its best when its leader is asked
        status=$(curl -s -X POST -d '{}' "${client[n]}/v3/maintenance/status")
        if [[ $(grep -oE '"member_id": ?"[0-9]+"' <<<"$status" | tr -dc 0-9) == $(grep -oE '"leader": ?"[0-9]+"' <<<"$status" | tr -dc 0-9) ]]; then
            url[$name]=${client[n]}
        fi
    done
}

# contestant, operation, connections
cases=()
add() { if wanted "$1"; then cases+=("$*"); fi; }
add bare GET 64
add gache1 GET 64
add gache3 GET 64
add bare POST 64
add gache1 POST 64
for c in 1 64 256; do add etcd1 POST "$c"; add gache3 POST "$c"; add etcd3 POST "$c"; done

length_of() { # the bytes of one answer, head and all
    case $1-$2 in
        *-GET) curl -s -i "${url[$1]}/key/k" ;;
        etcd*-POST) curl -s -i -X POST -d '{"key":"AAAA","value":"AAAA"}' "${url[$1]}/v3/kv/put" ;;
        *-POST) curl -s -i -X POST -d x "${url[$1]}/key/length" ;;
    esac | wc -c
}

cpu_ticks() { # of a contestant's processes, in 1/100 s
    local pid sum=0 stat
    for pid in ${pids[$1]}; do
        read -r stat <"/proc/$pid/stat"
        # shellcheck disable=SC2086
        set -- ${stat##*) }
        sum=$((sum + ${12} + ${13}))
    done
    echo "$sum"
}

run() { # run <contestant> <operation> <connections> <seconds>: "rate p50_us p99_us cpu_us"
    local name=$1 op=$2 c=$3 script=post path=/key/k threads=2 before after out length
    if [[ $op == GET ]]; then script=get; elif [[ $name == etcd* ]]; then script=etcd-put; path=/v3/kv/put; fi
    if ((c < threads)); then threads=$c; fi
    length=$(length_of "$name" "$op")
    before=$(cpu_ticks "$name")
    out=$(wrk -t "$threads" -c "$c" -d "${4}s" -s "$BENCH_WRK/$script.lua" "${url[$name]}$path")
    after=$(cpu_ticks "$name")
    awk -v length_="$length" -v cpu=$((after - before)) -v what="$name $op c=$c" '
        /^RESULT / {
            seen = 1; per = $4 / $2
            if ($5 > 0) { print what ": " $5 " of " $2 " answers were errors" >"/dev/stderr"; exit 1 }
            # Revisions grow, dates do not: a redirect or a problem document differs by more than this.
            if (per < length_ - 16 || per > length_ + 24) { print what ": answers of " per " bytes, expected " length_ >"/dev/stderr"; exit 1 }
            printf "%.0f %d %d %.1f\n", $2 / ($3 / 1e6), $6, $7, cpu * 1e4 / $2
        }
        END { if (!seen) exit 1 }' <<<"$out" || { echo "$out" >&2; exit 70; }
}

if wanted bare; then start_bare; fi
if wanted gache1; then start_gache gache1 1; fi
if wanted gache3; then start_gache gache3 3; fi
if wanted etcd1; then start_etcd etcd1 1; fi
if wanted etcd3; then start_etcd etcd3 3; fi
for name in gache1 gache3; do # what GET reads
    if wanted "$name"; then curl -sf -o /dev/null -X POST -d "$(printf 'x%.0s' {1..100})" "${url[$name]}/key/k"; fi
done

echo "warming up" >&2
# shellcheck disable=SC2086
for case in "${cases[@]}"; do run $case 2 >/dev/null; done
for ((round = 1; round <= rounds; round++)); do
    echo "round $round of $rounds" >&2
    for ((i = 0; i < ${#cases[@]}; i++)); do
        case=${cases[(i + round) % ${#cases[@]}]} # another one is first each time
        # shellcheck disable=SC2086
        result=$(run $case "$seconds")
        echo "$round $case $result" >>"$work/results"
    done
done

echo "$rounds rounds of $seconds s, $(nproc) processors, $(stat -f -c %T "$work"), $(date -u +%F), $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo '?')"
awk '
    function sorted(list, n,    i, j, t) { for (i = 2; i <= n; i++) for (j = i; j > 1 && list[j-1] > list[j]; j--) { t = list[j]; list[j] = list[j-1]; list[j-1] = t } }
    function median(list, n) { return n % 2 ? list[(n+1)/2] : (list[n/2] + list[n/2+1]) / 2 }
    function spread(field, key, format,    n, list, r) {
        n = 0; for (r = 1; r <= rounds; r++) list[++n] = value[field, key, r]
        sorted(list, n); return sprintf(format " [" format "-" format "]", median(list, n), list[1], list[n])
    }
    function middle(field, key,    n, list, r) { n = 0; for (r = 1; r <= rounds; r++) list[++n] = value[field, key, r]; sorted(list, n); return median(list, n) }
    function ratio(op, c, a, b,    ka, kb, n, list, r) {
        ka = a " " op " " c; kb = b " " op " " c
        if (!(ka in known) || !(kb in known)) return
        n = 0; for (r = 1; r <= rounds; r++) list[++n] = value["rate", ka, r] / value["rate", kb, r]
        sorted(list, n); printf "| %s c=%d | %s / %s | %.2f [%.2f-%.2f] |\n", op, c, a, b, median(list, n), list[1], list[n]
    }
    {
        key = $2 " " $3 " " $4; if ($1 > rounds) rounds = $1
        if (!(key in known)) { known[key] = 1; order[++count] = key }
        value["rate", key, $1] = $5; value["p50", key, $1] = $6; value["p99", key, $1] = $7; value["cpu", key, $1] = $8
    }
    END {
        print "\n| who | what | requests/s, median [min-max] | p50, us | p99, us | CPU us a request, all its processes |\n|---|---|---|---|---|---|"
        for (i = 1; i <= count; i++) {
            split(order[i], k, " ")
            printf "| %s | %s c=%d | %s | %d | %d | %.1f |\n", k[1], k[2], k[3], spread("rate", order[i], "%.0f"), middle("p50", order[i]), middle("p99", order[i]), middle("cpu", order[i])
        }
        print "\n| what | ratio | median [min-max] of the rounds |\n|---|---|---|"
        ratio("POST", 64, "gache1", "etcd1")
        ratio("GET", 64, "gache1", "bare"); ratio("GET", 64, "gache3", "bare"); ratio("POST", 64, "gache1", "bare")
        split("1 64 256", cs, " ")
        for (i = 1; i <= 3; i++) ratio("POST", cs[i], "gache3", "etcd3")
    }' <(sort -k2,3 -k4,4n -k1,1n "$work/results")
