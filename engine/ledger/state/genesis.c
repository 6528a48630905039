/*
 * engine/ledger/state/genesis.c - encoding and checked decoding of the genesis file
 * (docs/protocol.md 9.1 to 9.3).
 *
 * body = [2, time_ms, [epoch_ms, operator cap, vendor cap, block_len_max, verifier digest, ...],
 * policy, endorsements, threshold, operators, members]; operators ascend by key, members by node
 * id, so that one network has one genesis. A member that passes here has keys on the curve and
 * signatures that verify.
 */
#include "engine/ledger/state/genesis.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/state/genesis_signing.h"
#include "quote/verdict.h"

static const char operators_tag[] = "assay/operators/v2";

enum { GENESIS_VERSION = 2, CAP_DEN_MAX = 10000, SLICE_LEN_MAX = ASSAY_GENESIS_LEN_MAX };

struct reader {
    struct assay_cursor in;
    struct assay_where *where;
};

/* The first failure keeps its field and offset for the error message. */
static enum assay_status fail_at_field(struct reader *r, const char *field,
                                       enum assay_status status)
{
    if (status != ASSAY_OK && r->where != NULL && r->where->field == NULL) {
        r->where->field = field;
        r->where->offset = r->in.pos;
    }
    return status;
}

enum { PARAMETERS = 7 }; /* without what came later */

static bool parameters_in_range(const struct assay_genesis_parameters *p)
{
    if (p->epoch_ms < ASSAY_EPOCH_MS_MIN || p->epoch_ms > ASSAY_EPOCH_MS_MAX) return false;
    if (p->block_len_max < ASSAY_BLOCK_LEN_MIN || p->block_len_max > ASSAY_BLOCK_LEN_MAX)
        return false;
    if (p->operator_cap_den == 0 || p->operator_cap_den > CAP_DEN_MAX) return false;
    if (p->vendor_cap_den == 0 || p->vendor_cap_den > CAP_DEN_MAX) return false;
    if (p->operator_cap_num == 0 || p->operator_cap_num > p->operator_cap_den) return false;
    if (p->collateral_delay_s > ASSAY_COLLATERAL_DELAY_S_MAX) return false;
    if (p->collateral_delay_s == ASSAY_COLLATERAL_DELAY_S) return false; /* said by nothing */
    if (p->seats_max >= ASSAY_VOTERS_MAX) return false; /* as many are said by nothing, too */
    const uint32_t percent = assay_parameters_amplification(p);
    if (p->amplification_percent == ASSAY_AMPLIFICATION_PERCENT) return false; /* and so is B */
    if (percent < ASSAY_AMPLIFICATION_PERCENT_MIN || percent > ASSAY_AMPLIFICATION_PERCENT_MAX)
        return false;
    const uint32_t floor = assay_parameters_quiet_floor(p);
    if (p->quiet_floor_percent == ASSAY_QUIET_FLOOR_PERCENT) return false; /* and so is the floor */
    if (floor < ASSAY_QUIET_FLOOR_PERCENT_MIN || floor > ASSAY_QUIET_FLOOR_PERCENT_MAX)
        return false;
    return p->vendor_cap_num != 0 && p->vendor_cap_num <= p->vendor_cap_den;
}

