/*
 * apps/demo/audit.c - audit of the stores after the demo: search for conflicting signatures.
 *
 * Nothing signed twice: the votes, envelopes and ballots that the killed peer had made durable
 * before it was
 * killed, and those of its second life, are put together and looked through. Finality: the store
 * of the
 * witness holds a finality proof of every epoch, without a gap.
 */
#include "apps/demo/demo.h"

#include "engine/consensus/simplex.h"
#include "engine/store/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIGNED_MAX = 65536,
    EPOCHS_LONGEST = 4, /* an epoch may stretch, with a leader down, to less than so many T */
};

/* One durable signature: class and key contain everything relevant. */
struct signed_key {
    enum assay_store_class class_;
    struct assay_store_key key;
};

struct ledger {
    size_t count;
    bool full;
    enum assay_store_class class_;
    struct signed_key items[SIGNED_MAX];
};

static struct ledger ledger;

static bool add_signed_key(void *context, const struct assay_store_key *key,
                           struct assay_slice value)
{
    struct ledger *into = context;
    (void)value;
    into->full = into->count == SIGNED_MAX;
    if (!into->full) into->items[into->count++] = (struct signed_key){ into->class_, *key };
    return !into->full;
}

static const struct assay_store_key first_key = { 0 };
static const struct assay_store_key last_key = {
    UINT32_MAX, UINT64_MAX, UINT64_MAX, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }
};

static struct assay_store *open_store(const char *path)
{
    char message[ASSAY_STORE_MESSAGE_LEN] = "";
    struct assay_store *store = NULL;
    if (assay_store_sqlite_open(path, &store, message, sizeof message) == ASSAY_OK) return store;
    (void)fprintf(stderr, "assay-demo: %s: %s\n", path, message);
    return NULL;
}

static bool collect_signed_keys(const char *path)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_VOTE, ASSAY_STORE_ENVELOPE,
                                                      ASSAY_STORE_BALLOT };
    struct assay_store *store = open_store(path);
    bool read = store != NULL;
    for (size_t i = 0; read && i < sizeof classes / sizeof classes[0]; i++) {
        ledger.class_ = classes[i];
        read = store->ops->scan(store, classes[i], &first_key, &last_key, false, add_signed_key,
                                &ledger) == ASSAY_OK;
    }
    if (store != NULL) store->ops->close(&store);
    return read && !ledger.full;
}

/* The peer is down: its store is copied, so that looking changes nothing. */
bool demo_audit_before(struct demo *demo, const struct demo_peer *peer)
{
    char from[PATH_MAX + 16], to[PATH_MAX + 16], path[PATH_MAX + 64], cp[] = "/bin/cp",
                                                                      how[] = "-r";
    (void)snprintf(from, sizeof from, "%s/state", peer->dir);
    (void)snprintf(to, sizeof to, "%s/state.killed", peer->dir);
    (void)snprintf(path, sizeof path, "%s/store.sqlite", to);
    char *argv[] = { cp, how, from, to, NULL };
    return demo_run(demo, peer->log, argv) == 0 && collect_signed_keys(path);
}

static bool same_place(const struct assay_store_key *a, const struct assay_store_key *b)
{
    return a->era == b->era && a->epoch == b->epoch;
}

/* Kind of a vote, by its stored number. */
static struct assay_vote_statement statement_of(const struct signed_key *vote)
{
    return (struct assay_vote_statement){ .view = vote->key.number / 8,
                                          .type = (enum assay_vote_type)(vote->key.number % 8) };
}

static bool is_x(const struct assay_vote_statement *statement)
{
    return assay_vote_kind(statement->type) == ASSAY_VOTE_NULLIFY;
}

/* Two N, two F, X and F in one view, X of a range among them; two envelopes or ballots of one
 * incarnation in one epoch. */
static bool is_conflict(const struct signed_key *a, const struct signed_key *b)
{
    if (a->class_ != b->class_ || !same_place(&a->key, &b->key)) return false;
    const bool other_id = !assay_bytes_equal(a->key.id, b->key.id, 32);
    if (a->class_ != ASSAY_STORE_VOTE) return a->key.number == b->key.number && other_id;
    const struct assay_vote_statement one = statement_of(a), other = statement_of(b);
    if (one.type == ASSAY_VOTE_FINALISE && is_x(&other)) return assay_vote_covers(&other, one.view);
    if (other.type == ASSAY_VOTE_FINALISE && is_x(&one)) return assay_vote_covers(&one, other.view);
    return one.view == other.view && one.type == other.type && other_id;
}

/* How many places after this one something may conflict with it. */
static size_t count_neighbours(const struct signed_key *key)
{
    enum { PLACES = 16 };
    if (key->class_ != ASSAY_STORE_VOTE) return PLACES;
    return PLACES * (size_t)assay_vote_span(statement_of(key).type);
}

