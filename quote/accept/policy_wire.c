/*
 * quote/accept/policy_wire.c - canonical encoding of a policy: contained in genesis and covered by
 * digests.
 *
 * CBOR: ["assay/policy/v3", profile, kinds, evaluation_number_min, collateral_age_max_s,
 * pcesvn_min, tee_tcb_svn_min, platform, statuses, roots, advisories, references, ? events, ? gpu,
 * ? tpm_weak_banks]; absent options are null. A policy ends with the last element that differs from
 * the default: bytes and digest are those of the format without the others. So it is with the last
 * fields of gpu, for policies that say nothing of firmware and of members' devices, and with its
 * very last one, true, for policies that do not accept packed devices. Decoding accepts exactly
 * what encoding writes; another version of the format has another tag and is rejected.
 */
#include "quote/accept/policy.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char policy_tag[] = "assay/policy/v3";
enum {
    POLICY_FIELDS = 12, /* and up to three more, each with those before it */
    WITH_EVENTS = POLICY_FIELDS + 1,
    WITH_GPU = WITH_EVENTS + 1,
    WITH_WEAK_BANKS = WITH_GPU + 1,
    GPU_FIELDS = 3 + ASSAY_GPU_VERSION_PARTS,
    GPU_FIELDS_DEVICES = GPU_FIELDS + 5, /* spans of GPUs and of switches, versions of firmware */
    GPU_FIELDS_PACKED = GPU_FIELDS_DEVICES + 1,
    POLICY_FIELDS_MAX = 23, /* of any version: one byte of array head */
    PLATFORM_FIELDS = 10,
    ROOT_FIELDS = 4,
    REFERENCE_FIELDS = 6,
    EVENT_FIELDS = 6,
};

/* The longest encoding of each entry, CBOR heads included: every table full must fit. */
enum {
    NUMBER_MAX = 9,
    STATUS_MAX = 1 + 1 + NUMBER_MAX,
    ROOT_MAX = 1 + (2 + ASSAY_ROOT_NAME_MAX) + (3 + ASSAY_KEY_BYTES_MAX) + 5 + 1,
    ADVISORY_MAX = 2 + ASSAY_ADVISORY_TEXT,
    REFERENCE_MAX = 1 + 2 + 1 + (2 + ASSAY_MEASUREMENT_MAX) + 2 * NUMBER_MAX + 3,
    EVENT_MAX = 1 + 1 + 1 + 2 + 5 + 2 + ASSAY_EVENT_REFERENCE_TEXT + 2 + ASSAY_MEASUREMENT_MAX,
    HEADS_MAX = 1 + (1 + sizeof policy_tag) + 1 + 5 + 5 + NUMBER_MAX + 3 + (1 + 16) + 26 + 17 +
                (1 + 2 + 2 + 1 + ASSAY_GPU_VERSION_PARTS * 5) +
                (4 + 1 + ASSAY_GPU_FIRMWARES_MAX * (1 + ASSAY_GPU_FIRMWARE_PARTS)) + 1,
};
_Static_assert(HEADS_MAX + ASSAY_TCB_STATUS_COUNT * STATUS_MAX + ASSAY_POLICY_ROOTS_MAX * ROOT_MAX +
                       ASSAY_POLICY_ADVISORIES_MAX * ADVISORY_MAX +
                       ASSAY_REFERENCES_MAX * REFERENCE_MAX +
                       ASSAY_EVENT_REFERENCES_MAX * EVENT_MAX <=
                   ASSAY_POLICY_LEN_MAX,
               "a policy with every table full must fit");

/* --- encoding */
static void put_option(struct assay_writer *w, bool has, uint64_t value)
{
    if (has) assay_cbor_put_uint(w, value);
    else assay_cbor_put_null(w);
}

static void put_reference(struct assay_writer *w, const struct assay_reference *r)
{
    ASSAY_ASSERT(r->value_len <= sizeof r->value);
    assay_cbor_put_array(w, REFERENCE_FIELDS);
    assay_cbor_put_uint(w, (uint64_t)r->field);
    assay_cbor_put_uint(w, (uint64_t)r->state);
    assay_cbor_put_bytes(w, r->value, r->value_len);
    put_option(w, r->has_not_before, (uint64_t)r->not_before_s);
    put_option(w, r->has_not_after, (uint64_t)r->not_after_s);
    assay_cbor_put_uint(w, r->isvsvn_min);
}