static enum assay_status decode_u32(struct assay_cursor *c, uint64_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_ASSERT(max <= UINT32_MAX);
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

static enum assay_status decode_parameters(struct reader *r, struct assay_genesis_parameters *p)
{
    uint64_t items = 0;
    ASSAY_TRY(fail_at_field(r, "parameters", assay_cbor_array(&r->in, PARAMETERS + 5, &items)));
    if (items < PARAMETERS) return fail_at_field(r, "parameters", ASSAY_E_TYPE);
    p->collateral_delay_s = 0;
    p->seats_max = 0;
    p->amplification_percent = 0;
    p->quiet_floor_percent = 0;
    ASSAY_TRY(fail_at_field(r, "epoch_ms", decode_u32(&r->in, UINT32_MAX, &p->epoch_ms)));
    ASSAY_TRY(
        fail_at_field(r, "operator_cap", decode_u32(&r->in, UINT32_MAX, &p->operator_cap_num)));
    ASSAY_TRY(
        fail_at_field(r, "operator_cap", decode_u32(&r->in, UINT32_MAX, &p->operator_cap_den)));
    ASSAY_TRY(fail_at_field(r, "vendor_cap", decode_u32(&r->in, UINT32_MAX, &p->vendor_cap_num)));
    ASSAY_TRY(fail_at_field(r, "vendor_cap", decode_u32(&r->in, UINT32_MAX, &p->vendor_cap_den)));
    ASSAY_TRY(fail_at_field(r, "block_len_max", decode_u32(&r->in, UINT32_MAX, &p->block_len_max)));
    ASSAY_TRY(fail_at_field(r, "verifier", assay_cbor_bytes_exact(&r->in, p->verifier_digest, 32)));
    p->level = 0; /* which is not written alone: one meaning has one encoding */
    if (items > PARAMETERS)
        ASSAY_TRY(fail_at_field(r, "level", decode_u32(&r->in, ASSAY_LEVEL_MAX, &p->level)));
    if (items == PARAMETERS + 1 && p->level == 0)
        return fail_at_field(r, "level", ASSAY_E_ENCODING);
    if (items > PARAMETERS + 1) {
        ASSAY_TRY(fail_at_field(r, "collateral_delay",
                                decode_u32(&r->in, UINT32_MAX, &p->collateral_delay_s)));
        if (p->collateral_delay_s == 0 && items == PARAMETERS + 2)
            return fail_at_field(r, "collateral_delay", ASSAY_E_RANGE);
    }
    if (items > PARAMETERS + 2) {
        ASSAY_TRY(
            fail_at_field(r, "seats_max", decode_u32(&r->in, ASSAY_VOTERS_MAX, &p->seats_max)));
        if (p->seats_max == 0 && items == PARAMETERS + 3)
            return fail_at_field(r, "seats_max", ASSAY_E_RANGE);
    }
    if (items > PARAMETERS + 3) {
        ASSAY_TRY(fail_at_field(
            r, "amplification",
            decode_u32(&r->in, ASSAY_AMPLIFICATION_PERCENT_MAX, &p->amplification_percent)));
        if (p->amplification_percent == 0 && items == PARAMETERS + 4)
            return fail_at_field(r, "amplification", ASSAY_E_RANGE);
    }
    if (items > PARAMETERS + 4) {
        ASSAY_TRY(fail_at_field(
            r, "quiet_floor",
            decode_u32(&r->in, ASSAY_QUIET_FLOOR_PERCENT_MAX, &p->quiet_floor_percent)));
        if (p->quiet_floor_percent == 0) return fail_at_field(r, "quiet_floor", ASSAY_E_RANGE);
    }
    return fail_at_field(r, "parameters", parameters_in_range(p) ? ASSAY_OK : ASSAY_E_RANGE);
}

enum assay_status assay_parameters_read(struct assay_cursor *c, struct assay_genesis_parameters *p)
{
    struct reader r = { .in = *c };
    const enum assay_status status = decode_parameters(&r, p);
    *c = r.in;
    return status;
}

void assay_parameters_put(struct assay_writer *w, const struct assay_genesis_parameters *p)
{
    const uint64_t later = p->quiet_floor_percent != 0     ? 5
                           : p->amplification_percent != 0 ? 4
                           : p->seats_max != 0             ? 3
                           : p->collateral_delay_s != 0    ? 2
                                                           : p->level > 0;
    assay_cbor_put_array(w, PARAMETERS + later);
    assay_cbor_put_uint(w, p->epoch_ms);
    assay_cbor_put_uint(w, p->operator_cap_num);
    assay_cbor_put_uint(w, p->operator_cap_den);
    assay_cbor_put_uint(w, p->vendor_cap_num);
    assay_cbor_put_uint(w, p->vendor_cap_den);
    assay_cbor_put_uint(w, p->block_len_max);
    assay_cbor_put_bytes(w, p->verifier_digest, 32);
    if (later > 0) assay_cbor_put_uint(w, p->level);
    if (later > 1) assay_cbor_put_uint(w, p->collateral_delay_s);
    if (later > 2) assay_cbor_put_uint(w, p->seats_max);
    if (later > 3) assay_cbor_put_uint(w, p->amplification_percent);
    if (later > 4) assay_cbor_put_uint(w, p->quiet_floor_percent);
}

uint32_t assay_parameters_amplification(const struct assay_genesis_parameters *p)
{
    return p->amplification_percent != 0 ? p->amplification_percent
                                         : (uint32_t)ASSAY_AMPLIFICATION_PERCENT;
}

uint32_t assay_parameters_quiet_floor(const struct assay_genesis_parameters *p)
{
    return p->quiet_floor_percent != 0 ? p->quiet_floor_percent
                                       : (uint32_t)ASSAY_QUIET_FLOOR_PERCENT;
}

uint32_t assay_parameters_seats(const struct assay_genesis_parameters *p)
{
    ASSAY_ASSERT(p->seats_max < ASSAY_VOTERS_MAX);
    return p->seats_max != 0 ? p->seats_max : ASSAY_VOTERS_MAX;
}

uint64_t assay_parameters_delay_ms(const struct assay_genesis_parameters *p)
{
    ASSAY_ASSERT(p->collateral_delay_s <= ASSAY_COLLATERAL_DELAY_S_MAX);
    return 1000 * (uint64_t)(p->collateral_delay_s != 0 ? p->collateral_delay_s
                                                        : ASSAY_COLLATERAL_DELAY_S);
}

/* A key that is not on the curve would only be noticed when its owner votes. */
static enum assay_status check_key(const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_p256 *decoded = NULL;
    ASSAY_TRY(assay_p256_load(key, &decoded));
    assay_p256_free(&decoded);
    return ASSAY_OK;
}

bool assay_name_is_fit(struct assay_slice name)
{
    if (name.len == 0 || name.len > ASSAY_NAME_MAX) return false;
    for (size_t i = 0; i < name.len; i++) {
        const uint8_t c = name.bytes[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && c != '.' && c != '_' && c != '-') return false;
    }
    return true;
}

static enum assay_status decode_name(struct reader *r, struct assay_slice *name)
{
    ASSAY_TRY(assay_cbor_text(&r->in, ASSAY_NAME_MAX, name));
    return assay_name_is_fit(*name) ? ASSAY_OK : ASSAY_E_SYNTAX;
}

/* Into *o; the one before it, if any, stands in o[-1]. */
static enum assay_status decode_operator(struct reader *r, bool is_first,
                                         struct assay_genesis_operator *o)
{
    ASSAY_TRY(fail_at_field(r, "operator", assay_cbor_array_exact(&r->in, 2)));
    ASSAY_TRY(fail_at_field(r, "operator key",
                            assay_cbor_bytes_exact(&r->in, o->public_key, sizeof o->public_key)));
    ASSAY_TRY(fail_at_field(r, "operator name", decode_name(r, &o->name)));
    ASSAY_TRY(fail_at_field(r, "operator key", check_key(o->public_key)));
    assay_sha256(o->public_key, sizeof o->public_key, o->operator_id);
    if (is_first) return ASSAY_OK;
    const int order = assay_bytes_compare(o[-1].public_key, o->public_key, 64);
    if (order == 0) return fail_at_field(r, "operator key", ASSAY_E_DUPLICATE);
    return order > 0 ? fail_at_field(r, "operators", ASSAY_E_ENCODING) : ASSAY_OK;
}

static enum assay_status decode_operators(struct reader *r, uint32_t count, struct assay_genesis *g)
{
    if (count == 0) return fail_at_field(r, "operators", ASSAY_E_RANGE);
    for (uint32_t i = 0; i < count; i++)
        ASSAY_TRY(decode_operator(r, i == 0, &g->operators[i]));
    g->operator_count = count;
    ASSAY_ASSERT(count <= ASSAY_OPERATORS_MAX);
    return ASSAY_OK;
}

const struct assay_genesis_operator *assay_operator_find(const struct assay_genesis *genesis,
                                                         const uint8_t id[static 32])
{
    ASSAY_ASSERT(genesis->operator_count <= ASSAY_OPERATORS_MAX);

    for (uint32_t i = 0; i < genesis->operator_count; i++) {
        if (assay_bytes_equal(genesis->operators[i].operator_id, id, 32))
            return &genesis->operators[i];
    }
    return NULL;
}

static void encode_operator(struct assay_writer *w, const struct assay_genesis_operator *o)
{
    ASSAY_ASSERT(o->name.len > 0 && o->name.len <= ASSAY_NAME_MAX);
    assay_cbor_put_array(w, 2);
    assay_cbor_put_bytes(w, o->public_key, sizeof o->public_key);
    assay_cbor_put_text_n(w, (const char *)o->name.bytes, o->name.len);
}

enum assay_status assay_operators_encode(const struct assay_genesis *genesis,
                                         struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_ASSERT(genesis->operator_count > 0 && genesis->threshold <= genesis->operator_count);
    assay_cbor_put_array(w, 4);
    assay_cbor_put_text(w, operators_tag);
    assay_cbor_put_uint(w, genesis->operators_number);
    assay_cbor_put_uint(w, genesis->threshold);
    assay_cbor_put_array(w, genesis->operator_count);
    for (uint32_t i = 0; i < genesis->operator_count; i++)
        encode_operator(w, &genesis->operators[i]);
    return assay_writer_finish(w, &all);
}

/* protocol.md 9.1.1: any two sets of so many operators share one, so disjoint sets cannot decide
 * against each other. */
static bool threshold_fits(uint32_t threshold, uint64_t operators)
{
    return threshold <= operators && 2 * (uint64_t)threshold > operators;
}

static void operators_digest(const struct assay_genesis *g, uint8_t digest[static 32])
{
    uint8_t bytes[ASSAY_OPERATORS_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const enum assay_status status = assay_operators_encode(g, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(bytes, w.len, digest);
}

enum assay_status assay_operators_open(struct assay_slice bytes, struct assay_cursor *c,
                                       uint64_t *number, uint32_t *threshold, uint32_t *count)
{
    uint64_t listed = 0;
    *c = assay_cursor_over(bytes.bytes, bytes.len);
    ASSAY_TRY(assay_cbor_array_exact(c, 4));
    ASSAY_TRY(assay_cbor_text_expect(c, operators_tag));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, number)); /* as a CHANGE's */
    ASSAY_TRY(decode_u32(c, ASSAY_OPERATORS_MAX, threshold));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_OPERATORS_MAX, &listed));
    *count = (uint32_t)listed;
    return ASSAY_OK;
}

