/*
 * quote/verifier.c - bounded cache of proofs and authorities, in memory of the caller.
 *
 * An entry is a function of the bytes whose SHA-256 is its key, so it can be neither stale nor
 * confused with another: nothing is invalidated when collateral, policy or time
 * change. Entries hang in a hash table and in a list by last use; the least recently used one is
 * evicted first. Unused entries are not touched: a cache for a thousand platforms costs a node with
 * twenty as much as twenty. An attacker that forces digests into one bucket, or floods the cache,
 * only slows others down (at most a walk over all entries). Authorities are separate, so that a
 * flood of platforms cannot evict them.
 *
 * Tables of multiples cost 20 ms and 150 KB each, so nothing but genuine quotes earns one: bytes
 * that an attacker can make, even a million of them, end in another verdict. A platform of an
 * attacker earns one by ASSAY_VERIFIER_HOT quotes, and takes none from a platform that sends, too.
 */
#include "quote/verifier.h"

#include "base/assert.h"

#include <stdalign.h>

enum {
    AUTHORITIES = 16, /* roots and their CAs: Intel three, AMD nine, and room */
    PIECES_MAX = 10,
    USED_MAX = 4, /* keys of one appraisal that can have tables: TPM, and the machine below it */
};

#define NO_ENTRY UINT32_MAX

struct assay_entry {
    bool used;
    uint32_t leases;       /* held by appraisals under way: not to be thrown out */
    uint32_t next;         /* in its bucket */
    uint32_t older, newer; /* by last use */
    uint8_t digest[ASSAY_SHA256_LEN];
    bool has_note;
    uint8_t note[ASSAY_SHA256_LEN];
    /* --- the key's table; times are counted in genuine quotes of all platforms */
    bool has_table;
    uint32_t quotes;       /* genuine ones towards a table */
    uint64_t counted_from; /* the first of them */
    uint64_t last_genuine;
    struct assay_proven proven;
};

struct authority_entry {
    bool used;
    uint64_t last_use;
    uint8_t digest[ASSAY_SHA256_LEN];
    struct assay_authority authority;
};

struct assay_verifier {
    uint64_t uses;
    struct assay_verifier_counts counts;
    struct authority_entry authorities[AUTHORITIES];
    uint32_t oldest, newest; /* of those in the list; NO_ENTRY: none is */
    size_t touched;          /* entries[0 .. touched) are in the list */
    size_t bucket_count;
    uint32_t *buckets; /* behind the entries */
    size_t table_max;
    uint64_t genuine;        /* quotes of remembered keys */
    uint32_t used[USED_MAX]; /* entries of the running appraisal whose key can have a table */
    size_t used_count;
    size_t entry_count;
    struct assay_entry entries[];
};

_Static_assert(ASSAY_VERIFIER_ENTRIES_MAX < NO_ENTRY, "an index fits");
_Static_assert(alignof(struct assay_entry) % alignof(uint32_t) == 0, "buckets follow entries");

static size_t bucket_count_of(size_t entries)
{
    return 2 * entries;
}

size_t assay_verifier_size(size_t entries)
{
    ASSAY_ASSERT(entries >= 1);
    ASSAY_ASSERT(entries <= ASSAY_VERIFIER_ENTRIES_MAX);
    return sizeof(struct assay_verifier) + entries * sizeof(struct assay_entry) +
           bucket_count_of(entries) * sizeof(uint32_t);
}

enum assay_status assay_verifier_init(void *memory, size_t memory_len, size_t entries,
                                      struct assay_verifier **verifier)
{
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT((uintptr_t)memory % alignof(struct assay_verifier) == 0);
    if (memory_len < assay_verifier_size(entries)) return ASSAY_E_FULL;
    struct assay_verifier *const v = memory;
    v->uses = 0;
    v->counts = (struct assay_verifier_counts){ 0 };
    v->entry_count = entries;
    v->bucket_count = bucket_count_of(entries);
    v->buckets = (uint32_t *)(void *)&v->entries[entries];
    v->oldest = v->newest = NO_ENTRY;
    v->touched = 0;
    v->table_max = 0;
    v->genuine = 0;
    v->used_count = 0;
    for (size_t i = 0; i < v->bucket_count; i++)
        v->buckets[i] = NO_ENTRY;
    for (size_t i = 0; i < AUTHORITIES; i++) {
        v->authorities[i].used = false;
        v->authorities[i].last_use = 0;
    }
    *verifier = v;
    return ASSAY_OK;
}

