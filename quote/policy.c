/*
 * quote/policy.c - the policy as a value: default, bounds, canonical bytes.
 *
 * CBOR: ["assay/policy/v1", profile, kinds, evaluation_number_min, pcesvn_min, tee_tcb_svn_min,
 * statuses, roots, advisories, references]; absent options are null. Decoding accepts exactly what
 * encoding writes.
 */
#include "quote/policy.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "quote/text.h"

static const char policy_tag[] = "assay/policy/v1";
enum { POLICY_FIELDS = 10, REFERENCE_FIELDS = 6 };

static void accept(struct assay_policy *policy, enum assay_tcb_status status,
                   enum assay_acceptance acceptance)
{
    policy->statuses[status].acceptance = acceptance;
}

void assay_policy_default(struct assay_policy *policy)
{
    ASSAY_ASSERT(policy != NULL);
    assay_bytes_zero(policy, sizeof *policy);
    policy->profile = ASSAY_PROFILE_PRODUCTION;
    policy->kinds = ASSAY_KINDS_ALL;
    accept(policy, ASSAY_TCB_UP_TO_DATE, ASSAY_ACCEPT_AFFIRMING);
    accept(policy, ASSAY_TCB_SW_HARDENING_NEEDED, ASSAY_ACCEPT_AFFIRMING);
    accept(policy, ASSAY_TCB_CONFIGURATION_NEEDED, ASSAY_ACCEPT_WARNING);
    accept(policy, ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED, ASSAY_ACCEPT_WARNING);
    accept(policy, ASSAY_TCB_OUT_OF_DATE, ASSAY_ACCEPT_WARNING);
    accept(policy, ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED, ASSAY_ACCEPT_WARNING);
    accept(policy, ASSAY_TCB_TD_RELAUNCH_ADVISED, ASSAY_ACCEPT_WARNING);
    accept(policy, ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED, ASSAY_ACCEPT_WARNING);
    policy->platform.service_td = ASSAY_ACCEPT_WARNING;
    policy->platform.sept_ve_enabled = ASSAY_ACCEPT_WARNING;
    policy->platform.vmpl_max = 3;
    policy->platform.allow_smt = true;
}

/* --- bounds */
static bool is_pcr(enum assay_reference_field field)
{
    return field >= ASSAY_REFERENCE_PCR0;
}

/* Length in bytes, by the field; realms and PCRs are measured with several hashes. */
static bool length_fits(enum assay_reference_field field, uint32_t len)
{
    if (is_pcr(field)) return len == 32 || len == 48;
    if (field >= ASSAY_REFERENCE_RIM && field < ASSAY_REFERENCE_CCA_IMPLEMENTATION)
        return len == 32 || len == 48 || len == 64;
    if (field == ASSAY_REFERENCE_MRENCLAVE || field == ASSAY_REFERENCE_MRSIGNER ||
        field == ASSAY_REFERENCE_HOST_DATA || field == ASSAY_REFERENCE_CCA_IMPLEMENTATION)
        return len == 32;
    return len == 48;
}

/* The numbers between the named ones and PCR0 belong to nobody. */
static bool is_field(enum assay_reference_field field)
{
    return (unsigned)field <= ASSAY_REFERENCE_CCA_IMPLEMENTATION ||
           (is_pcr(field) && (unsigned)field < ASSAY_REFERENCE_FIELDS);
}

static enum assay_status check_reference(const struct assay_reference *r)
{
    if (!is_field(r->field)) return ASSAY_E_RANGE;
    if ((unsigned)r->state > ASSAY_REFERENCE_DENIED) return ASSAY_E_RANGE;
    if (!length_fits(r->field, r->value_len)) return ASSAY_E_INVALID;
    if (r->has_not_before && r->not_before_s < 0) return ASSAY_E_RANGE;
    if (r->has_not_after && r->not_after_s < 0) return ASSAY_E_RANGE;
    if (r->has_not_before && r->has_not_after && r->not_before_s > r->not_after_s)
        return ASSAY_E_INVALID;
    return ASSAY_OK;
}

static enum assay_status check_text(const char *text, size_t capacity)
{
    const size_t len = assay_text_len(text, capacity);
    if (len == 0 || len == capacity) return ASSAY_E_RANGE;
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e) return ASSAY_E_RANGE;
    return ASSAY_OK;
}

