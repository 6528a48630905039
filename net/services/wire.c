/*
 * net/services/wire.c - codec of messages between daemon and programs (docs/services.md 4.1).
 */
#include "net/services/wire.h"

#include "base/assert.h"
#include "base/cbor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LENGTH_LEN = 4,
    ROOM_IN = ASSAY_SERVICE_MESSAGE_MAX + LENGTH_LEN,
    ROOM_OUT = ASSAY_SERVICE_QUEUE_MAX + LENGTH_LEN,
    MEMBER_LEN = 37,
    HOLDER_LEN = 45,
    MOMENT_ITEMS = 3,
    ITEMS_MAX = 8 + MOMENT_ITEMS,
};

_Static_assert((int)ASSAY_SERVICE_BOUNDARY_MAX + (int)ASSAY_SERVICE_FINALITY_MAX + 64 <=
                   (int)ASSAY_SERVICE_MESSAGE_MAX,
               "a proof fits a message");

enum assay_service assay_service_of(enum assay_service_kind kind)
{
    switch (assay_registry_kind_family(kind)) {
    case ASSAY_FAMILY_NONE: return 0;
    case ASSAY_FAMILY_CONTINUITY: return ASSAY_SERVICE_CONTINUITY;
    case ASSAY_FAMILY_SHARES: return ASSAY_SERVICE_SHARES;
    case ASSAY_FAMILY_TASKS: return ASSAY_SERVICE_TASKS;
    case ASSAY_FAMILY_IDENTITY: return ASSAY_SERVICE_IDENTITY;
    }
    ASSAY_UNREACHABLE("a service");
}

static bool is_service_of(const struct assay_registry_plan *plan, const char *name,
                          enum assay_service service, uint32_t group)
{
    if (service == ASSAY_SERVICE_SHARES) return strncmp(name, "shares/", 7) == 0;
    if (service == ASSAY_SERVICE_TASKS) return strncmp(name, "tasks", 5) == 0;
    if (service == ASSAY_SERVICE_IDENTITY) return strncmp(name, "identity/", 9) == 0;
    return strncmp(name, "group/", 6) == 0 && group < plan->group_count;
}

uint32_t assay_service_documents(const struct assay_registry_plan *plan, enum assay_service service,
                                 uint32_t group,
                                 uint32_t numbers[static ASSAY_REGISTRY_DOCUMENTS_MAX])
{
    const uint32_t all = assay_registry_documents(plan);
    char name[80];
    uint32_t count = 0;
    ASSAY_ASSERT(all <= ASSAY_REGISTRY_DOCUMENTS_MAX);
    for (uint32_t i = 0; i < all; i++) {
        assay_registry_document_name(plan, i, name);
        if (is_service_of(plan, name, service, group)) numbers[count++] = i;
    }
    return count;
}

void assay_service_report_data(const uint8_t chain_id[static 32],
                               enum assay_service_purpose purpose, struct assay_slice statement,
                               uint8_t report_data[static 64])
{
    uint8_t bytes[160];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_ASSERT(statement.len > 0 && statement.len <= ASSAY_SERVICE_STATEMENT_MAX);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_text(&w, "assay/service-evidence/v1");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_uint(&w, (uint64_t)purpose);
    assay_cbor_put_bytes(&w, statement.bytes, statement.len);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha512(all.bytes, all.len, report_data);
}

/* --- encoding */

static void encode_moment(struct assay_writer *w, const struct assay_service_message *m)
{
    assay_cbor_put_uint(w, m->era);
    assay_cbor_put_uint(w, m->epoch);
    assay_cbor_put_bytes(w, m->beacon, 32);
}

static void encode_members(struct assay_writer *w, const struct assay_service_message *m)
{
    ASSAY_ASSERT(m->members <= ASSAY_REGISTRY_SLOTS_MAX);
    assay_cbor_put_bytes_head(w, (uint64_t)MEMBER_LEN * m->members);
    for (uint32_t i = 0; i < m->members; i++) {
        const struct assay_registry_member *one = &m->member[i];
        const unsigned bits = (one->certified ? ASSAY_SERVICE_CERTIFIED : 0U) |
                              (one->failed ? ASSAY_SERVICE_FAILED : 0U) |
                              (one->renewed ? ASSAY_SERVICE_RENEWED : 0U);
        assay_writer_u8(w, (uint8_t)one->standing);
        assay_writer_u16be(w, one->score_bp);
        assay_writer_u8(w, (uint8_t)bits);
        assay_writer_u8(w, one->operator_);
        assay_writer_put(w, m->node[i], 32);
    }
}

