/*
 * services/shares/public.c - records of public attempts, canonical CBOR (docs/services.md 5.17).
 */
#include "services/shares/public.h"

#include "base/cbor.h"

enum { SPEAKER_ITEMS = 6, KEY_ITEMS = SPEAKER_ITEMS + 5,
       DEALING_ITEMS = SPEAKER_ITEMS + 2, LINE_ITEMS = 8, DISPUTE_ITEMS = SPEAKER_ITEMS + 7 };

static enum assay_status decode_u32(struct assay_cursor *in, uint64_t max, uint32_t *out)
{
    ASSAY_ASSERT(max <= UINT32_MAX);
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(in, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

static void encode_speaker(struct assay_writer *w, const struct assay_share_speaker *speaker)
{
    assay_cbor_put_uint(w, speaker->cluster);
    assay_cbor_put_uint(w, speaker->slot);
    assay_cbor_put_uint(w, speaker->seating);
    assay_cbor_put_uint(w, speaker->era);
    assay_cbor_put_bytes(w, speaker->node, sizeof speaker->node);
    assay_cbor_put_bytes(w, speaker->key, sizeof speaker->key);
}

static enum assay_status decode_speaker(struct assay_cursor *in,
                                        struct assay_share_speaker *speaker)
{
    ASSAY_TRY(decode_u32(in, ASSAY_SHARE_CLUSTERS_MAX - 1, &speaker->cluster));
    ASSAY_TRY(decode_u32(in, ASSAY_SHARE_SLOTS_MAX - 1, &speaker->slot));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &speaker->seating));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &speaker->era));
    ASSAY_TRY(assay_cbor_bytes_exact(in, speaker->node, sizeof speaker->node));
    return assay_cbor_bytes_exact(in, speaker->key, sizeof speaker->key);
}

static void encode_proof(struct assay_writer *w, const struct assay_dealing_proof *proof)
{
    assay_cbor_put_bytes(w, proof->challenge, sizeof proof->challenge);
    assay_cbor_put_bytes(w, proof->answer, sizeof proof->answer);
}

static enum assay_status decode_proof(struct assay_cursor *in, struct assay_dealing_proof *proof)
{
    ASSAY_TRY(assay_cbor_bytes_exact(in, proof->challenge, sizeof proof->challenge));
    return assay_cbor_bytes_exact(in, proof->answer, sizeof proof->answer);
}

/* Starts a statement: type and chain. */
static struct assay_writer statement(uint8_t *bytes, size_t len, uint64_t items, const char *type,
                                     const struct assay_share_home *home)
{
    struct assay_writer w = assay_writer_over(bytes, len);
    assay_cbor_put_array(&w, items + 2);
    assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, home->chain_id, sizeof home->chain_id);
    ASSAY_ASSERT(!w.full);
    return w;
}

static void digest_of(const struct assay_writer *w, const uint8_t *bytes,
                      uint8_t digest[static 32])
{
    ASSAY_ASSERT(!w->full);
    assay_sha256(bytes, w->len, digest);
}

/* --- SHARE_KEY */

void assay_share_key_statement(const struct assay_share_home *home,
                               const struct assay_share_key_record *record,
                               uint8_t digest[static 32])
{
    uint8_t bytes[384];
    struct assay_writer w = statement(bytes, sizeof bytes, SPEAKER_ITEMS + 2,
                                      "assay/possession/share-key/v1", home);
    encode_speaker(&w, &record->speaker);
    assay_cbor_put_uint(&w, record->round);
    assay_cbor_put_bytes(&w, record->point, sizeof record->point);
    digest_of(&w, bytes, digest);
}

bool assay_share_key_record_check(const struct assay_share_home *home,
                                  const struct assay_share_key_record *record)
{
    uint8_t digest[32];
    assay_share_key_statement(home, record, digest);
    return assay_share_verify_signature(record->speaker.key, digest, record->signature) &&
           assay_dealing_verify(record->point, digest, &record->proof);
}

enum assay_status assay_share_key_record_encode(const struct assay_share_key_record *record,
                                                uint8_t *bytes, size_t capacity,
                                                struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, KEY_ITEMS);
    encode_speaker(&w, &record->speaker);
    assay_cbor_put_uint(&w, record->round);
    assay_cbor_put_bytes(&w, record->point, sizeof record->point);
    encode_proof(&w, &record->proof);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_share_key_record_decode(struct assay_slice bytes,
                                                struct assay_share_key_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_key_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, KEY_ITEMS));
    ASSAY_TRY(decode_speaker(&in, &read.speaker));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.round));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.point, sizeof read.point));
    ASSAY_TRY(decode_proof(&in, &read.proof));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