static void put_platform(struct assay_writer *w, const struct assay_platform_rules *rules)
{
    assay_cbor_put_array(w, PLATFORM_FIELDS);
    assay_cbor_put_uint(w, (uint64_t)rules->service_td);
    assay_cbor_put_uint(w, (uint64_t)rules->sept_ve_enabled);
    assay_cbor_put_uint(w, (uint64_t)rules->td_now_out_of_date);
    assay_cbor_put_uint(w, (uint64_t)rules->td_now_revoked);
    assay_cbor_put_uint(w, rules->vmpl_max);
    assay_cbor_put_bool(w, rules->allow_migration_agent);
    assay_cbor_put_bool(w, rules->allow_smt);
    assay_cbor_put_bool(w, rules->require_single_socket);
    assay_cbor_put_bool(w, rules->require_crl);
    assay_cbor_put_bytes(w, rules->snp_tcb_min, sizeof rules->snp_tcb_min);
}

static void put_statuses(struct assay_writer *w, const struct assay_policy *policy)
{
    assay_cbor_put_array(w, ASSAY_TCB_STATUS_COUNT);
    for (size_t i = 0; i < ASSAY_TCB_STATUS_COUNT; i++) {
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, (uint64_t)policy->statuses[i].acceptance);
        put_option(w, policy->statuses[i].has_grace, policy->statuses[i].grace_s);
    }
}

static void put_roots(struct assay_writer *w, const struct assay_policy *policy)
{
    assay_cbor_put_array(w, policy->root_count);
    for (uint32_t i = 0; i < policy->root_count; i++) {
        assay_cbor_put_array(w, ROOT_FIELDS);
        assay_cbor_put_text(w, policy->roots[i].name);
        assay_cbor_put_bytes(w, policy->roots[i].key.bytes, policy->roots[i].key.len);
        assay_cbor_put_uint(w, policy->roots[i].kinds);
        assay_cbor_put_uint(w, (uint64_t)policy->roots[i].ak);
    }
}

/* Do its events differ from the default? */
static bool has_events(const struct assay_policy *policy)
{
    return policy->event_count > 0 || policy->ima_unknown != ASSAY_ACCEPT_WARNING;
}

static void put_events(struct assay_writer *w, const struct assay_policy *policy)
{
    assay_cbor_put_array(w, 2);
    assay_cbor_put_uint(w, (uint64_t)policy->ima_unknown);
    assay_cbor_put_array(w, policy->event_count);
    for (uint32_t i = 0; i < policy->event_count; i++) {
        const struct assay_event_reference *const e = &policy->events[i];
        assay_cbor_put_array(w, EVENT_FIELDS);
        assay_cbor_put_bool(w, e->is_file);
        assay_cbor_put_uint(w, (uint64_t)e->state);
        assay_cbor_put_uint(w, (uint64_t)e->field);
        put_option(w, e->has_type, e->type);
        assay_cbor_put_text(w, e->text);
        assay_cbor_put_bytes(w, e->value, e->value_len);
    }
}

static void put_gpu(struct assay_writer *w, const struct assay_gpu_rules *rules)
{
    const bool has_devices = !assay_gpu_rules_are_of_reports(rules);
    assay_cbor_put_array(w, rules->packed ? GPU_FIELDS_PACKED
                            : has_devices ? GPU_FIELDS_DEVICES
                                          : GPU_FIELDS);
    assay_cbor_put_uint(w, rules->architectures);
    assay_cbor_put_uint(w, rules->modes);
    assay_cbor_put_bool(w, rules->allow_certificate_hold);
    for (size_t i = 0; i < ASSAY_GPU_VERSION_PARTS; i++)
        assay_cbor_put_uint(w, rules->driver_min.parts[i]);
    if (!has_devices) return;
    assay_cbor_put_uint(w, rules->gpus.least);
    assay_cbor_put_uint(w, rules->gpus.most);
    assay_cbor_put_uint(w, rules->switches.least);
    assay_cbor_put_uint(w, rules->switches.most);
    assay_cbor_put_array(w, rules->firmware_count);
    for (uint32_t i = 0; i < rules->firmware_count; i++)
        assay_cbor_put_bytes(w, rules->firmware_min[i].parts, ASSAY_GPU_FIRMWARE_PARTS);
    if (rules->packed) assay_cbor_put_bool(w, true);
}

static uint64_t count_fields(const struct assay_policy *policy)
{
    if (policy->tpm_weak_banks != ASSAY_ACCEPT_REFUSED) return WITH_WEAK_BANKS;
    if (!assay_gpu_rules_are_default(&policy->gpu)) return WITH_GPU;
    return has_events(policy) ? WITH_EVENTS : POLICY_FIELDS;
}

