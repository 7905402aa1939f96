#!/usr/bin/env bash
# Debian's redis-cli and redis-benchmark against the server: what an operator types on the first day.
#
#     Tests/Clients/redis_tools.sh [server binary]
#
# Needs redis-cli, redis-benchmark, python3 (for the interactive prompt, through a pseudo terminal).
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
binary=${1:-$here/../../.build/release/martlet-server}
passed=0 failed=0 server_pid=

for program in redis-cli redis-benchmark python3; do
    command -v "$program" > /dev/null || { echo "missing program: $program (apt: redis-tools python3)"; exit 77; }
done
directory=$(mktemp -d)
cleanup() {
    [ -n "$server_pid" ] && kill "$server_pid" 2> /dev/null && wait "$server_pid" 2> /dev/null
    rm -rf "$directory"
}
trap cleanup EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cli() { timeout 600 redis-cli -p "$port" "$@" 2>&1; }
bench() { timeout 1200 redis-benchmark -p "$port" -n 20000 -c 20 "$@" 2>&1; }

start_server() {
    if ! command -v "$binary" > /dev/null; then
        echo "error: no executable $binary"; echo "0 passed, 1 failed"; exit 1
    fi
    "$binary" --port "$port" --unixsocket "$directory/socket" --dir "$directory" > "$directory/log" 2>&1 &
    server_pid=$!
    for _ in $(seq 6000); do
        [ "$(cli ping)" = PONG ] && return
        sleep 0.05
    done
    echo "error: the server did not start"; tail -20 "$directory/log"; echo "0 passed, 1 failed"; exit 1
}

# shown PATTERN COMMAND...: what the command prints, which is ended as soon as that holds the pattern.
shown() {
    "${@:2}" < /dev/null > "$directory/shown" 2>&1 &
    local process=$!
    for _ in $(seq 6000); do tr '\n' ' ' < "$directory/shown" | grep -qE -- "$1" && break; sleep 0.1; done
    kill "$process" 2> /dev/null
    wait "$process" 2> /dev/null
    cat "$directory/shown"
}

# check NAME WANTED FOUND: the found text must match the extended regular expression.
check() {
    if grep -qzE -- "$2" <<< "$3"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n  wanted: %s\n  found: %s\n' "$1" "$2" "${3:0:1000}"
    fi
}

one_shot() {
    check "set" '^OK' "$(cli set greeting hello)"
    check "get" '^hello' "$(cli get greeting)"
    check "get, RESP3" '^hello' "$(cli -3 get greeting)"
    check "nil" '\(nil\)' "$(cli --no-raw get missing)"
    check "integer" '\(integer\) 1' "$(cli --no-raw incr counter)"
    check "error" "ERR wrong number of arguments for 'get' command" "$(cli get)"
    check "error status with -e" '^1' "$(cli -e get > /dev/null; echo $?)"
    check "unix socket" '^hello' "$(redis-cli -s "$directory/socket" get greeting)"
    check "database" '^OK' "$(cli -n 3 set there 1)"
    check "other database" '^1' "$(cli -n 3 exists there)"
    check "repeated" '2.3.4' "$(cli -r 3 incr counter)"
    check "standard input as last argument" '^OK' "$(head -c 100000 /dev/urandom | base64 -w0 | cli -x set big)"
    check "its length" '^133336' "$(cli strlen big)"
    check "commands from a file" 'OK.1' "$(printf 'set x 0\nincr x\n' | cli)"
    check "HELLO 3" 'proto. => \(integer\) 3' "$(cli -3 --no-raw hello 3)"
    check "info" 'redis_version:7' "$(cli info server)"
    check "json" '"hello"' "$(cli --json get greeting)"
    check "csv" '"hello",NULL' "$(cli --csv mget greeting missing)"
}

pipe_mode() {
    # A hundred thousand commands on ten thousand keys.
    awk 'BEGIN { for (n = 0; n < 100000; n++) { key = "pipe:" (n % 10000 + 1)
        printf "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$1\r\nv\r\n", length(key), key } }' > "$directory/pipe"
    check "pipe" 'errors: 0, replies: 100000' "$(cli --pipe < "$directory/pipe")"
    check "pipe of inline commands" 'errors: 0, replies: 1000' \
        "$(for n in $(seq 1000); do printf 'SET inline:%d v\r\n' "$n"; done | cli --pipe)"
}

whole_keyspace() {
    check "scan with pattern" '^1112' "$(cli --scan --pattern 'pipe:1*' | wc -l)"
    check "scan of all" '^1100[0-9]' "$(cli --scan | sort -u | wc -l)"
    check "bigkeys" 'Sampled 1100[0-9] keys' "$(cli --bigkeys)"
    check "bigkeys, biggest" 'Biggest string found .*big.* has 133336 bytes' "$(cli --bigkeys)"
    check "memkeys" 'Biggest string found .*big.* has [0-9]{6} bytes' "$(cli --memkeys)"
}

