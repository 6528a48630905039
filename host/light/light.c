/*
 * host/light/light.c - light client of the ledger (docs/services.md 9).
 */
#include "host/light/light.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/state/roster_digest.h"

static const char owner_tag[] = "assay/light/checkpoint/v1";

const char *assay_light_text(enum assay_light_answer answer)
{
    switch (answer) {
    case ASSAY_LIGHT_TAKEN: return "verified";
    case ASSAY_LIGHT_NOT_READ: return "truncated or not canonical: request it again, elsewhere";
    case ASSAY_LIGHT_NO_TABLE: return "the voters of the checkpoint are needed first";
    case ASSAY_LIGHT_OTHER_CHAIN:
        return "of another network than the checkpoint: connect to a node of its network";
    case ASSAY_LIGHT_OTHER_ERA:
        return "operators began another era: a checkpoint signed by the owner is needed";
    case ASSAY_LIGHT_OLDER: return "of an epoch that is not after the trusted one";
    case ASSAY_LIGHT_TIME_BACK: return "its time is not after the time of the trusted epoch";
    case ASSAY_LIGHT_TRUST_EXPIRED:
        return "more than the trusting period after the trusted epoch: an epoch between them, or a "
               "checkpoint signed by the owner is needed";
    case ASSAY_LIGHT_OTHER_STATE: return "leaf 0 is not of the block's state";
    case ASSAY_LIGHT_LONG_TAIL: return "too many headers behind its block: request another epoch";
    case ASSAY_LIGHT_OTHER_BLOCK: return "the certificate or the checkpoint names another block";
    case ASSAY_LIGHT_NOT_FINAL: return "its votes do not finalise a block";
    case ASSAY_LIGHT_OTHER_VOTERS: return "the table of voters is not the one that is proven";
    case ASSAY_LIGHT_BAD_TABLE: return "no network has such a table of voters";
    case ASSAY_LIGHT_VOTERS_CHANGED:
        return "two thirds of the trusted weight or less have signed: request an earlier epoch";
    case ASSAY_LIGHT_NO_OWNER: return "no key of an owner is pinned";
    case ASSAY_LIGHT_NOT_OWNER: return "the pinned owner has not signed it";
    }
    return "unknown";
}

void assay_light_init(struct assay_light *light, const struct assay_checkpoint *checkpoint,
                      const uint8_t *owner)
{
    *light = (struct assay_light){ .at = *checkpoint, .has_owner = owner != NULL };
    if (owner != NULL) assay_bytes_copy(light->owner, sizeof light->owner, owner, 64);
}

/* --- tables */

static bool has_key(const struct assay_light_table *table, const uint8_t *key)
{
    for (uint32_t i = 0; i < table->count; i++)
        if (assay_bytes_equal(table->voter[i].key, key, ASSAY_P256_PUBLIC_LEN)) return true;
    return false;
}

/* services.md 9.5: a key has one row, so that it is counted once. */
static enum assay_light_answer add_voter(struct assay_light_table *table, uint32_t slot,
                                         const struct assay_roster_row *row)
{
    table->total_weight += row->weight;
    if (row->weight == 0 || assay_roster_row_is_keyless(row)) return ASSAY_LIGHT_TAKEN;
    if (table->count == ASSAY_LIGHT_VOTERS_MAX || has_key(table, row->voting_public))
        return ASSAY_LIGHT_BAD_TABLE;
    struct assay_light_voter *voter = &table->voter[table->count++];
    *voter = (struct assay_light_voter){ .slot = slot, .weight = row->weight };
    assay_bytes_copy(voter->key, sizeof voter->key, row->voting_public, ASSAY_P256_PUBLIC_LEN);
    return ASSAY_LIGHT_TAKEN;
}

static enum assay_status count_rows(struct assay_slice rows, uint32_t *count)
{
    struct assay_cursor c = assay_cursor_over(rows.bytes, rows.len);
    struct assay_roster_row row;
    for (*count = 0; assay_cursor_left(&c) > 0; (*count)++) {
        if (*count == ASSAY_MEMBERS_MAX) return ASSAY_E_RANGE;
        ASSAY_TRY(assay_roster_row_decode(&c, &row));
    }
    return ASSAY_OK;
}