enum assay_status assay_operators_next(struct assay_cursor *c, struct assay_genesis_operator *o)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(assay_cbor_bytes_exact(c, o->public_key, sizeof o->public_key));
    ASSAY_TRY(assay_cbor_text(c, ASSAY_NAME_MAX, &o->name));
    assay_sha256(o->public_key, sizeof o->public_key, o->operator_id);
    return ASSAY_OK;
}

enum assay_status assay_operators_check(struct assay_slice bytes)
{
    struct reader r = { 0 };
    struct assay_genesis_operator two[2];
    uint32_t threshold = 0, count = 0;
    uint64_t number = 0;
    ASSAY_TRY(assay_operators_open(bytes, &r.in, &number, &threshold, &count));
    if (!threshold_fits(threshold, count)) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        ASSAY_TRY(decode_operator(&r, i == 0, &two[1]));
        two[0] = two[1];
    }
    return assay_cursor_end(&r.in);
}

enum assay_status assay_operators_decode(struct assay_slice bytes, struct assay_genesis *genesis)
{
    struct reader r = { 0 };
    uint32_t count = 0;
    ASSAY_TRY(assay_operators_open(bytes, &r.in, &genesis->operators_number, &genesis->threshold,
                                   &count));
    ASSAY_TRY(decode_operators(&r, count, genesis));
    if (!threshold_fits(genesis->threshold, genesis->operator_count)) return ASSAY_E_RANGE;
    assay_sha256(bytes.bytes, bytes.len, genesis->operators_digest);
    return assay_cursor_end(&r.in);
}