void assay_policy_encode(const struct assay_policy *policy, struct assay_writer *w)
{
    ASSAY_ASSERT(assay_policy_check(policy) == ASSAY_OK);
    const uint64_t fields = count_fields(policy);
    assay_cbor_put_array(w, fields);
    assay_cbor_put_text(w, policy_tag);
    assay_cbor_put_uint(w, (uint64_t)policy->profile);
    assay_cbor_put_uint(w, policy->kinds);
    assay_cbor_put_uint(w, policy->evaluation_number_min);
    put_option(w, policy->has_collateral_age, policy->collateral_age_max_s);
    assay_cbor_put_uint(w, policy->pcesvn_min);
    assay_cbor_put_bytes(w, policy->tee_tcb_svn_min, sizeof policy->tee_tcb_svn_min);
    put_platform(w, &policy->platform);
    put_statuses(w, policy);
    put_roots(w, policy);
    assay_cbor_put_array(w, policy->advisory_count);
    for (uint32_t i = 0; i < policy->advisory_count; i++)
        assay_cbor_put_text(w, policy->advisories_denied[i]);
    assay_cbor_put_array(w, policy->reference_count);
    for (uint32_t i = 0; i < policy->reference_count; i++)
        put_reference(w, &policy->references[i]);
    if (fields >= WITH_EVENTS) put_events(w, policy);
    if (fields >= WITH_GPU) put_gpu(w, &policy->gpu);
    if (fields >= WITH_WEAK_BANKS) assay_cbor_put_uint(w, (uint64_t)policy->tpm_weak_banks);
}

/* --- decoding */
static enum assay_status get_option(struct assay_cursor *c, uint64_t max, bool *has,
                                    uint64_t *value)
{
    ASSAY_ASSERT(has != NULL && !*has);
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
    ASSAY_ASSERT(capacity > 0);
    struct assay_slice text;
    ASSAY_TRY(assay_cbor_text(c, capacity - 1, &text));
    /* What stands behind a NUL would be lost, and be a second encoding of the rest. */
    for (size_t i = 0; i < text.len; i++)
        if (text.bytes[i] == 0) return ASSAY_E_RANGE;
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
    ASSAY_ASSERT(value.len <= sizeof r->value);
    r->field = (enum assay_reference_field)field;
    r->state = (enum assay_reference_state)state;
    r->isvsvn_min = (uint16_t)isvsvn;
    r->value_len = (uint32_t)value.len;
    if (value.len > 0) assay_bytes_copy(r->value, sizeof r->value, value.bytes, value.len);
    return ASSAY_OK;
}

static enum assay_status get_acceptance(struct assay_cursor *c, enum assay_acceptance *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_ACCEPT_AFFIRMING, &value));
    *out = (enum assay_acceptance)value;
    return ASSAY_OK;
}

static enum assay_status get_statuses(struct assay_cursor *c, struct assay_policy *p)
{
    ASSAY_TRY(assay_cbor_array_exact(c, ASSAY_TCB_STATUS_COUNT));
    for (size_t i = 0; i < ASSAY_TCB_STATUS_COUNT; i++) {
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(get_acceptance(c, &p->statuses[i].acceptance));
        ASSAY_TRY(get_option(c, UINT64_MAX, &p->statuses[i].has_grace, &p->statuses[i].grace_s));
    }
    return ASSAY_OK;
}

static enum assay_status get_roots(struct assay_cursor *c, struct assay_policy *p)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_POLICY_ROOTS_MAX, &count));
    p->root_count = (uint32_t)count;
    ASSAY_ASSERT(p->root_count <= ASSAY_POLICY_ROOTS_MAX);
    for (uint32_t i = 0; i < p->root_count; i++) {
        uint64_t kinds = 0;
        uint64_t ak = 0;
        struct assay_slice key = { NULL, 0 };
        ASSAY_TRY(assay_cbor_array_exact(c, ROOT_FIELDS));
        ASSAY_TRY(get_text(c, p->roots[i].name, sizeof p->roots[i].name));
        ASSAY_TRY(assay_cbor_bytes(c, ASSAY_KEY_BYTES_MAX, &key));
        const enum assay_key_type type = assay_key_type_of_len(key.len);
        if (type == ASSAY_KEY_NONE) return ASSAY_E_RANGE;
        assay_key_from(&p->roots[i].key, type, key.bytes, key.len);
        ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &kinds));
        ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_AK_FORMS - 1, &ak));
        p->roots[i].kinds = (uint32_t)kinds;
        p->roots[i].ak = (enum assay_ak_form)ak;
    }
    return ASSAY_OK;
}