/* Into light->next: rows that have this digest (protocol.md 11.3). Row after row: no memory for all
 * slots. */
static enum assay_light_answer load_rows(struct assay_light *light, struct assay_slice rows,
                                         uint32_t era, const uint8_t expected[static 32])
{
    struct assay_light_table *table = &light->next;
    struct assay_cursor c = assay_cursor_over(rows.bytes, rows.len);
    struct assay_merkle tree;
    uint8_t digest[32];
    uint32_t count = 0;
    enum assay_light_answer answer = ASSAY_LIGHT_TAKEN;
    if (count_rows(rows, &count) != ASSAY_OK) return ASSAY_LIGHT_NOT_READ;
    assay_roster_begin(&tree, light->at.chain_id, era, count);
    table->total_weight = table->count = 0;
    for (uint32_t slot = 0; slot < count; slot++) {
        struct assay_roster_row row;
        const enum assay_status status = assay_roster_row_decode(&c, &row);
        ASSAY_ASSERT(status == ASSAY_OK); /* count_rows */
        assay_roster_add(&tree, &row);
        if (answer == ASSAY_LIGHT_TAKEN) answer = add_voter(table, slot, &row);
    }
    assay_merkle_root(&tree, digest);
    if (!assay_bytes_equal(digest, expected, 32)) return ASSAY_LIGHT_OTHER_VOTERS;
    if (answer == ASSAY_LIGHT_TAKEN && table->count == 0) return ASSAY_LIGHT_BAD_TABLE;
    return answer;
}

/* --- checkpoints */

static void load_state(struct assay_light *light, const struct assay_leaf_head *state)
{
    light->has_state = true;
    light->certified = state->certified;
    light->epoch_ms = state->epoch_ms;
    light->service_count = state->service_count;
    assay_bytes_copy(light->services, sizeof light->services, state->services,
                     sizeof state->services);
}

static enum assay_light_answer decode_boundary(struct assay_slice bytes, struct assay_boundary *b)
{
    const enum assay_status status = assay_boundary_decode(bytes, ASSAY_MEMBERS_MAX, b);
    if (status == ASSAY_E_INVALID) return ASSAY_LIGHT_OTHER_STATE;
    return status == ASSAY_OK ? ASSAY_LIGHT_TAKEN : ASSAY_LIGHT_NOT_READ;
}

enum assay_light_answer assay_light_take_base(struct assay_light *light,
                                              struct assay_slice boundary, struct assay_slice rows)
{
    struct assay_boundary b;
    enum assay_light_answer answer = ASSAY_LIGHT_TAKEN;
    if (boundary.len > 0) answer = decode_boundary(boundary, &b);
    if (answer != ASSAY_LIGHT_TAKEN) return answer;
    if (boundary.len > 0 && !assay_bytes_equal(b.id, light->at.id, 32))
        return ASSAY_LIGHT_OTHER_BLOCK;
    answer = load_rows(light, rows, light->at.era, light->at.roster_digest);
    if (answer != ASSAY_LIGHT_TAKEN) return answer;
    light->table = light->next;
    light->has_table = true;
    if (boundary.len > 0) load_state(light, &b.state);
    return ASSAY_LIGHT_TAKEN;
}

void assay_light_owner_digest(struct assay_slice checkpoint, uint8_t digest[static 32])
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX + 64];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_ASSERT(checkpoint.len <= ASSAY_CHECKPOINT_LEN_MAX);
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_text(&w, owner_tag);
    assay_cbor_put_bytes(&w, checkpoint.bytes, checkpoint.len);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

static bool verify_signature(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                             const uint8_t digest[static 32], const uint8_t *signature)
{
    struct assay_p256 *loaded = NULL;
    if (assay_p256_load(key, &loaded) != ASSAY_OK) return false;
    const bool verified = assay_p256_verify(loaded, digest, signature, ASSAY_S_LOW);
    assay_p256_free(&loaded);
    return verified;
}