static void encode_holders(struct assay_writer *w, const struct assay_service_message *m)
{
    ASSAY_ASSERT(m->members <= ASSAY_REGISTRY_SLOTS_MAX);
    if (!m->has_holders) return;
    assay_cbor_put_bytes_head(w, 8 + (uint64_t)HOLDER_LEN * m->members);
    assay_writer_u64be(w, m->other_weight);
    for (uint32_t i = 0; i < m->members; i++) {
        const struct assay_registry_member *one = &m->member[i];
        assay_writer_u8(w, (uint8_t)((one->may_hold ? ASSAY_SERVICE_MAY_HOLD : 0U) |
                                     (one->keys_active ? ASSAY_SERVICE_KEYS_ACTIVE : 0U)));
        assay_writer_u32be(w, one->seat_weight);
        assay_writer_u64be(w, one->incarnation);
        assay_writer_put(w, one->keys_root, 32);
    }
}

static void encode_slice(struct assay_writer *w, struct assay_slice slice, size_t min, size_t max)
{
    ASSAY_ASSERT(slice.len >= min && slice.len <= max);
    assay_cbor_put_bytes(w, slice.bytes, slice.len);
}

static void encode_payload(struct assay_writer *w, const struct assay_service_message *m)
{
    assay_cbor_put_uint(w, (uint64_t)m->kind);
    encode_slice(w, m->payload, 1, ASSAY_SERVICE_PAYLOAD_MAX);
}

static void encode_question(struct assay_writer *w, const struct assay_service_message *m)
{
    assay_cbor_put_uint(w, m->serial);
    assay_cbor_put_uint(w, (uint64_t)m->purpose);
    encode_slice(w, m->statement, 1, ASSAY_SERVICE_STATEMENT_MAX);
}

static const uint8_t items_of[] = {
    [ASSAY_SERVICE_BEGIN] = 7 + MOMENT_ITEMS,
    [ASSAY_SERVICE_RECORD] = 5,
    [ASSAY_SERVICE_CLOSE] = 2 + MOMENT_ITEMS,
    [ASSAY_SERVICE_FOLLOW] = 3,
    [ASSAY_SERVICE_SUBMIT] = 3,
    [ASSAY_SERVICE_DOCUMENT] = 3,
    [ASSAY_SERVICE_QUOTE] = 4,
    [ASSAY_SERVICE_EVIDENCE] = 3,
    [ASSAY_SERVICE_VERIFY] = 7,
    [ASSAY_SERVICE_VERDICT] = 4,
    [ASSAY_SERVICE_REFUSED] = 3,
    [ASSAY_SERVICE_CROWDED] = 2,
    [ASSAY_SERVICE_PROVE] = 4,
    [ASSAY_SERVICE_PROOF] = 5,
    [ASSAY_SERVICE_LIST] = 3,
    [ASSAY_SERVICE_KEYS] = 3,
    [ASSAY_SERVICE_FENCE] = 2,
    [ASSAY_SERVICE_SHOW] = 2,
    [ASSAY_SERVICE_SHOWN] = 5,
    [ASSAY_SERVICE_ISSUE] = 10,
    [ASSAY_SERVICE_ISSUED] = 4,
    [ASSAY_SERVICE_ROW] = 2,
    [ASSAY_SERVICE_ROWED] = 6,
    [ASSAY_SERVICE_RESULT] = 4,
    [ASSAY_SERVICE_DRAIN] = 1,
};

static bool may_have_holders(enum assay_service_verb verb)
{
    return verb == ASSAY_SERVICE_BEGIN || verb == ASSAY_SERVICE_CLOSE;
}

static void encode_begin(struct assay_writer *w, const struct assay_service_message *m)
{
    assay_cbor_put_bytes(w, m->chain_id, 32);
    assay_cbor_put_uint(w, m->slot);
    encode_moment(w, m);
    encode_slice(w, m->plan, 1, ASSAY_PLAN_LEN_MAX);
    encode_members(w, m);
    assay_cbor_put_uint(w, m->records);
    assay_cbor_put_uint(w, m->count);
    encode_holders(w, m);
}

static void encode_answer(struct assay_writer *w, const struct assay_service_message *m)
{
    if (m->verb == ASSAY_SERVICE_REFUSED || m->verb == ASSAY_SERVICE_CROWDED) {
        if (m->verb == ASSAY_SERVICE_REFUSED) assay_cbor_put_uint(w, (uint64_t)m->kind);
        ASSAY_ASSERT(m->why.len > 0 && m->why.len <= ASSAY_SERVICE_WHY_MAX);
        assay_cbor_put_text_n(w, (const char *)m->why.bytes, m->why.len);
        return;
    }
    assay_cbor_put_uint(w, m->serial);
    if (m->verb == ASSAY_SERVICE_EVIDENCE) {
        encode_slice(w, m->evidence, 0, ASSAY_SERVICE_EVIDENCE_MAX);
        return;
    }
    assay_cbor_put_bool(w, m->good);
    assay_cbor_put_uint(w, (uint64_t)m->standing);
}