static size_t weight_of(const struct assay_verify_key *key)
{
    return key == NULL ? 0 : assay_public_key_weight(key);
}

/* --- the table and the list */
static uint32_t *bucket_of(struct assay_verifier *v, const uint8_t digest[static 8])
{
    uint64_t hash = 0;
    for (size_t i = 0; i < 8; i++)
        hash = hash << 8 | digest[i];
    return &v->buckets[hash % v->bucket_count];
}

static uint32_t index_of(const struct assay_verifier *v, const struct assay_entry *e)
{
    ASSAY_ASSERT(e >= v->entries && e < v->entries + v->entry_count);
    return (uint32_t)(e - v->entries); /* < ASSAY_VERIFIER_ENTRIES_MAX */
}

static void hang_up(struct assay_verifier *v, struct assay_entry *e)
{
    ASSAY_ASSERT(e->used);
    uint32_t *const bucket = bucket_of(v, e->digest);
    e->next = *bucket;
    *bucket = index_of(v, e);
}

static void take_down(struct assay_verifier *v, struct assay_entry *e)
{
    uint32_t *link = bucket_of(v, e->digest);
    while (*link != index_of(v, e)) {
        ASSAY_ASSERT(*link < v->entry_count);
        link = &v->entries[*link].next;
    }
    *link = e->next;
}

/* Where the link to a neighbour stands: in an entry, or at the end of the list. */
static uint32_t *newer_of(struct assay_verifier *v, uint32_t index)
{
    ASSAY_ASSERT(index == NO_ENTRY || index < v->touched);
    return index == NO_ENTRY ? &v->oldest : &v->entries[index].newer;
}

static uint32_t *older_of(struct assay_verifier *v, uint32_t index)
{
    ASSAY_ASSERT(index == NO_ENTRY || index < v->touched);
    return index == NO_ENTRY ? &v->newest : &v->entries[index].older;
}

static void append_entry(struct assay_verifier *v, struct assay_entry *e)
{
    e->older = v->newest;
    e->newer = NO_ENTRY;
    *newer_of(v, e->older) = index_of(v, e);
    v->newest = index_of(v, e);
}

static void make_newest(struct assay_verifier *v, struct assay_entry *e)
{
    *newer_of(v, e->older) = e->newer;
    *older_of(v, e->newer) = e->older;
    append_entry(v, e);
}

/* Returns: one that held nothing yet, in the list now; NULL when there is none */
static struct assay_entry *allocate_entry(struct assay_verifier *v)
{
    if (v->touched == v->entry_count) return NULL;
    struct assay_entry *const e = &v->entries[v->touched++];
    e->used = false;
    e->leases = 0;
    e->next = NO_ENTRY;
    append_entry(v, e);
    return e;
}

static struct assay_entry *find_entry(struct assay_verifier *v,
                                      const uint8_t digest[static ASSAY_SHA256_LEN])
{
    for (uint32_t i = *bucket_of(v, digest); i != NO_ENTRY; i = v->entries[i].next)
        if (assay_bytes_equal(v->entries[i].digest, digest, ASSAY_SHA256_LEN))
            return &v->entries[i];
    return NULL;
}

/* --- tables of multiples */
static void remove_table(struct assay_verifier *v, struct assay_entry *e)
{
    if (!e->has_table) return;
    v->counts.key_bytes -= weight_of(e->proven.key);
    assay_public_key_remove_table(e->proven.key);
    v->counts.key_bytes += weight_of(e->proven.key);
    ASSAY_ASSERT(v->counts.tables_used > 0);
    v->counts.tables_used -= 1;
    e->has_table = false;
}

/* The one whose platform sent nothing genuine for longest. Returns: NULL when there is no table */
static struct assay_entry *find_oldest_table(struct assay_verifier *v)
{
    struct assay_entry *oldest = NULL;
    for (size_t i = 0; i < v->touched; i++) {
        struct assay_entry *const e = &v->entries[i];
        if (!e->used || !e->has_table) continue;
        if (oldest == NULL || e->last_genuine < oldest->last_genuine) oldest = e;
    }
    return oldest;
}