enum assay_status assay_policy_check(const struct assay_policy *policy)
{
    if ((unsigned)policy->profile > ASSAY_PROFILE_DEVELOPMENT) return ASSAY_E_RANGE;
    if (policy->root_count > ASSAY_POLICY_ROOTS_MAX) return ASSAY_E_RANGE;
    if (policy->advisory_count > ASSAY_POLICY_ADVISORIES_MAX) return ASSAY_E_RANGE;
    if (policy->reference_count > ASSAY_REFERENCES_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < ASSAY_TCB_STATUS_COUNT; i++)
        if ((unsigned)policy->statuses[i].acceptance > ASSAY_ACCEPT_AFFIRMING) return ASSAY_E_RANGE;
    /*
     * docs/protocol.md 7: revoked is FAIL hard, no matching level FAIL soft, whatever a policy
     * says.
     */
    if (policy->statuses[ASSAY_TCB_NONE].acceptance != ASSAY_ACCEPT_REFUSED ||
        policy->statuses[ASSAY_TCB_REVOKED].acceptance != ASSAY_ACCEPT_REFUSED ||
        policy->statuses[ASSAY_TCB_NOT_SUPPORTED].acceptance != ASSAY_ACCEPT_REFUSED)
        return ASSAY_E_INVALID;
    for (uint32_t i = 0; i < policy->root_count; i++) {
        const struct assay_key *const key = &policy->roots[i].key;
        ASSAY_TRY(check_text(policy->roots[i].name, ASSAY_ROOT_NAME_MAX));
        if (key->type == ASSAY_KEY_NONE || assay_key_type_of_len(key->len) != key->type)
            return ASSAY_E_RANGE;
    }
    for (uint32_t i = 0; i < policy->advisory_count; i++)
        ASSAY_TRY(check_text(policy->advisories_denied[i], ASSAY_ADVISORY_TEXT));
    for (uint32_t i = 0; i < policy->reference_count; i++)
        ASSAY_TRY(check_reference(&policy->references[i]));
    return ASSAY_OK;
}

/* --- encoding */
static void put_option(struct assay_writer *w, bool has, uint64_t value)
{
    if (has) assay_cbor_put_uint(w, value);
    else assay_cbor_put_null(w);
}

static void put_reference(struct assay_writer *w, const struct assay_reference *r)
{
    assay_cbor_put_array(w, REFERENCE_FIELDS);
    assay_cbor_put_uint(w, (uint64_t)r->field);
    assay_cbor_put_uint(w, (uint64_t)r->state);
    assay_cbor_put_bytes(w, r->value, r->value_len);
    put_option(w, r->has_not_before, (uint64_t)r->not_before_s);
    put_option(w, r->has_not_after, (uint64_t)r->not_after_s);
    assay_cbor_put_uint(w, r->isvsvn_min);
}

void assay_policy_encode(const struct assay_policy *policy, struct assay_writer *w)
{
    ASSAY_ASSERT(assay_policy_check(policy) == ASSAY_OK);
    assay_cbor_put_array(w, POLICY_FIELDS);
    assay_cbor_put_text(w, policy_tag);
    assay_cbor_put_uint(w, (uint64_t)policy->profile);
    assay_cbor_put_uint(w, policy->kinds);
    assay_cbor_put_uint(w, policy->evaluation_number_min);
    assay_cbor_put_uint(w, policy->pcesvn_min);
    assay_cbor_put_bytes(w, policy->tee_tcb_svn_min, sizeof policy->tee_tcb_svn_min);
    assay_cbor_put_array(w, ASSAY_TCB_STATUS_COUNT);
    for (size_t i = 0; i < ASSAY_TCB_STATUS_COUNT; i++) {
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, (uint64_t)policy->statuses[i].acceptance);
        put_option(w, policy->statuses[i].has_grace, policy->statuses[i].grace_s);
    }
    assay_cbor_put_array(w, policy->root_count);
    for (uint32_t i = 0; i < policy->root_count; i++) {
        assay_cbor_put_array(w, 3);
        assay_cbor_put_text(w, policy->roots[i].name);
        assay_cbor_put_bytes(w, policy->roots[i].key.bytes, policy->roots[i].key.len);
        assay_cbor_put_uint(w, policy->roots[i].kinds);
    }
    assay_cbor_put_array(w, policy->advisory_count);
    for (uint32_t i = 0; i < policy->advisory_count; i++)
        assay_cbor_put_text(w, policy->advisories_denied[i]);
    assay_cbor_put_array(w, policy->reference_count);
    for (uint32_t i = 0; i < policy->reference_count; i++)
        put_reference(w, &policy->references[i]);
}

/* --- decoding */
static enum assay_status get_option(struct assay_cursor *c, uint64_t max, bool *has,
                                    uint64_t *value)
{
    enum assay_cbor_type type;
    ASSAY_TRY(assay_cbor_peek(c, &type));
    if (type == ASSAY_CBOR_NULL) return assay_cbor_null(c);
    *has = true;
    return assay_cbor_uint_max(c, max, value);
}

static enum assay_status get_time(struct assay_cursor *c, bool *has, int64_t *unix_s)
{
    uint64_t value = 0;
    ASSAY_TRY(get_option(c, INT64_MAX, has, &value));
    *unix_s = (int64_t)value;
    return ASSAY_OK;
}

static enum assay_status get_text(struct assay_cursor *c, char *out, size_t capacity)
{
    struct assay_slice text;
    ASSAY_TRY(assay_cbor_text(c, capacity - 1, &text));
    if (text.len > 0) assay_bytes_copy(out, capacity, text.bytes, text.len);
    return ASSAY_OK; /* the rest is zero, and assay_policy_check refuses an empty one */
}