enum assay_light_answer assay_light_take_checkpoint(
    struct assay_light *light, struct assay_slice checkpoint,
    const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN], struct assay_slice rows)
{
    const struct assay_checkpoint *at = &light->at;
    struct assay_checkpoint next;
    uint8_t digest[32];
    if (assay_checkpoint_decode(checkpoint, &next) != ASSAY_OK) return ASSAY_LIGHT_NOT_READ;
    if (!light->has_owner) return ASSAY_LIGHT_NO_OWNER;
    assay_light_owner_digest(checkpoint, digest);
    if (!verify_signature(light->owner, digest, signature)) return ASSAY_LIGHT_NOT_OWNER;
    if (!assay_bytes_equal(next.chain_id, at->chain_id, 32)) return ASSAY_LIGHT_OTHER_CHAIN;
    /* A RECOVER closes the epoch that it ends, and may undo later ones (services.md 9.8). */
    if (next.era < at->era || (next.era == at->era && next.epoch <= at->epoch))
        return ASSAY_LIGHT_OLDER;
    if (next.time_ms <= at->time_ms) return ASSAY_LIGHT_TIME_BACK;
    const enum assay_light_answer answer = load_rows(light, rows, next.era, next.roster_digest);
    if (answer != ASSAY_LIGHT_TAKEN) return answer;
    light->at = next;
    light->table = light->next;
    light->has_table = true;
    light->has_state = false;
    return ASSAY_LIGHT_TAKEN;
}

/* --- epochs */

/* services.md 9.2, 9.3: the same network and era, and time that goes on for at most the trusting
 * period. */
static enum assay_light_answer check_header(const struct assay_light *light,
                                            const struct assay_block_header *h)
{
    const struct assay_checkpoint *at = &light->at;
    const uint64_t period_ms = (uint64_t)at->trusting_period_s * 1000;
    if (!assay_bytes_equal(h->chain_id, at->chain_id, 32)) return ASSAY_LIGHT_OTHER_CHAIN;
    if (h->era != at->era) return ASSAY_LIGHT_OTHER_ERA;
    if (h->epoch <= at->epoch) return ASSAY_LIGHT_OLDER;
    if (h->time_ms <= at->time_ms) return ASSAY_LIGHT_TIME_BACK;
    if (h->time_ms - at->time_ms > period_ms) return ASSAY_LIGHT_TRUST_EXPIRED;
    return ASSAY_LIGHT_TAKEN;
}

/* Weight of trusted voters in a bitmap. Slots are for good, so a voter has its bit also where the
 * table has grown. */
static uint64_t count_named(const struct assay_light_table *table, struct assay_slice bitmap)
{
    uint64_t weight = 0;
    for (uint32_t i = 0; i < table->count; i++)
        if (assay_bitmap_has(bitmap, table->voter[i].slot)) weight += table->voter[i].weight;
    return weight;
}

/* Weight of trusted voters whose signature verifies by the key that is trusted. Others may have
 * signed as well: newer voters, and such with a new key. */
static uint64_t count_signed(const struct assay_light_table *table,
                             const struct assay_vote_certificate *cert)
{
    const uint8_t *signature = cert->signatures.bytes;
    uint64_t weight = 0;
    uint32_t next = 0, slot = 0;
    for (; slot < 8 * cert->bitmap.len; slot++) {
        if (!assay_bitmap_has(cert->bitmap, slot)) continue;
        while (next < table->count && table->voter[next].slot < slot)
            next++;
        if (next < table->count && table->voter[next].slot == slot &&
            verify_signature(table->voter[next].key, cert->digest, signature))
            weight += table->voter[next].weight;
        signature += ASSAY_P256_SIGNATURE_LEN;
    }
    return weight;
}