static enum assay_status get_lists(struct assay_cursor *c, struct assay_policy *p)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_POLICY_ADVISORIES_MAX, &count));
    p->advisory_count = (uint32_t)count;
    ASSAY_ASSERT(p->advisory_count <= ASSAY_POLICY_ADVISORIES_MAX);
    for (uint32_t i = 0; i < p->advisory_count; i++)
        ASSAY_TRY(get_text(c, p->advisories_denied[i], ASSAY_ADVISORY_TEXT));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_REFERENCES_MAX, &count));
    p->reference_count = (uint32_t)count;
    ASSAY_ASSERT(p->reference_count <= ASSAY_REFERENCES_MAX);
    for (uint32_t i = 0; i < p->reference_count; i++)
        ASSAY_TRY(get_reference(c, &p->references[i]));
    return ASSAY_OK;
}

static enum assay_status get_platform(struct assay_cursor *c, struct assay_platform_rules *rules)
{
    uint64_t vmpl = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, PLATFORM_FIELDS));
    ASSAY_TRY(get_acceptance(c, &rules->service_td));
    ASSAY_TRY(get_acceptance(c, &rules->sept_ve_enabled));
    ASSAY_TRY(get_acceptance(c, &rules->td_now_out_of_date));
    ASSAY_TRY(get_acceptance(c, &rules->td_now_revoked));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_VMPL_MAX, &vmpl));
    rules->vmpl_max = (uint8_t)vmpl;
    ASSAY_TRY(assay_cbor_bool(c, &rules->allow_migration_agent));
    ASSAY_TRY(assay_cbor_bool(c, &rules->allow_smt));
    ASSAY_TRY(assay_cbor_bool(c, &rules->require_single_socket));
    ASSAY_TRY(assay_cbor_bool(c, &rules->require_crl));
    return assay_cbor_bytes_exact(c, rules->snp_tcb_min, sizeof rules->snp_tcb_min);
}

static enum assay_status get_numbers(struct assay_cursor *c, struct assay_policy *p)
{
    uint64_t profile = 0;
    uint64_t kinds = 0;
    uint64_t number = 0;
    uint64_t pcesvn = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_PROFILE_DEVELOPMENT, &profile));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &kinds));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &number));
    ASSAY_TRY(get_option(c, UINT64_MAX, &p->has_collateral_age, &p->collateral_age_max_s));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT16_MAX, &pcesvn));
    p->profile = (enum assay_profile)profile;
    p->kinds = (uint32_t)kinds;
    p->evaluation_number_min = (uint32_t)number;
    p->pcesvn_min = (uint16_t)pcesvn;
    return assay_cbor_bytes_exact(c, p->tee_tcb_svn_min, sizeof p->tee_tcb_svn_min);
}

static enum assay_status get_event(struct assay_cursor *c, struct assay_event_reference *e)
{
    uint64_t state = 0, field = 0, type = 0;
    struct assay_slice value;
    ASSAY_TRY(assay_cbor_array_exact(c, EVENT_FIELDS));
    ASSAY_TRY(assay_cbor_bool(c, &e->is_file));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_EVENT_REQUIRED, &state));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_REFERENCE_FIELDS - 1, &field));
    ASSAY_TRY(get_option(c, UINT32_MAX, &e->has_type, &type));
    ASSAY_TRY(get_text(c, e->text, sizeof e->text));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_MEASUREMENT_MAX, &value));
    ASSAY_ASSERT(value.len <= sizeof e->value);
    e->state = (enum assay_event_state)state;
    e->field = (enum assay_reference_field)field;
    e->type = (uint32_t)type;
    e->value_len = (uint32_t)value.len;
    if (value.len > 0) assay_bytes_copy(e->value, sizeof e->value, value.bytes, value.len);
    return ASSAY_OK;
}

static enum assay_status get_events(struct assay_cursor *c, struct assay_policy *p)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(get_acceptance(c, &p->ima_unknown));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_EVENT_REFERENCES_MAX, &count));
    p->event_count = (uint32_t)count;
    ASSAY_ASSERT(p->event_count <= ASSAY_EVENT_REFERENCES_MAX);
    for (uint32_t i = 0; i < p->event_count; i++)
        ASSAY_TRY(get_event(c, &p->events[i]));
    return ASSAY_OK;
}