static int by_place(const void *a, const void *b)
{
    const struct signed_key *left = a, *right = b;
    if (left->class_ != right->class_) return left->class_ < right->class_ ? -1 : 1;
    if (left->key.epoch != right->key.epoch) return left->key.epoch < right->key.epoch ? -1 : 1;
    return left->key.number < right->key.number ? -1 : left->key.number > right->key.number;
}

/* Sorted by class, epoch, view: possible conflicts are close together; but a range may be wide. */
static size_t count_conflicts(void)
{
    size_t conflicts = 0;
    qsort(ledger.items, ledger.count, sizeof ledger.items[0], by_place);
    for (size_t i = 0; i < ledger.count; i++)
        for (size_t k = i + 1; k < ledger.count && k < i + count_neighbours(&ledger.items[i]); k++)
            if (is_conflict(&ledger.items[i], &ledger.items[k])) conflicts++;
    return conflicts;
}

void demo_audit_signatures(struct demo *demo, const struct demo_peer *peer, const char *name)
{
    char path[PATH_MAX + 64];
    struct demo_check *check = demo_check(demo, name);
    const size_t before = ledger.count;
    (void)snprintf(path, sizeof path, "%s/state/store.sqlite", peer->dir);
    const bool read = collect_signed_keys(path);
    const size_t conflicts = count_conflicts();
    demo_settle(check, read && before > 0 && ledger.count > before && conflicts == 0,
                "%zu signatures before, %zu after, %zu conflicts", before, ledger.count - before,
                conflicts);
}

/* ------------------------------------------------------------ finality */

struct epochs {
    uint64_t first, last, count;        /* finality proofs */
    uint64_t closed, closed_ms;         /* EPOCH blocks: how many, time of the last one */
    uint64_t longest_ms, longest_epoch; /* between two of them */
};

static bool count_proof(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct epochs *seen = context;
    (void)value;
    if (seen->count == 0) seen->first = key->epoch;
    seen->last = key->epoch;
    seen->count++;
    return true;
}

/* Headers carry the time that the voters of that block agreed to. */
static bool measure_epoch(void *context, const struct assay_store_key *key,
                          struct assay_slice value)
{
    struct epochs *seen = context;
    struct assay_proposal proposal;
    if (assay_proposal_decode(value, &proposal) != ASSAY_OK) return false;
    if (proposal.header.kind != ASSAY_BLOCK_EPOCH) return true;
    const uint64_t took_ms = proposal.header.time_ms - seen->closed_ms;
    if (seen->closed > 0 && took_ms > seen->longest_ms) {
        seen->longest_ms = took_ms;
        seen->longest_epoch = key->epoch;
    }
    seen->closed_ms = proposal.header.time_ms;
    seen->closed++;
    return true;
}

static bool read_epochs(struct demo *demo, const struct demo_peer *peer, struct epochs *seen)
{
    char path[PATH_MAX + 64];
    (void)demo;
    (void)snprintf(path, sizeof path, "%s/state/store.sqlite", peer->dir);
    struct assay_store *store = open_store(path);
    if (store == NULL) return false;
    bool read = store->ops->scan(store, ASSAY_STORE_FINALITY, &first_key, &last_key, false,
                                 count_proof, seen) == ASSAY_OK;
    read = store->ops->scan(store, ASSAY_STORE_BLOCK, &first_key, &last_key, false, measure_epoch,
                            seen) == ASSAY_OK &&
           read;
    store->ops->close(&store);
    return read;
}

/* One epoch of each era but the last is closed by operators, not by an EPOCH block. */
static bool all_proven(const struct epochs *seen, uint64_t eras_over)
{
    return seen->count > 0 && seen->first <= 1 && seen->last - seen->first + 1 == seen->count &&
           seen->closed + eras_over == seen->count;
}

void demo_audit_proofs(struct demo *demo, const struct demo_peer *peer, const char *check)
{
    struct epochs seen = { 0 };
    const bool whole = read_epochs(demo, peer, &seen) && all_proven(&seen, peer->now.era);
    demo_settle(demo_check(demo, check), whole,
                "epochs %llu to %llu, %llu proofs", (unsigned long long)seen.first,
                (unsigned long long)seen.last, (unsigned long long)seen.count);
}

void demo_audit_finality(struct demo *demo, const struct demo_peer *peer)
{
    struct epochs seen = { 0 };
    const bool whole = read_epochs(demo, peer, &seen) && all_proven(&seen, 0);
    demo_settle(demo_check(demo, "every epoch was finalised"),
                whole && seen.longest_ms < (uint64_t)EPOCHS_LONGEST * demo->options.epoch_ms,
                "epochs %llu to %llu, %llu proofs, the longest took %llu ms (epoch %llu)",
                (unsigned long long)seen.first, (unsigned long long)seen.last,
                (unsigned long long)seen.count, (unsigned long long)seen.longest_ms,
                (unsigned long long)seen.longest_epoch);
}