/* --- SHARE_DEALING */

void assay_share_dealing_label(const struct assay_share_home *home,
                               const struct assay_share_speaker *dealer,
                               const struct assay_share_dealing_line *line,
                               uint8_t label[static 32])
{
    const struct assay_share_public_dealing *d = &line->dealing;
    uint8_t bytes[1280];
    struct assay_writer w = statement(bytes, sizeof bytes, SPEAKER_ITEMS + 6,
                                      "assay/share/dealing/v1", home);
    ASSAY_ASSERT(d->slots <= ASSAY_SHARE_SLOTS_MAX);
    encode_speaker(&w, dealer);
    assay_cbor_put_bytes(&w, line->id, sizeof line->id);
    assay_cbor_put_uint(&w, line->generation);
    assay_cbor_put_uint(&w, line->attempt);
    assay_share_points_encode(&w, &d->commitments);
    assay_cbor_put_bytes(&w, d->dealt, sizeof d->dealt);
    assay_cbor_put_bytes(&w, d->sealed, (size_t)d->slots * 32);
    digest_of(&w, bytes, label);
}

void assay_share_dealing_statement(const struct assay_share_home *home,
                                   const struct assay_share_dealing_record *record,
                                   uint8_t digest[static 32])
{
    uint8_t bytes[1280], label[32];
    struct assay_writer w = statement(bytes, sizeof bytes, SPEAKER_ITEMS + 1,
                                      "assay/share/dealings/v1", home);
    ASSAY_ASSERT(record->count <= ASSAY_SHARE_DEALINGS_MAX);
    encode_speaker(&w, &record->speaker);
    assay_cbor_put_array(&w, (uint64_t)record->count * 3);
    for (uint32_t i = 0; i < record->count; i++) {
        assay_share_dealing_label(home, &record->speaker, &record->line[i], label);
        assay_cbor_put_bytes(&w, label, sizeof label);
        encode_proof(&w, &record->line[i].proof);
    }
    digest_of(&w, bytes, digest);
}

bool assay_share_dealing_record_check(const struct assay_share_home *home,
                                      const struct assay_share_dealing_record *record)
{
    uint8_t digest[32];
    assay_share_dealing_statement(home, record, digest);
    return assay_share_verify_signature(record->speaker.key, digest, record->signature);
}

enum assay_status assay_share_dealing_record_encode(
    const struct assay_share_dealing_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_ASSERT(record->count <= ASSAY_SHARE_DEALINGS_MAX);
    assay_cbor_put_array(&w, DEALING_ITEMS);
    encode_speaker(&w, &record->speaker);
    assay_cbor_put_array(&w, record->count);
    for (uint32_t i = 0; i < record->count; i++) {
        const struct assay_share_dealing_line *line = &record->line[i];
        ASSAY_ASSERT(line->dealing.slots <= ASSAY_SHARE_SLOTS_MAX);
        assay_cbor_put_array(&w, LINE_ITEMS);
        assay_cbor_put_bytes(&w, line->id, sizeof line->id);
        assay_cbor_put_uint(&w, line->generation);
        assay_cbor_put_uint(&w, line->attempt);
        encode_proof(&w, &line->proof);
        assay_share_points_encode(&w, &line->dealing.commitments);
        assay_cbor_put_bytes(&w, line->dealing.dealt, sizeof line->dealing.dealt);
        assay_cbor_put_bytes(&w, line->dealing.sealed, (size_t)line->dealing.slots * 32);
    }
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

static enum assay_status decode_attempt(struct assay_cursor *in, uint8_t id[static 32],
                                        uint32_t *generation, uint64_t *attempt)
{
    ASSAY_TRY(assay_cbor_bytes_exact(in, id, 32));
    ASSAY_TRY(decode_u32(in, UINT32_MAX, generation));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, attempt));
    return *generation > 0 && *attempt > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status decode_line(struct assay_cursor *in, struct assay_share_dealing_line *line)
{
    struct assay_share_public_dealing *d = &line->dealing;
    ASSAY_TRY(assay_cbor_array_exact(in, LINE_ITEMS));
    ASSAY_TRY(decode_attempt(in, line->id, &line->generation, &line->attempt));
    ASSAY_TRY(decode_proof(in, &line->proof));
    ASSAY_TRY(assay_share_points_decode(in, &d->commitments));
    ASSAY_TRY(assay_cbor_bytes_exact(in, d->dealt, sizeof d->dealt));
    return assay_share_rows_decode(in, ASSAY_SHARE_K_MIN, ASSAY_SHARE_SLOTS_MAX, d->sealed,
                                   &d->slots);
}