/* docs/protocol.md 9.2: of a kind that the verifier has; no judge takes a question of another. */
static bool kind_is_known(uint32_t kind)
{
    return kind != ASSAY_KIND_NONE && kind < ASSAY_KIND_COUNT;
}

static enum assay_status decode_card(struct reader *r, struct assay_genesis_member *m)
{
    struct assay_cursor *in = &r->in;
    ASSAY_TRY(fail_at_field(r, "member", assay_cbor_array_exact(in, 9)));
    ASSAY_TRY(
        fail_at_field(r, "identity key",
                      assay_cbor_bytes_exact(in, m->identity_public, sizeof m->identity_public)));
    ASSAY_TRY(
        fail_at_field(r, "bootstrap key", assay_cbor_bytes_exact(in, m->bootstrap_public, 32)));
    ASSAY_TRY(fail_at_field(r, "voting key",
                            assay_cbor_bytes_exact(in, m->voting_public, sizeof m->voting_public)));
    ASSAY_TRY(
        fail_at_field(r, "transport key", assay_cbor_bytes_exact(in, m->transport_public, 32)));
    ASSAY_TRY(fail_at_field(r, "member operator", assay_cbor_bytes_exact(in, m->operator_id, 32)));
    ASSAY_TRY(fail_at_field(r, "vendor root", assay_cbor_bytes_exact(in, m->vendor_root, 32)));
    ASSAY_TRY(fail_at_field(r, "platform id", assay_cbor_bytes_exact(in, m->platform_id, 32)));
    ASSAY_TRY(fail_at_field(r, "evidence kind", decode_u32(in, UINT16_MAX, &m->evidence_kind)));
    ASSAY_TRY(fail_at_field(r, "member name", decode_name(r, &m->name)));
    ASSAY_TRY(fail_at_field(r, "identity key", check_key(m->identity_public)));
    ASSAY_TRY(fail_at_field(r, "voting key", check_key(m->voting_public)));
    if (!kind_is_known(m->evidence_kind)) return fail_at_field(r, "evidence kind", ASSAY_E_RANGE);
    assay_sha256(m->identity_public, sizeof m->identity_public, m->node_id);
    return ASSAY_OK;
}