static void encode_proof(struct assay_writer *w, const struct assay_service_message *m)
{
    if (m->verb == ASSAY_SERVICE_PROVE) {
        assay_cbor_put_uint(w, m->era);
        assay_cbor_put_uint(w, m->epoch);
        assay_cbor_put_bool(w, m->with_voters);
    } else if (m->verb == ASSAY_SERVICE_PROOF) {
        ASSAY_ASSERT(m->voters.len == 0 || m->finality.len <= ASSAY_SERVICE_FINALITY_SHORT);
        assay_cbor_put_uint(w, m->epoch);
        encode_slice(w, m->voters, 0, ASSAY_SERVICE_VOTERS_MAX);
        encode_slice(w, m->boundary, 0, ASSAY_SERVICE_BOUNDARY_MAX);
        encode_slice(w, m->finality, 0, ASSAY_SERVICE_FINALITY_MAX);
    } else if (m->verb == ASSAY_SERVICE_LIST) {
        assay_cbor_put_uint(w, m->slot);
        assay_cbor_put_bytes(w, m->root, 32);
    } else {
        assay_cbor_put_bytes(w, m->root, 32);
        encode_slice(w, m->keys, 0, ASSAY_SERVICE_KEYS_MAX);
    }
}

static void encode_shown(struct assay_writer *w, const struct assay_service_message *m)
{
    assay_cbor_put_uint(w, m->epoch);
    encode_slice(w, m->proven, 0, ASSAY_SERVICE_STANDING_MAX);
    encode_slice(w, m->keys, 0, ASSAY_SERVICE_KEYS_MAX);
    encode_slice(w, m->declared, 0, ASSAY_SERVICE_KEYS_MAX);
}

static void encode_issue(struct assay_writer *w, const struct assay_service_message *m)
{
    assay_cbor_put_uint(w, m->serial);
    if (m->verb == ASSAY_SERVICE_ISSUED) {
        assay_cbor_put_uint(w, (uint64_t)m->outcome);
        encode_slice(w, m->issued, 0, ASSAY_SERVICE_ISSUED_MAX);
        return;
    }
    assay_cbor_put_uint(w, m->epoch);
    assay_cbor_put_uint(w, (uint64_t)m->product);
    assay_cbor_put_bytes(w, m->node_id, 32);
    encode_slice(w, m->name, 1, ASSAY_SERVICE_KEY_NAME_MAX);
    encode_slice(w, m->audience, 0, ASSAY_SERVICE_AUDIENCE_MAX);
    encode_slice(w, m->proven, 1, ASSAY_SERVICE_STANDING_MAX);
    encode_slice(w, m->keys, 0, ASSAY_SERVICE_KEYS_MAX);
    encode_slice(w, m->declared, 0, ASSAY_SERVICE_KEYS_MAX);
}

static void encode_row(struct assay_writer *w, const struct assay_service_message *m)
{
    if (m->verb == ASSAY_SERVICE_RESULT) {
        assay_cbor_put_uint(w, (uint64_t)m->kind);
        assay_cbor_put_bytes(w, m->root, 32);
        ASSAY_ASSERT(m->word.len > 0 && m->word.len <= ASSAY_SERVICE_WORD_MAX);
        assay_cbor_put_text_n(w, (const char *)m->word.bytes, m->word.len);
        return;
    }
    assay_cbor_put_bytes(w, m->root, 32);
    if (m->verb == ASSAY_SERVICE_ROW) return;
    assay_cbor_put_uint(w, m->era);
    assay_cbor_put_uint(w, m->epoch);
    encode_slice(w, m->document, 0, ASSAY_REGISTRY_DOCUMENT_LEN_MAX);
    encode_slice(w, m->row, 0, ASSAY_CONT_ROW_PROOF_LEN_MAX);
}

