/*
 * apps/assay/operate/doctor_policy.c - policy in force for the doctor: from the daemon, or from the
 * newest state of its store; and whether it accepts a program.
 *
 * Operators replace the policy of the genesis by changes: by that alone the doctor would call a
 * denied build accepted, and the build that replaced it none of the policy's.
 */
#include "apps/assay/operate/doctor.h"

#include "base/rfc3339.h"
#include "host/effective_rules.h"
#include "quote/accept/reference.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ from the daemon */

static bool read_state(const char *name, enum assay_reference_state *state)
{
    static const enum assay_reference_state all[] = { ASSAY_REFERENCE_ALLOWED,
                                                      ASSAY_REFERENCE_RETIRING,
                                                      ASSAY_REFERENCE_DENIED };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(name, assay_reference_state_name(all[i])) != 0) continue;
        *state = all[i];
        return true;
    }
    return false;
}

/* Absent: no bound. Returns: whether it is a time or absent. */
static bool read_time(const struct assay_json *entry, const char *key, bool *has, int64_t *unix_s)
{
    const char *const text = assay_json_text(entry, key, "");
    *has = text[0] != '\0';
    return !*has || assay_rfc3339_parse(text, strlen(text), unix_s) == ASSAY_OK;
}

static bool read_reference(const struct assay_json *entry, struct assay_reference *r)
{
    const char *const field = assay_json_text(entry, "field", "");
    const char *const value = assay_json_text(entry, "value", "");
    const size_t len = strlen(value);
    const uint64_t isvsvn_min = assay_json_uint(entry, "isvsvn_min", 0);
    *r = (struct assay_reference){ .value_len = (uint32_t)(len / 2),
                                   .isvsvn_min = (uint16_t)isvsvn_min };
    return len <= 2 * sizeof r->value && isvsvn_min <= UINT16_MAX &&
           assay_hex_decode(value, len, r->value, len / 2) == ASSAY_OK &&
           assay_reference_field_parse(field, strlen(field), &r->field) == ASSAY_OK &&
           read_state(assay_json_text(entry, "state", ""), &r->state) &&
           read_time(entry, "not_before", &r->has_not_before, &r->not_before_s) &&
           read_time(entry, "not_after", &r->has_not_after, &r->not_after_s);
}

bool cli_doctor_policy_parse(const struct assay_json *data, struct assay_policy *policy)
{
    const struct assay_json *const list = assay_json_get(data, "references");
    const size_t count = assay_json_count(list);
    const char *const profile = assay_json_text(data, "profile", "");
    if (list == NULL || count > ASSAY_REFERENCES_MAX) return false;
    *policy = (struct assay_policy){ .profile = strcmp(profile, "development") == 0
                                                    ? ASSAY_PROFILE_DEVELOPMENT
                                                    : ASSAY_PROFILE_PRODUCTION };
    for (size_t i = 0; i < count; i++)
        if (!read_reference(assay_json_at(list, i), &policy->references[policy->reference_count++]))
            return false;
    return true;
}

bool cli_doctor_policy_of_daemon(const struct assay_doctor *d, struct assay_policy *policy)
{
    struct assay_json *answer = NULL;
    if (assay_client_request(d->socket, "policy", d->timeout_ms, &answer) != ASSAY_OK) return false;
    const bool is_known = cli_doctor_policy_parse(assay_json_get(answer, "data"), policy);
    assay_json_free(&answer);
    return is_known;
}

/* ------------------------------------------------------------ from a store */

static enum assay_status load_policy(const struct assay_genesis *genesis, struct assay_store *store,
                                     void *rules, uint8_t *memory, struct assay_policy *policy,
                                     bool *has_state)
{
    struct assay_effective_rules effective;
    struct assay_slice document;
    ASSAY_TRY(assay_host_rules_load(rules, assay_host_rules_size(), genesis, store, &effective));
    *has_state = effective.state != NULL;
    ASSAY_TRY(assay_host_rules_document(genesis, store, effective.genesis->policy_digest, memory,
                                        ASSAY_SET_LEN_MAX, &document));
    return assay_policy_decode(document.bytes, document.len, policy);
}

bool cli_doctor_policy_of_store(const struct assay_genesis *genesis, struct assay_store *store,
                                struct assay_policy *policy, bool *has_state)
{
    void *const rules = aligned_alloc(64, assay_host_rules_size());
    uint8_t *const memory = malloc(ASSAY_SET_LEN_MAX);
    const bool is_known = rules != NULL && memory != NULL &&
                          load_policy(genesis, store, rules, memory, policy, has_state) == ASSAY_OK;
    free(memory);
    free(rules);
    return is_known;
}

/* ------------------------------------------------------------ acceptance */

bool cli_doctor_policy_accepts(const struct assay_policy *policy, const uint8_t digest[static 32],
                               int64_t at_unix_s)
{
    struct assay_verdict verdict;
    const struct assay_measured measured = { .field = ASSAY_REFERENCE_MRENCLAVE,
                                             .value = digest,
                                             .value_len = 32 };
    assay_verdict_init(&verdict, ASSAY_KIND_SOFT, at_unix_s);
    assay_reference_appraise(policy, &measured, &verdict);
    return verdict.reason_count == 0 || verdict.reasons[0].rule == ASSAY_RULE_MEASUREMENT_RETIRING;
}