static enum assay_status decode_member(struct reader *r, const struct assay_genesis *g,
                                       struct assay_genesis_member *m)
{
    ASSAY_TRY(decode_card(r, m));
    return assay_operator_find(g, m->operator_id) != NULL
               ? ASSAY_OK
               : fail_at_field(r, "member operator", ASSAY_E_NOT_FOUND);
}

enum assay_status assay_member_card_read(struct assay_cursor *c, struct assay_genesis_member *m)
{
    struct reader r = { .in = *c };
    const enum assay_status status = decode_card(&r, m);
    *c = r.in;
    return status;
}

/* One key in two places would let one holder act as two. Returns: ASSAY_OK | ASSAY_E_DUPLICATE */
static enum assay_status check_distinct(const struct assay_genesis_member *members, uint32_t upto)
{
    ASSAY_ASSERT(upto < ASSAY_MEMBERS_MAX);

    const struct assay_genesis_member *m = &members[upto];
    if (assay_bytes_equal(m->voting_public, m->identity_public, 64)) return ASSAY_E_DUPLICATE;
    if (assay_bytes_equal(m->bootstrap_public, m->transport_public, 32)) return ASSAY_E_DUPLICATE;
    for (uint32_t i = 0; i < upto; i++) {
        const struct assay_genesis_member *o = &members[i];
        if (assay_bytes_equal(o->voting_public, m->voting_public, 64)) return ASSAY_E_DUPLICATE;
        if (assay_bytes_equal(o->voting_public, m->identity_public, 64)) return ASSAY_E_DUPLICATE;
        if (assay_bytes_equal(o->identity_public, m->voting_public, 64)) return ASSAY_E_DUPLICATE;
        if (assay_bytes_equal(o->bootstrap_public, m->bootstrap_public, 32))
            return ASSAY_E_DUPLICATE;
        if (assay_bytes_equal(o->bootstrap_public, m->transport_public, 32))
            return ASSAY_E_DUPLICATE;
        if (assay_bytes_equal(o->transport_public, m->bootstrap_public, 32))
            return ASSAY_E_DUPLICATE;
        if (assay_bytes_equal(o->transport_public, m->transport_public, 32))
            return ASSAY_E_DUPLICATE;
    }
    return ASSAY_OK;
}

/* docs/protocol.md 9.6.5: tools name members so. Returns: ASSAY_OK | ASSAY_E_DUPLICATE */
static enum assay_status check_name(const struct assay_genesis_member *members, uint32_t upto)
{
    for (uint32_t i = 0; i < upto; i++)
        if (assay_slice_equal(members[i].name, members[upto].name)) return ASSAY_E_DUPLICATE;
    return ASSAY_OK;
}

static uint32_t operators_with_members(const struct assay_genesis *g)
{
    uint32_t operators = 0;
    for (uint32_t i = 0; i < g->member_count; i++) {
        bool is_first = true;
        for (uint32_t k = 0; k < i && is_first; k++)
            is_first = !assay_bytes_equal(g->members[i].operator_id, g->members[k].operator_id, 32);
        operators += is_first;
    }
    return operators;
}

static enum assay_status decode_members(struct reader *r, struct assay_genesis *g)
{
    uint64_t count = 0;
    ASSAY_TRY(fail_at_field(r, "members", assay_cbor_array(&r->in, ASSAY_MEMBERS_MAX, &count)));
    if (count == 0) return fail_at_field(r, "members", ASSAY_E_RANGE);
    for (uint32_t i = 0; i < count; i++) {
        struct assay_genesis_member *m = &g->members[i];
        ASSAY_TRY(decode_member(r, g, m));
        ASSAY_TRY(fail_at_field(r, "member keys", check_distinct(g->members, i)));
        ASSAY_TRY(fail_at_field(r, "member name", check_name(g->members, i)));
        if (i == 0) continue;
        const int order = assay_bytes_compare(m[-1].node_id, m->node_id, 32);
        if (order == 0) return fail_at_field(r, "identity key", ASSAY_E_DUPLICATE);
        if (order > 0) return fail_at_field(r, "members", ASSAY_E_ENCODING);
    }
    g->member_count = (uint32_t)count;
    /* docs/protocol.md 5.22: each operator with members has a seat of its own. */
    if (operators_with_members(g) > ASSAY_VOTERS_MAX)
        return fail_at_field(r, "members", ASSAY_E_FULL);
    ASSAY_ASSERT(count <= ASSAY_MEMBERS_MAX && g->operator_count > 0);
    return ASSAY_OK;
}