void assay_verifier_limit_tables(struct assay_verifier *verifier, size_t count)
{
    ASSAY_ASSERT(count <= ASSAY_VERIFIER_TABLED_MAX);
    verifier->table_max = count;
    while (verifier->counts.tables_used > count)
        remove_table(verifier, find_oldest_table(verifier));
}

/* Returns: true when there is room for a table of a platform that is counted from then on. */
static bool make_room(struct assay_verifier *v, uint64_t counted_from)
{
    if (v->counts.tables_used < v->table_max) return true;
    struct assay_entry *const oldest = find_oldest_table(v);
    ASSAY_ASSERT(oldest != NULL);
    if (oldest->last_genuine >= counted_from) return false; /* every table is in use */
    remove_table(v, oldest);
    return true;
}

static void count_genuine(struct assay_verifier *v, struct assay_entry *e)
{
    v->genuine += 1;
    e->last_genuine = v->genuine;
    if (e->has_table || v->table_max == 0) return;
    if (e->quotes == 0) e->counted_from = v->genuine;
    e->quotes += 1;
    if (e->quotes < ASSAY_VERIFIER_HOT) return;
    e->quotes = 0; /* without room it has to earn one again: the work stays bounded */
    if (!make_room(v, e->counted_from)) return;
    v->counts.key_bytes -= weight_of(e->proven.key);
    e->has_table = assay_public_key_add_table(e->proven.key);
    v->counts.key_bytes += weight_of(e->proven.key);
    if (e->has_table) v->counts.tables_used += 1;
}

void assay_verifier_conclude(struct assay_verifier *verifier, bool genuine)
{
    ASSAY_ASSERT(verifier->used_count <= USED_MAX);
    for (size_t i = 0; i < verifier->used_count && genuine; i++)
        count_genuine(verifier, &verifier->entries[verifier->used[i]]);
    verifier->used_count = 0;
}

static void note_use(struct assay_verifier *v, const struct assay_entry *e)
{
    if (e->proven.key == NULL || !assay_public_key_takes_table(e->proven.key)) return;
    if (v->used_count == USED_MAX) return; /* no kind of evidence uses as many */
    v->used[v->used_count] = index_of(v, e);
    v->used_count += 1;
}

/* An entry that is evicted within the appraisal: another platform takes its place. */
static void forget_use(struct assay_verifier *v, const struct assay_entry *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->used_count; i++)
        if (v->used[i] != index_of(v, e)) v->used[kept++] = v->used[i];
    v->used_count = kept;
}

static void remove_entry(struct assay_verifier *v, struct assay_entry *e)
{
    if (!e->used) return;
    ASSAY_ASSERT(e->leases == 0);
    take_down(v, e);
    forget_use(v, e);
    remove_table(v, e);
    ASSAY_ASSERT(v->counts.entries_used > 0);
    v->counts.entries_used -= 1;
    ASSAY_ASSERT(v->counts.key_bytes >= weight_of(e->proven.key));
    v->counts.key_bytes -= weight_of(e->proven.key);
    assay_public_key_free(&e->proven.key);
    e->used = false;
}

static void forget_authority(struct assay_verifier *v, struct authority_entry *e)
{
    if (!e->used) return;
    ASSAY_ASSERT(v->counts.key_bytes >= weight_of(e->authority.key));
    v->counts.key_bytes -= weight_of(e->authority.key);
    assay_public_key_free(&e->authority.key);
    e->used = false;
}

void assay_verifier_deinit(struct assay_verifier **verifier)
{
    ASSAY_ASSERT(verifier != NULL);
    struct assay_verifier *const v = *verifier;
    if (v == NULL) return;
    for (size_t i = 0; i < v->touched; i++)
        remove_entry(v, &v->entries[i]);
    for (size_t i = 0; i < AUTHORITIES; i++)
        forget_authority(v, &v->authorities[i]);
    ASSAY_ASSERT(v->counts.entries_used == 0);
    ASSAY_ASSERT(v->counts.key_bytes == 0 && v->counts.tables_used == 0);
    *verifier = NULL;
}

void assay_verifier_count(const struct assay_verifier *verifier,
                          struct assay_verifier_counts *counts)
{
    *counts = verifier->counts;
}