static enum assay_status get_span(struct assay_cursor *c, struct assay_gpu_span *span)
{
    uint64_t least = 0, most = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, UINT8_MAX, &least));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT8_MAX, &most));
    span->least = (uint8_t)least;
    span->most = (uint8_t)most;
    return ASSAY_OK;
}

static enum assay_status get_devices(struct assay_cursor *c, struct assay_gpu_rules *rules)
{
    uint64_t count = 0;
    ASSAY_TRY(get_span(c, &rules->gpus));
    ASSAY_TRY(get_span(c, &rules->switches));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_GPU_FIRMWARES_MAX, &count));
    rules->firmware_count = (uint32_t)count;
    for (uint32_t i = 0; i < rules->firmware_count; i++)
        ASSAY_TRY(
            assay_cbor_bytes_exact(c, rules->firmware_min[i].parts, ASSAY_GPU_FIRMWARE_PARTS));
    return assay_gpu_rules_are_of_reports(rules) ? ASSAY_E_ENCODING : ASSAY_OK;
}

static enum assay_status get_gpu(struct assay_cursor *c, struct assay_gpu_rules *rules)
{
    uint64_t fields = 0, architectures = 0, modes = 0, part = 0;
    ASSAY_TRY(assay_cbor_array(c, GPU_FIELDS_PACKED, &fields));
    if (fields != GPU_FIELDS && fields < GPU_FIELDS_DEVICES) return ASSAY_E_ENCODING;
    ASSAY_TRY(assay_cbor_uint_max(c, UINT8_MAX, &architectures));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT8_MAX, &modes));
    ASSAY_TRY(assay_cbor_bool(c, &rules->allow_certificate_hold));
    for (size_t i = 0; i < ASSAY_GPU_VERSION_PARTS; i++) {
        ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &part));
        rules->driver_min.parts[i] = (uint32_t)part;
    }
    rules->architectures = (uint8_t)architectures;
    rules->modes = (uint8_t)modes;
    if (fields >= GPU_FIELDS_DEVICES) ASSAY_TRY(get_devices(c, rules));
    if (fields < GPU_FIELDS_PACKED) return ASSAY_OK;
    ASSAY_TRY(assay_cbor_bool(c, &rules->packed));
    return rules->packed ? ASSAY_OK : ASSAY_E_ENCODING;
}

/* What a policy may have in addition. Redundant bytes would be a second encoding. */
static enum assay_status get_additions(struct assay_cursor *c, uint64_t fields,
                                       struct assay_policy *p)
{
    p->ima_unknown = ASSAY_ACCEPT_WARNING;
    p->gpu = assay_gpu_rules_default();
    if (fields >= WITH_EVENTS) ASSAY_TRY(get_events(c, p));
    if (fields >= WITH_GPU) ASSAY_TRY(get_gpu(c, &p->gpu));
    if (fields >= WITH_WEAK_BANKS) ASSAY_TRY(get_acceptance(c, &p->tpm_weak_banks));
    return count_fields(p) == fields ? ASSAY_OK : ASSAY_E_ENCODING;
}

enum assay_status assay_policy_decode(const uint8_t *bytes, size_t len, struct assay_policy *policy)
{
    ASSAY_ASSERT(policy != NULL);
    if (len > ASSAY_POLICY_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_cursor c = assay_cursor_over(bytes, len);
    struct assay_policy p = { 0 };
    uint64_t fields = 0;
    /* The tag is looked at first: bytes of another version must not read as broken ones. */
    ASSAY_TRY(assay_cbor_array(&c, POLICY_FIELDS_MAX, &fields));
    ASSAY_TRY(assay_cbor_text_expect(&c, policy_tag));
    if (fields < POLICY_FIELDS || fields > WITH_WEAK_BANKS) return ASSAY_E_RANGE;
    ASSAY_TRY(get_numbers(&c, &p));
    ASSAY_TRY(get_platform(&c, &p.platform));
    ASSAY_TRY(get_statuses(&c, &p));
    ASSAY_TRY(get_roots(&c, &p));
    ASSAY_TRY(get_lists(&c, &p));
    ASSAY_TRY(get_additions(&c, fields, &p));
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
    ASSAY_ASSERT(status == ASSAY_OK); /* the capacity covers full tables, proven above */
    assay_sha256(encoded.bytes, encoded.len, digest);
}