enum assay_status assay_service_encode(const struct assay_service_message *m,
                                       struct assay_writer *w)
{
    ASSAY_ASSERT(m->verb >= ASSAY_SERVICE_BEGIN && m->verb <= ASSAY_SERVICE_DRAIN);
    ASSAY_ASSERT(!m->has_holders || may_have_holders(m->verb));
    struct assay_slice all;
    assay_cbor_put_array(w, items_of[m->verb] + (m->has_holders ? 1U : 0U));
    assay_cbor_put_uint(w, (uint64_t)m->verb);
    switch (m->verb) {
    case ASSAY_SERVICE_BEGIN: encode_begin(w, m); break;
    case ASSAY_SERVICE_RECORD:
        assay_cbor_put_uint(w, m->slot);
        assay_cbor_put_bytes(w, m->node_id, 32);
        encode_payload(w, m);
        break;
    case ASSAY_SERVICE_CLOSE:
        encode_moment(w, m);
        encode_members(w, m);
        encode_holders(w, m);
        break;
    case ASSAY_SERVICE_FOLLOW:
        assay_cbor_put_uint(w, (uint64_t)m->service);
        assay_cbor_put_uint(w, m->group);
        break;
    case ASSAY_SERVICE_SUBMIT: encode_payload(w, m); break;
    case ASSAY_SERVICE_DOCUMENT:
        assay_cbor_put_uint(w, m->index);
        encode_slice(w, m->document, 0, ASSAY_REGISTRY_DOCUMENT_LEN_MAX);
        break;
    case ASSAY_SERVICE_QUOTE: encode_question(w, m); break;
    case ASSAY_SERVICE_VERIFY:
        encode_question(w, m);
        assay_cbor_put_bytes(w, m->node_id, 32);
        ASSAY_ASSERT(m->measurement.len == 0 || m->measurement.len == 32);
        assay_cbor_put_bytes(w, m->measurement.bytes, m->measurement.len);
        encode_slice(w, m->evidence, 1, ASSAY_SERVICE_EVIDENCE_MAX);
        break;
    case ASSAY_SERVICE_EVIDENCE:
    case ASSAY_SERVICE_VERDICT:
    case ASSAY_SERVICE_REFUSED:
    case ASSAY_SERVICE_CROWDED: encode_answer(w, m); break;
    case ASSAY_SERVICE_PROVE:
    case ASSAY_SERVICE_PROOF:
    case ASSAY_SERVICE_LIST:
    case ASSAY_SERVICE_KEYS: encode_proof(w, m); break;
    case ASSAY_SERVICE_FENCE: assay_cbor_put_bool(w, m->is_fenced); break;
    case ASSAY_SERVICE_SHOW: assay_cbor_put_uint(w, m->epoch); break;
    case ASSAY_SERVICE_SHOWN: encode_shown(w, m); break;
    case ASSAY_SERVICE_ISSUE:
    case ASSAY_SERVICE_ISSUED: encode_issue(w, m); break;
    case ASSAY_SERVICE_ROW:
    case ASSAY_SERVICE_ROWED:
    case ASSAY_SERVICE_RESULT: encode_row(w, m); break;
    case ASSAY_SERVICE_DRAIN: break;
    }
    return assay_writer_finish(w, &all);
}

/* --- decoding */

static enum assay_status decode_u32(struct assay_cursor *c, uint64_t max, uint32_t *out)
{
    ASSAY_ASSERT(max <= UINT32_MAX);
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

static enum assay_status decode_slice(struct assay_cursor *c, size_t min, size_t max,
                                      struct assay_slice *out)
{
    ASSAY_ASSERT(min <= max);
    ASSAY_TRY(assay_cbor_bytes(c, max, out));
    return out->len >= min ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status decode_moment(struct assay_cursor *c, struct assay_service_message *m)
{
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m->era));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX - 1, &m->epoch));
    return assay_cbor_bytes_exact(c, m->beacon, 32);
}

static enum assay_status decode_member(const uint8_t *bytes, struct assay_registry_member *one)
{
    if (bytes[0] > ASSAY_REGISTRY_STAND_FULL || bytes[3] > 7) return ASSAY_E_RANGE;
    if (bytes[4] >= ASSAY_REGISTRY_SLOTS_MAX) return ASSAY_E_RANGE;
    one->standing = (enum assay_registry_standing)bytes[0];
    one->score_bp = (uint16_t)(bytes[1] << 8 | bytes[2]);
    one->certified = (bytes[3] & ASSAY_SERVICE_CERTIFIED) != 0;
    one->failed = (bytes[3] & ASSAY_SERVICE_FAILED) != 0;
    one->renewed = (bytes[3] & ASSAY_SERVICE_RENEWED) != 0;
    one->operator_ = bytes[4];
    return ASSAY_OK;
}

static enum assay_status decode_members(struct assay_cursor *c, struct assay_service_message *m)
{
    struct assay_slice all;
    ASSAY_TRY(assay_cbor_bytes(c, MEMBER_LEN * ASSAY_REGISTRY_SLOTS_MAX, &all));
    if (all.len % MEMBER_LEN != 0) return ASSAY_E_RANGE;
    m->members = (uint32_t)(all.len / MEMBER_LEN);
    for (uint32_t i = 0; i < m->members; i++) {
        const uint8_t *bytes = all.bytes + (size_t)MEMBER_LEN * i;
        ASSAY_TRY(decode_member(bytes, &m->member[i]));
        assay_bytes_copy(m->node[i], 32, bytes + 5, 32);
    }
    return ASSAY_OK;
}