enum assay_status assay_share_dealing_record_decode(struct assay_slice bytes,
                                                    struct assay_share_dealing_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_dealing_record read = { 0 };
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, DEALING_ITEMS));
    ASSAY_TRY(decode_speaker(&in, &read.speaker));
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_SHARE_DEALINGS_MAX, &count));
    if (count == 0) return ASSAY_E_RANGE;
    read.count = (uint32_t)count;
    for (uint32_t i = 0; i < read.count; i++) {
        ASSAY_TRY(decode_line(&in, &read.line[i]));
        if (i > 0 && assay_bytes_compare(read.line[i - 1].id, read.line[i].id, 32) >= 0)
            return ASSAY_E_ENCODING;
    }
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

/* --- SHARE_DISPUTE */

/* All but the signature; the statement is the same behind type and chain. */
static void encode_dispute(struct assay_writer *w, const struct assay_share_dispute_record *record)
{
    encode_speaker(w, &record->speaker);
    ASSAY_ASSERT(record->kind == ASSAY_SHARE_DISPUTE_NUMBER ||
                 record->kind == ASSAY_SHARE_DISPUTE_CONSTANT);
    assay_cbor_put_bytes(w, record->id, sizeof record->id);
    assay_cbor_put_uint(w, record->generation);
    assay_cbor_put_uint(w, record->attempt);
    assay_cbor_put_uint(w, record->dealer);
    assay_cbor_put_uint(w, record->kind);
    if (record->kind == ASSAY_SHARE_DISPUTE_CONSTANT) {
        assay_share_points_encode(w, &record->current);
        return;
    }
    assay_cbor_put_array(w, 3);
    assay_cbor_put_bytes(w, record->shown, sizeof record->shown);
    encode_proof(w, &record->proof);
}

void assay_share_dispute_statement(const struct assay_share_home *home,
                                   const struct assay_share_dispute_record *record,
                                   uint8_t digest[static 32])
{
    uint8_t bytes[768];
    struct assay_writer w = statement(bytes, sizeof bytes, DISPUTE_ITEMS - 1,
                                      "assay/share/dispute/v1", home);
    encode_dispute(&w, record);
    digest_of(&w, bytes, digest);
}

bool assay_share_dispute_record_check(const struct assay_share_home *home,
                                      const struct assay_share_dispute_record *record)
{
    uint8_t digest[32];
    assay_share_dispute_statement(home, record, digest);
    return assay_share_verify_signature(record->speaker.key, digest, record->signature);
}

enum assay_status assay_share_dispute_record_encode(
    const struct assay_share_dispute_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, DISPUTE_ITEMS);
    encode_dispute(&w, record);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_share_dispute_record_decode(struct assay_slice bytes,
                                                    struct assay_share_dispute_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_dispute_record read = { 0 };
    uint32_t kind = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, DISPUTE_ITEMS));
    ASSAY_TRY(decode_speaker(&in, &read.speaker));
    ASSAY_TRY(decode_attempt(&in, read.id, &read.generation, &read.attempt));
    ASSAY_TRY(decode_u32(&in, ASSAY_SHARE_SLOTS_MAX - 1, &read.dealer));
    ASSAY_TRY(decode_u32(&in, ASSAY_SHARE_DISPUTE_CONSTANT, &kind));
    if (kind < ASSAY_SHARE_DISPUTE_NUMBER) return ASSAY_E_RANGE;
    read.kind = (enum assay_share_dispute_kind)kind;
    if (read.kind == ASSAY_SHARE_DISPUTE_CONSTANT) {
        ASSAY_TRY(assay_share_points_decode(&in, &read.current));
    } else {
        ASSAY_TRY(assay_cbor_array_exact(&in, 3));
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.shown, sizeof read.shown));
        ASSAY_TRY(decode_proof(&in, &read.proof));
    }
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

/* --- sealed numbers */

void assay_share_sealed_label(const struct assay_share_home *home,
                              const struct assay_share_sealed_for *what, uint8_t label[static 32])
{
    uint8_t bytes[192];
    struct assay_writer w = statement(bytes, sizeof bytes, 7, "assay/share/sealed/v1", home);
    assay_cbor_put_uint(&w, what->era);
    assay_cbor_put_uint(&w, what->cluster);
    assay_cbor_put_bytes(&w, what->id, sizeof what->id);
    assay_cbor_put_uint(&w, what->generation);
    assay_cbor_put_uint(&w, what->attempt);
    assay_cbor_put_uint(&w, what->dealer);
    assay_cbor_put_uint(&w, what->taker);
    digest_of(&w, bytes, label);
}