static enum assay_status decode_body(struct reader *r, struct assay_genesis *g)
{
    uint64_t version = 0, items = 0, operators = 0;
    ASSAY_TRY(fail_at_field(r, "body", assay_cbor_array(&r->in, 9, &items)));
    if (items < 8) return fail_at_field(r, "body", ASSAY_E_TYPE);
    ASSAY_TRY(fail_at_field(r, "version", assay_cbor_uint(&r->in, &version)));
    if (version != GENESIS_VERSION) return fail_at_field(r, "version", ASSAY_E_UNSUPPORTED);
    ASSAY_TRY(fail_at_field(r, "time_ms", assay_cbor_uint_max(&r->in, INT64_MAX, &g->time_ms)));
    ASSAY_TRY(decode_parameters(r, &g->parameters));
    ASSAY_TRY(fail_at_field(r, "policy", assay_cbor_bytes(&r->in, SLICE_LEN_MAX, &g->policy)));
    ASSAY_TRY(fail_at_field(r, "endorsements",
                            assay_cbor_bytes(&r->in, SLICE_LEN_MAX, &g->endorsements)));
    ASSAY_TRY(
        fail_at_field(r, "threshold", decode_u32(&r->in, ASSAY_OPERATORS_MAX, &g->threshold)));
    g->operators_number = 0;
    ASSAY_TRY(
        fail_at_field(r, "operators", assay_cbor_array(&r->in, ASSAY_OPERATORS_MAX, &operators)));
    ASSAY_TRY(decode_operators(r, (uint32_t)operators, g));
    if (!threshold_fits(g->threshold, g->operator_count))
        return fail_at_field(r, "threshold", ASSAY_E_RANGE);
    ASSAY_TRY(decode_members(r, g));
    if (items > 8) {
        ASSAY_TRY(fail_at_field(
            r, "services", assay_cbor_bytes(&r->in, ASSAY_SERVICES_PLAN_LEN_MAX, &g->services)));
        if (g->services.len == 0)
            return fail_at_field(r, "services", ASSAY_E_ENCODING); /* left out then */
    }
    ASSAY_TRY(fail_at_field(r, "body", assay_cursor_end(&r->in)));
    ASSAY_ASSERT(g->threshold <= g->operator_count && g->member_count > 0);
    operators_digest(g, g->operators_digest);
    assay_sha256(g->policy.bytes, g->policy.len, g->policy_digest);
    assay_sha256(g->endorsements.bytes, g->endorsements.len, g->endorsements_digest);
    assay_bytes_copy(g->first[0], 32, g->policy_digest, 32);
    assay_bytes_copy(g->first[1], 32, g->endorsements_digest, 32);
    assay_bytes_copy(g->first[2], 32, g->operators_digest, 32);
    return ASSAY_OK;
}

/* Signers ascend, so none counts twice. */
static enum assay_status decode_signatures(struct reader *r, struct assay_genesis *g)
{
    ASSAY_ASSERT(g->operator_count > 0 && g->member_count > 0);

    uint8_t digest[32];
    uint64_t count = 0;
    uint64_t next = 0;
    assay_genesis_signing_digest(g->chain_id, digest);
    ASSAY_TRY(
        fail_at_field(r, "signatures", assay_cbor_array(&r->in, ASSAY_OPERATORS_MAX, &count)));
    for (uint64_t i = 0; i < count; i++) {
        uint64_t signer = 0;
        uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
        struct assay_p256 *key = NULL;
        ASSAY_TRY(fail_at_field(r, "signature", assay_cbor_array_exact(&r->in, 2)));
        ASSAY_TRY(fail_at_field(r, "signer", assay_cbor_uint(&r->in, &signer)));
        ASSAY_TRY(fail_at_field(r, "signature",
                                assay_cbor_bytes_exact(&r->in, signature, sizeof signature)));
        if (signer < next) return fail_at_field(r, "signer", ASSAY_E_ENCODING);
        if (signer >= g->operator_count) return fail_at_field(r, "signer", ASSAY_E_SIGNATURE);
        next = signer + 1;
        ASSAY_TRY(
            fail_at_field(r, "signature", assay_p256_load(g->operators[signer].public_key, &key)));
        const bool good = assay_p256_verify(key, digest, signature, ASSAY_S_LOW);
        assay_p256_free(&key);
        if (!good) return fail_at_field(r, "signature", ASSAY_E_SIGNATURE);
        g->signers[i] = (uint32_t)signer;
        assay_bytes_copy(g->signatures[i], sizeof g->signatures[i], signature, sizeof signature);
    }
    g->signature_count = (uint32_t)count;
    ASSAY_ASSERT(count <= g->operator_count);
    return fail_at_field(r, "file", assay_cursor_end(&r->in));
}