collections() {
    for n in $(seq 200); do echo "HSET user:1 field:$n value"; echo "SADD tags tag:$n"; done | cli > /dev/null
    check "bigkeys, hash" 'Biggest +hash found .*user:1.* has 200 fields' "$(cli --bigkeys)"
    check "bigkeys, set" 'Biggest +set found .*tags.* has 200 members' "$(cli --bigkeys)"
    check "memkeys, hash" 'Biggest +hash found .*user:1.* has [0-9]+ bytes' "$(cli --memkeys)"
    check "scan by type" '^user:1' "$(cli scan 0 count 100000 type hash | tail -1)"
    check "hash, RESP3" '1\# .field:1. => .value.' "$(cli -3 --no-raw hset small field:1 value > /dev/null
        cli -3 --no-raw hgetall small)"
    check "set, RESP3" '1~ .a.' "$(cli sadd one a > /dev/null; cli -3 --no-raw smembers one)"
    check "transaction in a pipe" 'OK.QUEUED.QUEUED.OK.1' "$(printf 'MULTI\nSET t 0\nINCR t\nEXEC\n' | cli | tr '\n' ' ')"
    check "dump and restore" '^OK' "$(cli --raw dump user:1 | head -c -1 | cli -x restore copy 0)"
    check "the copy" '^200' "$(cli hlen copy)"
}

subscribing() {
    # Whoever publishes waits until somebody listens.
    (for _ in $(seq 6000); do [ "$(cli publish news hello)" = 1 ] && break; sleep 0.05; done) &
    local wanted='subscribe.*news.*message.*news.*hello'
    check "subscribe" "$wanted" "$(shown "$wanted" stdbuf -oL redis-cli -p "$port" subscribe news | tr '\n' ' ')"
    wait %% 2> /dev/null || true
}

watching() {
    local wanted='110[0-9]{2} +[0-9.]+[KMG] +[0-9]+ +0 +[0-9]+'
    check "stat" "$wanted" "$(shown "$wanted" stdbuf -oL redis-cli -p "$port" --stat -i 1)"
    wanted='min: [0-9]+, max: [0-9]+, avg: [0-9.]+ \([0-9]+ samples\)|^[0-9]+ [0-9]+ [0-9.]+ [0-9]+'
    check "latency" "$wanted" "$(shown "$wanted" redis-cli -p "$port" --latency -i 1 --raw)"
}

hot_keys() {
    check "hotkeys without LFU" 'An LFU maxmemory policy is not selected' "$(cli --hotkeys)"
    cli config set maxmemory-policy allkeys-lfu > /dev/null
    cli -r 300 get greeting > /dev/null
    check "hotkeys" 'hot key found with counter: [0-9]+.keyname: .?greeting' "$(cli --hotkeys)"
    cli config set maxmemory-policy noeviction > /dev/null
}

monitoring() {
    stdbuf -oL redis-cli -p "$port" monitor > "$directory/monitor" &
    local monitor=$!
    for _ in $(seq 6000); do grep -q '^OK' "$directory/monitor" && break; sleep 0.05; done
    cli config set requirepass '' > /dev/null
    cli set seen 1 > /dev/null
    for _ in $(seq 6000); do grep -q seen "$directory/monitor" && break; sleep 0.05; done
    kill "$monitor"
    wait "$monitor" 2> /dev/null || true
    check "monitor" '[0-9]+\.[0-9]{6} \[0 127\.0\.0\.1:[0-9]+\] "set" "seen" "1"' "$(cat "$directory/monitor")"
    check "monitor does not show what administrators do" 'nothing' "$(grep requirepass "$directory/monitor" || echo nothing)"
}

latency() {
    check "latency-dist" 'From 0 to 100%' \
        "$(shown 'From 0 to 100%' stdbuf -oL redis-cli -p "$port" --latency-dist -i 1)"
    cli config set latency-monitor-threshold 100000 > /dev/null
    check "latency doctor" 'Nothing has taken 100000 ms' "$(cli latency reset > /dev/null; cli latency doctor)"
    check "memory doctor" '.' "$(cli memory doctor)"
    check "memory stats" 'dataset.bytes' "$(cli memory stats)"
    check "memory malloc-stats" 'malloc: [0-9]+ bytes in use' "$(cli memory malloc-stats)"
    check "lolwut" 'Redis ver\. 7\.' "$(cli lolwut)"
    check "json of a map" '"flags":\["on","nopass","sanitize-payload"\]' "$(cli -3 --json acl getuser default)"
    check "role" 'master' "$(cli role)"
    cli config set latency-monitor-threshold 0 > /dev/null
}

benchmarks() {
    local tests=ping,set,get,incr,hset,sadd,spop,mset
    for depth in 1 16; do
        for protocol in "" -3; do
            local out
            out=$(bench -t "$tests" -P "$depth" $protocol --csv)
            check "benchmark -P $depth $protocol: every test has a line" \
                '"PING_INLINE",.*"SET",.*"GET",.*"INCR",.*"SADD",.*"HSET",.*"SPOP",.*"MSET \(10 keys\)",' \
                "$(tr '\n' ' ' <<< "$out")"
            check "benchmark -P $depth $protocol: no error" 'no error' \
                "$(grep -iE 'err|fail|fetch' <<< "$out" || echo 'no error')"
        done
    done
    check "benchmark with random keys" '"SET",' "$(bench -t set,get -r 1000 -d 1000 -P 4 --csv)"
    check "benchmark with threads" '"GET",' "$(bench -t get --threads 2 --csv)"
    check "benchmark of any command" 'requests per second' "$(bench -q setex __rand_int__ 100 value)"
}

start_server
one_shot
pipe_mode
whole_keyspace
collections
subscribing
watching
hot_keys
monitoring
latency
out=$(timeout 1800 python3 "$here/prompt.py" "$port")
check "interactive prompt" 'all as expected' "$out"
benchmarks
kill -TERM "$server_pid"
wait "$server_pid"
check "the server ends with status 0" '^0' "$?"
server_pid=
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