/* services.md 9.4: more than two thirds of the trusted weight, by trusted keys. */
static enum assay_light_answer check_final(const struct assay_light *light,
                                           const struct assay_boundary *b,
                                           struct assay_slice finality)
{
    const struct assay_light_table *table = &light->table;
    struct assay_vote_certificate cert;
    struct assay_cursor tails;
    uint8_t final_id[32];
    if (assay_finality_open(finality, &cert, &tails) != ASSAY_OK) return ASSAY_LIGHT_NOT_READ;
    if (!assay_bytes_equal(cert.statement.chain_id, b->header.chain_id, 32))
        return ASSAY_LIGHT_OTHER_CHAIN;
    if (cert.statement.type != ASSAY_VOTE_FINALISE) return ASSAY_LIGHT_NOT_FINAL;
    if (cert.statement.era != b->header.era || cert.statement.epoch != b->header.epoch)
        return ASSAY_LIGHT_OTHER_BLOCK;
    const enum assay_status status =
        assay_finality_link(tails, ASSAY_LIGHT_TAILS_MAX, &cert.statement, final_id);
    if (status == ASSAY_E_FULL) return ASSAY_LIGHT_LONG_TAIL;
    if (status == ASSAY_E_INVALID) return ASSAY_LIGHT_OTHER_BLOCK;
    if (status != ASSAY_OK) return ASSAY_LIGHT_NOT_READ;
    if (!assay_bytes_equal(final_id, b->id, 32)) return ASSAY_LIGHT_OTHER_BLOCK;
    if (!assay_quorum(count_named(table, cert.bitmap), table->total_weight) ||
        !assay_quorum(count_signed(table, &cert), table->total_weight))
        return ASSAY_LIGHT_VOTERS_CHANGED;
    return ASSAY_LIGHT_TAKEN;
}

/* services.md 9.5: the rows that leaf 0 names; the trusted ones where the digest is the same. */
static enum assay_light_answer load_next(struct assay_light *light, const struct assay_boundary *b,
                                         struct assay_slice rows)
{
    if (rows.len > 0) return load_rows(light, rows, b->header.era, b->state.roster_digest);
    if (!assay_bytes_equal(b->state.roster_digest, light->at.roster_digest, 32))
        return ASSAY_LIGHT_OTHER_VOTERS;
    light->next = light->table;
    return ASSAY_LIGHT_TAKEN;
}

enum assay_light_answer assay_light_take_epoch(struct assay_light *light,
                                               const struct assay_light_epoch *epoch)
{
    struct assay_boundary b;
    if (!light->has_table) return ASSAY_LIGHT_NO_TABLE;
    enum assay_light_answer answer = decode_boundary(epoch->boundary, &b);
    if (answer == ASSAY_LIGHT_TAKEN) answer = check_header(light, &b.header);
    if (answer == ASSAY_LIGHT_TAKEN) answer = load_next(light, &b, epoch->rows);
    if (answer == ASSAY_LIGHT_TAKEN) answer = check_final(light, &b, epoch->finality);
    if (answer != ASSAY_LIGHT_TAKEN) return answer;
    light->at.epoch = b.header.epoch;
    light->at.time_ms = b.header.time_ms;
    assay_bytes_copy(light->at.id, 32, b.id, 32);
    assay_bytes_copy(light->at.roster_digest, 32, b.state.roster_digest, 32);
    light->table = light->next;
    load_state(light, &b.state);
    return ASSAY_LIGHT_TAKEN;
}

uint64_t assay_light_next(const struct assay_light *light, uint64_t target, uint64_t refused)
{
    const uint64_t from = light->at.epoch;
    if (refused == 0) return target > from ? target : 0;
    return refused > from + 1 ? from + (refused - from) / 2 : 0;
}

bool assay_light_has_document(const struct assay_light *light, struct assay_slice document)
{
    uint8_t digest[32];
    assay_sha256(document.bytes, document.len, digest);
    for (uint32_t i = 0; light->has_state && i < light->service_count; i++)
        if (assay_bytes_equal(light->services[i], digest, 32)) return true;
    return false;
}