/* As many rows as members. */
static enum assay_status decode_holders(struct assay_cursor *c, struct assay_service_message *m)
{
    struct assay_slice all;
    if (!m->has_holders) return ASSAY_OK;
    ASSAY_TRY(assay_cbor_bytes(c, 8 + HOLDER_LEN * ASSAY_REGISTRY_SLOTS_MAX, &all));
    if (all.len != 8 + (size_t)HOLDER_LEN * m->members) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(all.bytes, all.len);
    ASSAY_TRY(assay_cursor_u64be(&in, &m->other_weight));
    if (m->other_weight > INT64_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < m->members; i++) {
        struct assay_registry_member *one = &m->member[i];
        uint8_t bits = 0;
        ASSAY_TRY(assay_cursor_u8(&in, &bits));
        if (bits > (ASSAY_SERVICE_MAY_HOLD | ASSAY_SERVICE_KEYS_ACTIVE)) return ASSAY_E_RANGE;
        one->may_hold = (bits & ASSAY_SERVICE_MAY_HOLD) != 0;
        one->keys_active = (bits & ASSAY_SERVICE_KEYS_ACTIVE) != 0;
        ASSAY_TRY(assay_cursor_u32be(&in, &one->seat_weight));
        ASSAY_TRY(assay_cursor_u64be(&in, &one->incarnation));
        ASSAY_TRY(assay_cursor_copy(&in, one->keys_root, 32));
        assay_bytes_copy(one->node_id, 32, m->node[i], 32);
    }
    return ASSAY_OK;
}

static enum assay_status decode_kind(struct assay_cursor *c, struct assay_service_message *m)
{
    uint64_t kind = 0;
    ASSAY_TRY(assay_cbor_uint(c, &kind));
    if (kind == 0 || kind >= ASSAY_SERVICE_KIND_COUNT) return ASSAY_E_UNSUPPORTED;
    m->kind = (enum assay_service_kind)kind;
    return ASSAY_OK;
}

static enum assay_status decode_payload(struct assay_cursor *c, struct assay_service_message *m)
{
    ASSAY_TRY(decode_kind(c, m));
    return decode_slice(c, 1, ASSAY_SERVICE_PAYLOAD_MAX, &m->payload);
}

static enum assay_status decode_follow(struct assay_cursor *c, struct assay_service_message *m)
{
    uint64_t service = 0;
    ASSAY_TRY(assay_cbor_uint(c, &service));
    if (service < ASSAY_SERVICE_CONTINUITY || service > ASSAY_SERVICE_IDENTITY)
        return ASSAY_E_UNSUPPORTED;
    m->service = (enum assay_service)service;
    return decode_u32(c, service == ASSAY_SERVICE_CONTINUITY ? ASSAY_PLAN_GROUPS_MAX - 1 : 0,
                      &m->group);
}

static enum assay_status decode_question(struct assay_cursor *c, struct assay_service_message *m)
{
    uint64_t purpose = 0;
    ASSAY_TRY(assay_cbor_uint(c, &m->serial));
    ASSAY_TRY(assay_cbor_uint(c, &purpose));
    if (purpose < ASSAY_SERVICE_FOR_SHARES || purpose > ASSAY_SERVICE_FOR_TASKS)
        return ASSAY_E_UNSUPPORTED;
    m->purpose = (enum assay_service_purpose)purpose;
    return decode_slice(c, 1, ASSAY_SERVICE_STATEMENT_MAX, &m->statement);
}

static enum assay_status decode_begin(struct assay_cursor *c, struct assay_service_message *m)
{
    ASSAY_TRY(assay_cbor_bytes_exact(c, m->chain_id, 32));
    ASSAY_TRY(decode_u32(c, ASSAY_REGISTRY_SLOTS_MAX, &m->slot));
    ASSAY_TRY(decode_moment(c, m));
    ASSAY_TRY(decode_slice(c, 1, ASSAY_PLAN_LEN_MAX, &m->plan));
    ASSAY_TRY(decode_members(c, m));
    ASSAY_TRY(assay_cbor_uint(c, &m->records));
    ASSAY_TRY(decode_u32(c, ASSAY_REGISTRY_DOCUMENTS_MAX, &m->count));
    return decode_holders(c, m);
}