/* --- leases */
/* Kind and lengths stand before the bytes, so no two lists of pieces have one digest. */
static void name_pieces(enum assay_evidence_kind kind, const struct assay_slice *pieces,
                        size_t count, uint8_t digest[static ASSAY_SHA256_LEN])
{
    uint8_t head[2 + 4 * PIECES_MAX];
    struct assay_slice all[1 + PIECES_MAX];
    ASSAY_ASSERT(count >= 1 && count <= PIECES_MAX);
    head[0] = (uint8_t)kind;
    head[1] = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        const size_t len = pieces[i].len;
        for (size_t k = 0; k < 4; k++)
            head[2 + 4 * i + k] = (uint8_t)(len >> 8 * k & 0xff);
        all[1 + i] = pieces[i];
    }
    all[0] = assay_slice_over(head, 2 + 4 * count);
    assay_sha256_pieces(all, 1 + count, digest);
}

void assay_lease_open(struct assay_verifier *verifier, enum assay_evidence_kind kind,
                      const struct assay_slice *pieces, size_t count, struct assay_lease *lease)
{
    ASSAY_ASSERT(lease != NULL);
    lease->verifier = verifier;
    lease->entry = NULL;
    lease->proven = NULL;
    if (verifier != NULL) {
        name_pieces(kind, pieces, count, lease->digest);
        lease->entry = find_entry(verifier, lease->digest);
        if (lease->entry != NULL) {
            make_newest(verifier, lease->entry);
            lease->entry->leases += 1;
            lease->proven = &lease->entry->proven;
            verifier->counts.hits += 1;
            note_use(verifier, lease->entry);
            return;
        }
        verifier->counts.misses += 1;
    }
    assay_bytes_zero(&lease->own, sizeof lease->own);
}

/* A new one, or the one that was not wanted for longest. Returns: NULL when all are held */
static struct assay_entry *choose_victim(struct assay_verifier *v)
{
    struct assay_entry *const fresh = allocate_entry(v);
    if (fresh != NULL) return fresh;
    for (uint32_t i = v->oldest; i != NO_ENTRY; i = v->entries[i].newer)
        if (v->entries[i].leases == 0) return &v->entries[i];
    return NULL;
}

void assay_lease_retain(struct assay_lease *lease)
{
    struct assay_verifier *const v = lease->verifier;
    ASSAY_ASSERT(lease->proven == NULL);
    lease->proven = &lease->own;
    struct assay_entry *const e = v == NULL ? NULL : choose_victim(v);
    if (e == NULL) return;
    if (e->used) v->counts.evictions += 1;
    remove_entry(v, e);
    e->used = true;
    e->has_note = false;
    e->has_table = false;
    e->quotes = 0;
    e->last_genuine = 0;
    e->leases = 1;
    assay_bytes_copy(e->digest, sizeof e->digest, lease->digest, ASSAY_SHA256_LEN);
    e->proven = lease->own;
    hang_up(v, e);
    make_newest(v, e);
    lease->own.key = NULL; /* it went over */
    lease->entry = e;
    lease->proven = &e->proven;
    v->counts.entries_used += 1;
    ASSAY_ASSERT(v->counts.entries_used <= v->entry_count);
    v->counts.key_bytes += weight_of(e->proven.key);
}

void assay_lease_note(struct assay_lease *lease, const uint8_t digest[static ASSAY_SHA256_LEN])
{
    if (lease->entry == NULL) return;
    lease->entry->has_note = true;
    assay_bytes_copy(lease->entry->note, ASSAY_SHA256_LEN, digest, ASSAY_SHA256_LEN);
}

bool assay_lease_is_noted(const struct assay_lease *lease,
                          const uint8_t digest[static ASSAY_SHA256_LEN])
{
    return lease->entry != NULL && lease->entry->has_note &&
           assay_bytes_equal(lease->entry->note, digest, ASSAY_SHA256_LEN);
}

void assay_lease_close(struct assay_lease *lease)
{
    if (lease->entry != NULL) {
        ASSAY_ASSERT(lease->entry->leases > 0);
        lease->entry->leases -= 1;
    } else {
        assay_public_key_free(&lease->own.key);
    }
    lease->entry = NULL;
    lease->proven = NULL;
}