/* What a failed decode leaves behind must not look like a genesis. */
static enum assay_status reject_genesis(struct assay_genesis *genesis, enum assay_status status)
{
    if (status != ASSAY_OK) assay_bytes_zero(genesis, sizeof *genesis);
    return status;
}

static enum assay_status decode_into(struct reader *r, bool allow_unsigned, struct assay_genesis *g)
{
    ASSAY_TRY(fail_at_field(r, "file", assay_cbor_array_exact(&r->in, 3)));
    ASSAY_TRY(fail_at_field(r, "file", assay_cbor_text_expect(&r->in, "assay/genesis/v1")));
    ASSAY_TRY(fail_at_field(r, "body", assay_cbor_bytes(&r->in, ASSAY_GENESIS_LEN_MAX, &g->body)));
    assay_sha256(g->body.bytes, g->body.len, g->chain_id);
    struct reader body = { assay_cursor_over(g->body.bytes, g->body.len), r->where };
    ASSAY_TRY(decode_body(&body, g));
    ASSAY_TRY(decode_signatures(r, g));
    if (!allow_unsigned && g->signature_count < g->threshold)
        return fail_at_field(r, "signatures", ASSAY_E_SIGNATURE);
    ASSAY_ASSERT(g->threshold > 0 && g->signature_count <= g->operator_count);
    return ASSAY_OK;
}

enum assay_status assay_genesis_decode(const uint8_t *bytes, size_t len, bool allow_unsigned,
                                       struct assay_genesis *genesis, struct assay_where *where)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    ASSAY_ASSERT(genesis != NULL);
    if (where != NULL) *where = (struct assay_where){ 0 };
    assay_bytes_zero(genesis, sizeof *genesis);
    if (len > ASSAY_GENESIS_LEN_MAX) return ASSAY_E_RANGE;
    struct reader r = { assay_cursor_over(bytes, len), where };
    return reject_genesis(genesis, decode_into(&r, allow_unsigned, genesis));
}