static enum assay_status decode_verify(struct assay_cursor *c, struct assay_service_message *m)
{
    ASSAY_TRY(decode_question(c, m));
    ASSAY_TRY(assay_cbor_bytes_exact(c, m->node_id, 32));
    ASSAY_TRY(assay_cbor_bytes(c, 32, &m->measurement));
    if (m->measurement.len != 0 && m->measurement.len != 32) return ASSAY_E_RANGE;
    return decode_slice(c, 1, ASSAY_SERVICE_EVIDENCE_MAX, &m->evidence);
}

static enum assay_status decode_verdict(struct assay_cursor *c, struct assay_service_message *m)
{
    uint64_t standing = 0;
    ASSAY_TRY(assay_cbor_uint(c, &m->serial));
    ASSAY_TRY(assay_cbor_bool(c, &m->good));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_REGISTRY_STAND_FULL, &standing));
    m->standing = (enum assay_registry_standing)standing;
    return ASSAY_OK;
}

static enum assay_status decode_refused(struct assay_cursor *c, struct assay_service_message *m)
{
    if (m->verb == ASSAY_SERVICE_REFUSED) ASSAY_TRY(decode_kind(c, m));
    ASSAY_TRY(assay_cbor_text(c, ASSAY_SERVICE_WHY_MAX, &m->why));
    return m->why.len > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status decode_prove(struct assay_cursor *c, struct assay_service_message *m)
{
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m->era));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX - 1, &m->epoch));
    return assay_cbor_bool(c, &m->with_voters);
}

static enum assay_status decode_proof(struct assay_cursor *c, struct assay_service_message *m)
{
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX - 1, &m->epoch));
    ASSAY_TRY(decode_slice(c, 0, ASSAY_SERVICE_VOTERS_MAX, &m->voters));
    ASSAY_TRY(decode_slice(c, 0, ASSAY_SERVICE_BOUNDARY_MAX, &m->boundary));
    ASSAY_TRY(decode_slice(c, 0, ASSAY_SERVICE_FINALITY_MAX, &m->finality));
    return m->voters.len == 0 || m->finality.len <= ASSAY_SERVICE_FINALITY_SHORT ? ASSAY_OK
                                                                                 : ASSAY_E_RANGE;
}

static enum assay_status decode_shown(struct assay_cursor *c, struct assay_service_message *m)
{
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX - 1, &m->epoch));
    ASSAY_TRY(decode_slice(c, 0, ASSAY_SERVICE_STANDING_MAX, &m->proven));
    ASSAY_TRY(decode_slice(c, 0, ASSAY_SERVICE_KEYS_MAX, &m->keys));
    return decode_slice(c, 0, ASSAY_SERVICE_KEYS_MAX, &m->declared);
}

static enum assay_status decode_issue(struct assay_cursor *c, struct assay_service_message *m)
{
    uint64_t product = 0;
    ASSAY_TRY(assay_cbor_uint(c, &m->serial));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX - 1, &m->epoch));
    ASSAY_TRY(assay_cbor_uint(c, &product));
    if (product < ASSAY_SERVICE_CERTIFICATE || product > ASSAY_SERVICE_AUTHORITY)
        return ASSAY_E_UNSUPPORTED;
    m->product = (enum assay_service_product)product;
    ASSAY_TRY(assay_cbor_bytes_exact(c, m->node_id, 32));
    ASSAY_TRY(decode_slice(c, 1, ASSAY_SERVICE_KEY_NAME_MAX, &m->name));
    ASSAY_TRY(decode_slice(c, 0, ASSAY_SERVICE_AUDIENCE_MAX, &m->audience));
    ASSAY_TRY(decode_slice(c, 1, ASSAY_SERVICE_STANDING_MAX, &m->proven));
    ASSAY_TRY(decode_slice(c, 0, ASSAY_SERVICE_KEYS_MAX, &m->keys));
    return decode_slice(c, 0, ASSAY_SERVICE_KEYS_MAX, &m->declared);
}

static enum assay_status decode_issued(struct assay_cursor *c, struct assay_service_message *m)
{
    uint64_t outcome = 0;
    ASSAY_TRY(assay_cbor_uint(c, &m->serial));
    ASSAY_TRY(assay_cbor_uint(c, &outcome));
    if (outcome >= ASSAY_SERVICE_OUTCOMES) return ASSAY_E_UNSUPPORTED;
    m->outcome = (enum assay_service_outcome)outcome;
    return decode_slice(c, 0, ASSAY_SERVICE_ISSUED_MAX, &m->issued);
}

static enum assay_status decode_rowed(struct assay_cursor *c, struct assay_service_message *m)
{
    ASSAY_TRY(assay_cbor_bytes_exact(c, m->root, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m->era));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX - 1, &m->epoch));
    ASSAY_TRY(decode_slice(c, 0, ASSAY_REGISTRY_DOCUMENT_LEN_MAX, &m->document));
    return decode_slice(c, 0, ASSAY_CONT_ROW_PROOF_LEN_MAX, &m->row);
}