/* --- what is proven */
void assay_proven_fault(struct assay_proven *proven, enum assay_rule rule, uint32_t offset,
                        const char *expected, const char *observed)
{
    ASSAY_ASSERT(proven->fault_count <= ASSAY_PROVEN_FAULTS_MAX);
    if (proven->fault_count == ASSAY_PROVEN_FAULTS_MAX) return; /* the first ones are enough */
    proven->faults[proven->fault_count] =
        (struct assay_quote_fault){ rule, offset, expected, observed };
    proven->fault_count += 1;
}

void assay_proven_link(struct assay_proven *proven, const char *what,
                       const struct assay_certificate *c)
{
    ASSAY_ASSERT(proven->link_count < ASSAY_PROVEN_LINKS_MAX);
    struct assay_chain_link *const link = &proven->links[proven->link_count];
    link->what = what;
    link->from_unix_s = c->not_before_s;
    link->to_unix_s = c->not_after_s;
    link->may_sign_crl = c->has_key_usage && (c->key_usage & ASSAY_KEY_USAGE_CRL_SIGN) != 0;
    link->has_key_id = c->has_subject_key_id;
    assay_bytes_copy(link->name, sizeof link->name, c->subject_name, sizeof c->subject_name);
    assay_sha256(c->subject.der, c->subject.len, link->subject);
    assay_bytes_copy(link->key_name, sizeof link->key_name, c->key_name, sizeof c->key_name);
    assay_bytes_copy(link->serial, sizeof link->serial, c->serial, sizeof c->serial);
    assay_bytes_copy(link->key_id, sizeof link->key_id, c->subject_key_id,
                     sizeof c->subject_key_id);
    proven->link_count += 1;
}

void assay_proven_report(const struct assay_proven *proven, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(proven->fault_count <= ASSAY_PROVEN_FAULTS_MAX);
    for (uint32_t i = 0; i < proven->fault_count; i++) {
        const struct assay_quote_fault *const fault = &proven->faults[i];
        assay_verdict_add(verdict, fault->rule, fault->offset, fault->expected, fault->observed);
    }
    for (int i = 0; i < ASSAY_PROOF_COUNT; i++)
        if (proven->proofs[i] != ASSAY_PROOF_NOT_USED)
            assay_verdict_proof(verdict, (enum assay_proof)i,
                                (enum assay_proof_state)proven->proofs[i]);
}

/* --- authorities */
const struct assay_authority *assay_authority_find(struct assay_verifier *verifier,
                                                   const uint8_t digest[static ASSAY_SHA256_LEN])
{
    if (verifier == NULL) return NULL;
    for (size_t i = 0; i < AUTHORITIES; i++) {
        struct authority_entry *const e = &verifier->authorities[i];
        if (!e->used || !assay_bytes_equal(e->digest, digest, ASSAY_SHA256_LEN)) continue;
        verifier->uses += 1;
        e->last_use = verifier->uses;
        verifier->counts.authority_hits += 1;
        return &e->authority;
    }
    verifier->counts.authority_misses += 1;
    return NULL;
}

void assay_authority_add(struct assay_verifier *verifier,
                         const uint8_t digest[static ASSAY_SHA256_LEN],
                         const struct assay_certificate *certificate,
                         const uint8_t signer[static ASSAY_SHA256_LEN],
                         struct assay_verify_key **key)
{
    ASSAY_ASSERT(*key != NULL);
    if (verifier == NULL) return;
    struct authority_entry *e = &verifier->authorities[0];
    for (size_t i = 1; i < AUTHORITIES && e->used; i++) {
        struct authority_entry *const other = &verifier->authorities[i];
        if (!other->used || other->last_use < e->last_use) e = other;
    }
    forget_authority(verifier, e);
    verifier->uses += 1;
    e->used = true;
    e->last_use = verifier->uses;
    assay_bytes_copy(e->digest, sizeof e->digest, digest, ASSAY_SHA256_LEN);
    e->authority.certificate = *certificate;
    assay_bytes_copy(e->authority.signer, sizeof e->authority.signer, signer, ASSAY_SHA256_LEN);
    e->authority.key = *key;
    *key = NULL;
    verifier->counts.key_bytes += weight_of(e->authority.key);
}