static enum assay_status get_reference(struct assay_cursor *c, struct assay_reference *r)
{
    uint64_t field = 0;
    uint64_t state = 0;
    uint64_t isvsvn = 0;
    struct assay_slice value;
    ASSAY_TRY(assay_cbor_array_exact(c, REFERENCE_FIELDS));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_REFERENCE_FIELDS - 1, &field));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_REFERENCE_DENIED, &state));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_MEASUREMENT_MAX, &value));
    ASSAY_TRY(get_time(c, &r->has_not_before, &r->not_before_s));
    ASSAY_TRY(get_time(c, &r->has_not_after, &r->not_after_s));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT16_MAX, &isvsvn));
    r->field = (enum assay_reference_field)field;
    r->state = (enum assay_reference_state)state;
    r->isvsvn_min = (uint16_t)isvsvn;
    r->value_len = (uint32_t)value.len;
    if (value.len > 0) assay_bytes_copy(r->value, sizeof r->value, value.bytes, value.len);
    return ASSAY_OK;
}

static enum assay_status get_statuses(struct assay_cursor *c, struct assay_policy *p)
{
    ASSAY_TRY(assay_cbor_array_exact(c, ASSAY_TCB_STATUS_COUNT));
    for (size_t i = 0; i < ASSAY_TCB_STATUS_COUNT; i++) {
        uint64_t acceptance = 0;
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_ACCEPT_AFFIRMING, &acceptance));
        p->statuses[i].acceptance = (enum assay_acceptance)acceptance;
        ASSAY_TRY(get_option(c, UINT64_MAX, &p->statuses[i].has_grace, &p->statuses[i].grace_s));
    }
    return ASSAY_OK;
}

static enum assay_status get_roots(struct assay_cursor *c, struct assay_policy *p)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_POLICY_ROOTS_MAX, &count));
    p->root_count = (uint32_t)count;
    for (uint32_t i = 0; i < p->root_count; i++) {
        uint64_t kinds = 0;
        struct assay_slice key = { NULL, 0 };
        ASSAY_TRY(assay_cbor_array_exact(c, 3));
        ASSAY_TRY(get_text(c, p->roots[i].name, sizeof p->roots[i].name));
        ASSAY_TRY(assay_cbor_bytes(c, ASSAY_KEY_BYTES_MAX, &key));
        const enum assay_key_type type = assay_key_type_of_len(key.len);
        if (type == ASSAY_KEY_NONE) return ASSAY_E_RANGE;
        assay_key_from(&p->roots[i].key, type, key.bytes, key.len);
        ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &kinds));
        p->roots[i].kinds = (uint32_t)kinds;
    }
    return ASSAY_OK;
}

static enum assay_status get_lists(struct assay_cursor *c, struct assay_policy *p)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_POLICY_ADVISORIES_MAX, &count));
    p->advisory_count = (uint32_t)count;
    for (uint32_t i = 0; i < p->advisory_count; i++)
        ASSAY_TRY(get_text(c, p->advisories_denied[i], ASSAY_ADVISORY_TEXT));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_REFERENCES_MAX, &count));
    p->reference_count = (uint32_t)count;
    for (uint32_t i = 0; i < p->reference_count; i++)
        ASSAY_TRY(get_reference(c, &p->references[i]));
    return ASSAY_OK;
}

enum assay_status assay_policy_decode(const uint8_t *bytes, size_t len, struct assay_policy *policy)
{
    ASSAY_ASSERT(policy != NULL);
    if (len > ASSAY_POLICY_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_cursor c = assay_cursor_over(bytes, len);
    struct assay_policy p = { 0 };
    uint64_t profile = 0;
    uint64_t kinds = 0;
    uint64_t number = 0;
    uint64_t pcesvn = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, POLICY_FIELDS));
    ASSAY_TRY(assay_cbor_text_expect(&c, policy_tag));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_PROFILE_DEVELOPMENT, &profile));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &kinds));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &number));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT16_MAX, &pcesvn));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, p.tee_tcb_svn_min, sizeof p.tee_tcb_svn_min));
    p.profile = (enum assay_profile)profile;
    p.kinds = (uint32_t)kinds;
    p.evaluation_number_min = (uint32_t)number;
    p.pcesvn_min = (uint16_t)pcesvn;
    ASSAY_TRY(get_statuses(&c, &p));
    ASSAY_TRY(get_roots(&c, &p));
    ASSAY_TRY(get_lists(&c, &p));
    ASSAY_TRY(assay_cursor_end(&c));
    ASSAY_TRY(assay_policy_check(&p));
    *policy = p;
    return ASSAY_OK;
}

void assay_policy_digest(const struct assay_policy *policy, uint8_t digest[static 32])
{
    uint8_t bytes[ASSAY_POLICY_LEN_MAX];
    struct assay_slice encoded;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_policy_encode(policy, &w);
    const enum assay_status status = assay_writer_finish(&w, &encoded);
    ASSAY_ASSERT(status ==
                 ASSAY_OK); /* the capacity covers full tables, tests/unit/quote/test_policy.c */
    assay_sha256(encoded.bytes, encoded.len, digest);
}