static enum assay_status decode_result(struct assay_cursor *c, struct assay_service_message *m)
{
    ASSAY_TRY(decode_kind(c, m));
    ASSAY_TRY(assay_cbor_bytes_exact(c, m->root, 32));
    ASSAY_TRY(assay_cbor_text(c, ASSAY_SERVICE_WORD_MAX, &m->word));
    return m->word.len > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status decode_fields(struct assay_cursor *c, struct assay_service_message *m)
{
    switch (m->verb) {
    case ASSAY_SERVICE_BEGIN: return decode_begin(c, m);
    case ASSAY_SERVICE_RECORD:
        ASSAY_TRY(decode_u32(c, ASSAY_REGISTRY_SLOTS_MAX - 1, &m->slot));
        ASSAY_TRY(assay_cbor_bytes_exact(c, m->node_id, 32));
        return decode_payload(c, m);
    case ASSAY_SERVICE_CLOSE:
        ASSAY_TRY(decode_moment(c, m));
        ASSAY_TRY(decode_members(c, m));
        return decode_holders(c, m);
    case ASSAY_SERVICE_FOLLOW: return decode_follow(c, m);
    case ASSAY_SERVICE_SUBMIT: return decode_payload(c, m);
    case ASSAY_SERVICE_DOCUMENT:
        ASSAY_TRY(decode_u32(c, ASSAY_REGISTRY_DOCUMENTS_MAX - 1, &m->index));
        return decode_slice(c, 0, ASSAY_REGISTRY_DOCUMENT_LEN_MAX, &m->document);
    case ASSAY_SERVICE_QUOTE: return decode_question(c, m);
    case ASSAY_SERVICE_EVIDENCE:
        ASSAY_TRY(assay_cbor_uint(c, &m->serial));
        return decode_slice(c, 0, ASSAY_SERVICE_EVIDENCE_MAX, &m->evidence);
    case ASSAY_SERVICE_VERIFY: return decode_verify(c, m);
    case ASSAY_SERVICE_VERDICT: return decode_verdict(c, m);
    case ASSAY_SERVICE_REFUSED:
    case ASSAY_SERVICE_CROWDED: return decode_refused(c, m);
    case ASSAY_SERVICE_PROVE: return decode_prove(c, m);
    case ASSAY_SERVICE_PROOF: return decode_proof(c, m);
    case ASSAY_SERVICE_LIST:
        ASSAY_TRY(decode_u32(c, ASSAY_REGISTRY_SLOTS_MAX - 1, &m->slot));
        return assay_cbor_bytes_exact(c, m->root, 32);
    case ASSAY_SERVICE_FENCE: return assay_cbor_bool(c, &m->is_fenced);
    case ASSAY_SERVICE_SHOW: return assay_cbor_uint_max(c, INT64_MAX - 1, &m->epoch);
    case ASSAY_SERVICE_SHOWN: return decode_shown(c, m);
    case ASSAY_SERVICE_ISSUE: return decode_issue(c, m);
    case ASSAY_SERVICE_ISSUED: return decode_issued(c, m);
    case ASSAY_SERVICE_ROW: return assay_cbor_bytes_exact(c, m->root, 32);
    case ASSAY_SERVICE_ROWED: return decode_rowed(c, m);
    case ASSAY_SERVICE_RESULT: return decode_result(c, m);
    case ASSAY_SERVICE_DRAIN: return ASSAY_OK;
    case ASSAY_SERVICE_KEYS:
        ASSAY_TRY(assay_cbor_bytes_exact(c, m->root, 32));
        return decode_slice(c, 0, ASSAY_SERVICE_KEYS_MAX, &m->keys);
    }
    ASSAY_UNREACHABLE("a verb");
}

enum assay_status assay_service_decode(struct assay_slice bytes, struct assay_service_message *m)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t items = 0, verb = 0;
    ASSAY_TRY(assay_cbor_array(&c, ITEMS_MAX, &items));
    ASSAY_TRY(assay_cbor_uint(&c, &verb));
    if (verb < ASSAY_SERVICE_BEGIN || verb > ASSAY_SERVICE_DRAIN) return ASSAY_E_UNSUPPORTED;
    const bool has_holders = items == items_of[verb] + 1ULL;
    if (has_holders ? !may_have_holders((enum assay_service_verb)verb) : items != items_of[verb])
        return ASSAY_E_RANGE;
    assay_bytes_zero(m, sizeof *m);
    m->verb = (enum assay_service_verb)verb;
    m->has_holders = has_holders;
    ASSAY_TRY(decode_fields(&c, m));
    return assay_cursor_end(&c);
}