struct assay_slice assay_genesis_signing_body(const uint8_t chain_id[static 32],
                                              uint8_t memory[static ASSAY_GENESIS_SIGNING_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(memory, ASSAY_GENESIS_SIGNING_LEN_MAX);
    struct assay_slice all;
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_text(&w, "assay/genesis-signature/v1");
    assay_cbor_put_bytes(&w, chain_id, 32);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    return all;
}

void assay_genesis_signing_digest(const uint8_t chain_id[static 32], uint8_t digest[static 32])
{
    uint8_t memory[ASSAY_GENESIS_SIGNING_LEN_MAX];
    const struct assay_slice body = assay_genesis_signing_body(chain_id, memory);
    assay_sha256(body.bytes, body.len, digest);
}

/* Insertion: a genesis is made once, and the order is total because keys differ. */
void assay_genesis_sort(struct assay_genesis *genesis)
{
    ASSAY_ASSERT(genesis != NULL);
    ASSAY_ASSERT(genesis->operator_count <= ASSAY_OPERATORS_MAX);
    ASSAY_ASSERT(genesis->member_count <= ASSAY_MEMBERS_MAX);
    for (uint32_t i = 0; i < genesis->operator_count; i++) {
        struct assay_genesis_operator o = genesis->operators[i];
        assay_sha256(o.public_key, sizeof o.public_key, o.operator_id);
        uint32_t k = i;
        for (; k > 0; k--) {
            if (assay_bytes_compare(genesis->operators[k - 1].public_key, o.public_key, 64) <= 0)
                break;
            genesis->operators[k] = genesis->operators[k - 1];
        }
        genesis->operators[k] = o;
    }
    for (uint32_t i = 0; i < genesis->member_count; i++) {
        struct assay_genesis_member m = genesis->members[i];
        assay_sha256(m.identity_public, sizeof m.identity_public, m.node_id);
        uint32_t k = i;
        for (; k > 0; k--) {
            if (assay_bytes_compare(genesis->members[k - 1].node_id, m.node_id, 32) <= 0) break;
            genesis->members[k] = genesis->members[k - 1];
        }
        genesis->members[k] = m;
    }
}

void assay_member_card_put(struct assay_writer *w, const struct assay_genesis_member *m)
{
    ASSAY_ASSERT(m->name.len > 0 && m->name.len <= ASSAY_NAME_MAX);
    ASSAY_ASSERT(m->evidence_kind > 0);

    assay_cbor_put_array(w, 9);
    assay_cbor_put_bytes(w, m->identity_public, sizeof m->identity_public);
    assay_cbor_put_bytes(w, m->bootstrap_public, 32);
    assay_cbor_put_bytes(w, m->voting_public, sizeof m->voting_public);
    assay_cbor_put_bytes(w, m->transport_public, 32);
    assay_cbor_put_bytes(w, m->operator_id, 32);
    assay_cbor_put_bytes(w, m->vendor_root, 32);
    assay_cbor_put_bytes(w, m->platform_id, 32);
    assay_cbor_put_uint(w, m->evidence_kind);
    assay_cbor_put_text_n(w, (const char *)m->name.bytes, m->name.len);
}

/* What decode refuses is not written either. */
static enum assay_status check_parts(const struct assay_genesis *g)
{
    if (g->operator_count == 0 || g->operator_count > ASSAY_OPERATORS_MAX) return ASSAY_E_RANGE;
    if (g->member_count == 0 || g->member_count > ASSAY_MEMBERS_MAX) return ASSAY_E_RANGE;
    if (!threshold_fits(g->threshold, g->operator_count)) return ASSAY_E_RANGE;
    if (g->services.len > ASSAY_SERVICES_PLAN_LEN_MAX) return ASSAY_E_RANGE;
    if (!parameters_in_range(&g->parameters) || g->time_ms > INT64_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < g->operator_count; i++) {
        if (!assay_name_is_fit(g->operators[i].name)) return ASSAY_E_SYNTAX;
        if (i == 0) continue;
        const int order = assay_bytes_compare(g->operators[i - 1].public_key,
                                              g->operators[i].public_key, ASSAY_P256_PUBLIC_LEN);
        if (order >= 0) return order == 0 ? ASSAY_E_DUPLICATE : ASSAY_E_RANGE;
    }
    for (uint32_t i = 0; i < g->member_count; i++) {
        if (!assay_name_is_fit(g->members[i].name)) return ASSAY_E_SYNTAX;
        if (!kind_is_known(g->members[i].evidence_kind)) return ASSAY_E_RANGE;
        if (assay_operator_find(g, g->members[i].operator_id) == NULL) return ASSAY_E_RANGE;
        ASSAY_TRY(check_distinct(g->members, i));
        ASSAY_TRY(check_name(g->members, i));
        if (i == 0) continue;
        const int order = assay_bytes_compare(g->members[i - 1].node_id, g->members[i].node_id, 32);
        if (order >= 0) return order == 0 ? ASSAY_E_DUPLICATE : ASSAY_E_RANGE;
    }
    return ASSAY_OK;
}

enum assay_status assay_genesis_encode_body(const struct assay_genesis *genesis,
                                            struct assay_writer *w)
{
    ASSAY_ASSERT(genesis != NULL && w != NULL);
    ASSAY_TRY(check_parts(genesis));
    assay_cbor_put_array(w, genesis->services.len > 0 ? 9 : 8);
    assay_cbor_put_uint(w, GENESIS_VERSION);
    assay_cbor_put_uint(w, genesis->time_ms);
    assay_parameters_put(w, &genesis->parameters);
    assay_cbor_put_bytes(w, genesis->policy.bytes, genesis->policy.len);
    assay_cbor_put_bytes(w, genesis->endorsements.bytes, genesis->endorsements.len);
    assay_cbor_put_uint(w, genesis->threshold);
    assay_cbor_put_array(w, genesis->operator_count);
    for (uint32_t i = 0; i < genesis->operator_count; i++)
        encode_operator(w, &genesis->operators[i]);
    assay_cbor_put_array(w, genesis->member_count);
    for (uint32_t i = 0; i < genesis->member_count; i++)
        assay_member_card_put(w, &genesis->members[i]);
    if (genesis->services.len > 0)
        assay_cbor_put_bytes(w, genesis->services.bytes, genesis->services.len);
    struct assay_slice all;
    return assay_writer_finish(w, &all);
}

enum assay_status assay_genesis_encode_file(struct assay_slice body, const uint32_t *signers,
                                            const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN],
                                            size_t count, struct assay_writer *w)
{
    ASSAY_ASSERT(body.len > 0);
    ASSAY_ASSERT(w != NULL && (count == 0 || (signers != NULL && signatures != NULL)));
    if (count > ASSAY_OPERATORS_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_text(w, "assay/genesis/v1");
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_array(w, count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && signers[i] <= signers[i - 1]) return ASSAY_E_RANGE;
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, signers[i]);
        assay_cbor_put_bytes(w, signatures[i], ASSAY_P256_SIGNATURE_LEN);
    }
    struct assay_slice all;
    return assay_writer_finish(w, &all);
}
