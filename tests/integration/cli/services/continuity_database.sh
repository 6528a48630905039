#!/bin/sh
# The notes of examples/ over libassay-sqlite in a network: a program that is killed at any time goes on with what it had
# reported, an older database and an older folder are refused (ROLLBACK), a changed page too, and of two copies one history goes on.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
notes=${BIN%/bin}/examples/example_notes
[ -x "$notes" ] || { echo 'this build has no libassay-sqlite' >&2; exit 77; }

end_network() {
    "$ASSAY" setup local "$WORK/net" --stop >/dev/null 2>&1
    stop_all
}
trap end_network EXIT

expect 0 'services: ' "$ASSAY" setup local --dir net --services --epoch-ms 1500 --port 0
"$ASSAY" setup local net --start >start 2>&1 </dev/null || wrong "the network does not start: $(cat start)"
head -c 32 /dev/urandom >key
expect 0 '' "$ASSAY" checkpoint --out checkpoint --socket net/node-1/admin.sock

# exec_notes VERB NAME [NOTE]: folder NAME, database NAME.db. In a process of its own, which can be killed
exec_notes() {
    verb=$1 name=$2
    shift 2
    exec "$notes" "$verb" net/node-1/admin.svcs checkpoint key "$name" "$name.db" "$@"
}
notes() (exec_notes "$@")
# --- notes of several starts
expect 0 one notes create a one
expect 0 '' notes open a two
cp -a a yesterday && cp a.db yesterday.db
expect 0 '' notes open a three
check 'three notes' test "$(notes open a | xargs)" = 'one two three'
check 'no file for its locks' test ! -e a.db-shm

# --- killed again and again
at=3
for delay in 0.2 0.5 0.8 1.1 1.4 1.7 2 2.5; do
    exec_notes open a "after $delay" >killed.out 2>killed.err &
    running=$!
    started="$started $running"
    sleep "$delay"
    kill -KILL $running 2>/dev/null
    wait $running 2>/dev/null
    notes open a >found 2>errors || wrong "a start after a kill at $delay: $(cat errors)"
    count=$(wc -l <found)
    reported=$(wc -l <killed.out)
    check "killed after $delay s: $at notes before, $reported reported, $count found" \
        test "$count" -ge "$reported" -a "$count" -ge $at -a "$count" -le $((at + 1))
    at=$count
done

# --- yesterday's database with today's folder, yesterday's folder, a page that was changed, another instance's database
cp -a a now && cp a.db now.db && cp yesterday.db a.db
expect 1 'a.db: certified last was commit ' notes open a
expect 1 'certified last was index ' notes open yesterday
cp now.db a.db && printf x | dd of=a.db bs=1 seek=5000 conv=notrunc status=none
expect 1 'ROLLBACK: ' notes open a
expect 0 'other' notes create b other
cp b.db a.db
expect 1 'ROLLBACK: ' notes open a
cp now.db a.db && : >a.db-journal
expect 1 'a.db-journal: expected no rollback journal' notes open a
rm a.db-journal
check 'the newest files are accepted' test "$(notes open a | wc -l)" -eq $at

# --- a copy: the one that starts with the newer history goes on
cp -a a clone && cp a.db clone.db
expect 0 'of the clone' notes open clone 'of the clone'
expect 1 'ROLLBACK: ' notes open a 'of the original'
expect 0 'of the clone' notes open clone

finish