/* --- the stream */

enum assay_status assay_service_stream_open(struct assay_service_stream *s, int fd)
{
    ASSAY_ASSERT(fd >= 0);
    *s = (struct assay_service_stream){ .fd = fd, .in = malloc(ROOM_IN), .out = malloc(ROOM_OUT) };
    if (s->in != NULL && s->out != NULL) return ASSAY_OK;
    free(s->in);
    free(s->out);
    *s = (struct assay_service_stream){ .fd = -1 };
    return ASSAY_E_MEMORY;
}

void assay_service_stream_close(struct assay_service_stream *s)
{
    ASSAY_ASSERT((s->in != NULL) == (s->out != NULL));
    if (s->in != NULL) (void)close(s->fd);
    free(s->in);
    free(s->out);
    *s = (struct assay_service_stream){ .fd = -1 };
}

bool assay_service_has_output(const struct assay_service_stream *s)
{
    return s->out_len > 0;
}

/* Moves the bytes behind the first `by` to the front. */
static void shift_bytes(uint8_t *bytes, size_t by, size_t len)
{
    ASSAY_ASSERT(by <= ROOM_OUT && len <= ROOM_OUT - by);
    for (size_t i = 0; by > 0 && i < len; i++)
        bytes[i] = bytes[i + by];
}

enum assay_status assay_service_flush(struct assay_service_stream *s)
{
    ASSAY_ASSERT(s->out_at + s->out_len <= ROOM_OUT);
    while (s->out_len > 0) {
        const ssize_t put =
            send(s->fd, s->out + s->out_at, s->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ASSAY_OK;
        if (put <= 0) return ASSAY_E_IO;
        s->out_len -= (size_t)put;
        s->out_at = s->out_len > 0 ? s->out_at + (size_t)put : 0;
    }
    return ASSAY_OK;
}

static enum assay_status queue_message(struct assay_service_stream *s,
                                       const struct assay_service_message *m)
{
    ASSAY_ASSERT(s->out != NULL);
    struct assay_slice all;
    const size_t at = s->out_at + s->out_len;
    ASSAY_ASSERT(at <= ROOM_OUT);
    if (ROOM_OUT - at < LENGTH_LEN) return ASSAY_E_FULL;
    struct assay_writer w = assay_writer_over(s->out + at + LENGTH_LEN, ROOM_OUT - LENGTH_LEN - at);
    ASSAY_TRY(assay_service_encode(m, &w));
    ASSAY_TRY(assay_writer_finish(&w, &all));
    struct assay_writer length = assay_writer_over(s->out + at, LENGTH_LEN);
    assay_writer_u32be(&length, (uint32_t)all.len);
    s->out_len += LENGTH_LEN + all.len;
    ASSAY_ASSERT(s->out_at + s->out_len <= ROOM_OUT);
    return ASSAY_OK;
}

enum assay_status assay_service_send(struct assay_service_stream *s,
                                     const struct assay_service_message *m)
{
    enum assay_status status = queue_message(s, m);
    if (status == ASSAY_E_FULL && s->out_at > 0) {
        shift_bytes(s->out, s->out_at, s->out_len);
        s->out_at = 0;
        status = queue_message(s, m);
    }
    if (status != ASSAY_OK) return status;
    return assay_service_flush(s);
}

static uint32_t length_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Drops the delivered message; moves up what is behind it. */
static void drop_delivered(struct assay_service_stream *s)
{
    ASSAY_ASSERT(s->taken <= s->in_len);
    s->in_len -= s->taken;
    shift_bytes(s->in, s->taken, s->in_len);
    s->taken = 0;
}

static enum assay_status fill_input(struct assay_service_stream *s, size_t wanted)
{
    ASSAY_ASSERT(wanted <= ROOM_IN && s->in_len <= ROOM_IN);
    while (s->in_len < wanted) {
        const ssize_t got = recv(s->fd, s->in + s->in_len, wanted - s->in_len, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ASSAY_E_AGAIN;
        if (got <= 0) return ASSAY_E_IO;
        s->in_len += (size_t)got;
    }
    return ASSAY_OK;
}

enum assay_status assay_service_next(struct assay_service_stream *s,
                                     struct assay_service_message *m)
{
    drop_delivered(s);
    ASSAY_TRY(fill_input(s, LENGTH_LEN));
    const size_t len = length_at(s->in);
    if (len == 0 || len > ASSAY_SERVICE_MESSAGE_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(fill_input(s, LENGTH_LEN + len));
    s->taken = LENGTH_LEN + len;
    return assay_service_decode(assay_slice_over(s->in + LENGTH_LEN, len), m);
}
