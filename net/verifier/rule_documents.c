/*
 * net/verifier/rule_documents.c - rule documents by digest, each decoded once.
 */
#include "net/verifier/rule_documents.h"

#include "base/assert.h"
#include "engine/ledger/records/change.h"
#include "net/verifier/wire.h"
#include "quote/collateral/endorsements.h"

#include <stdio.h>
#include <stdlib.h>

static enum assay_status read_endorsements(struct assay_slice bytes, struct assay_ruleset *set)
{
    size_t count = 0;
    ASSAY_TRY(assay_endorsements_count(bytes.bytes, bytes.len, &count));
    set->collateral = calloc(count > 0 ? count : 1, sizeof *set->collateral);
    if (set->collateral == NULL) return ASSAY_E_MEMORY;
    return assay_endorsements_decode(bytes.bytes, bytes.len, set->collateral, count,
                                     &set->endorsements);
}

/* evidence-rules.md 7.5: no network accepts weak banks. Versions that do not have the rule cannot
 * decode such a policy either. 5.2: nor the form of an SVSM, which they find malformed. */
static enum assay_status read_policy(struct assay_slice bytes, struct assay_policy *policy)
{
    ASSAY_TRY(assay_policy_decode(bytes.bytes, bytes.len, policy));
    policy->refuses_svsm = true;
    return policy->tpm_weak_banks == ASSAY_ACCEPT_REFUSED ? ASSAY_OK : ASSAY_E_RANGE;
}

enum assay_status assay_ruleset_open(struct assay_slice policy, struct assay_slice endorsements,
                                     struct assay_ruleset *set)
{
    *set = (struct assay_ruleset){ .policy = calloc(1, sizeof *set->policy),
                                   .documents = malloc(policy.len + endorsements.len + 1) };
    if (set->policy == NULL || set->documents == NULL) return ASSAY_E_MEMORY;
    assay_sha256(policy.bytes, policy.len, set->policy_digest);
    assay_sha256(endorsements.bytes, endorsements.len, set->endorsements_digest);
    ASSAY_TRY(read_policy(policy, set->policy));
    set->endorsements_bytes = assay_slice_over(set->documents, endorsements.len);
    set->policy_bytes = assay_slice_over(set->documents + endorsements.len, policy.len);
    assay_bytes_copy(set->documents, endorsements.len, endorsements.bytes, endorsements.len);
    assay_bytes_copy(set->documents + endorsements.len, policy.len, policy.bytes, policy.len);
    return read_endorsements(set->endorsements_bytes, set);
}

void assay_ruleset_close(struct assay_ruleset *set)
{
    free(set->policy);
    free(set->collateral);
    free(set->documents);
    *set = (struct assay_ruleset){ 0 };
}

/* ------------------------------------------------------------ of effective rules */

struct reading {
    const struct assay_genesis *genesis;
    struct assay_store *store;
    struct assay_rules *rules;
    uint8_t *memory; /* [2][ASSAY_SET_LEN_MAX] */
    char *message;
};

static enum assay_status set_fault(const struct reading *r, const char *what,
                                   const uint8_t digest[static 32], enum assay_status status)
{
    char hex[65];
    if (status == ASSAY_OK) return status;
    assay_hex_encode(digest, 32, hex, sizeof hex);
    (void)snprintf(r->message, ASSAY_RULES_MESSAGE, "%s %.64s: %s", what, hex,
                   status == ASSAY_E_NOT_FOUND ? "in neither the genesis nor the store"
                                               : assay_status_text(status));
    return status;
}

static struct assay_ruleset *find_set(struct assay_rules *rules, const uint8_t *policy,
                                      const uint8_t *endorsements)
{
    ASSAY_ASSERT(rules->set_count <= sizeof rules->sets / sizeof rules->sets[0]);
    for (size_t i = 0; i < rules->set_count; i++) {
        struct assay_ruleset *set = &rules->sets[i];
        if (assay_bytes_equal(set->policy_digest, policy, 32) &&
            assay_bytes_equal(set->endorsements_digest, endorsements, 32))
            return set;
    }
    return NULL;
}

/* The set of these digests, read unless it was before. */
static enum assay_status copy_set(const struct reading *r, const uint8_t *policy,
                                  const uint8_t *endorsements, struct assay_ruleset **out)
{
    struct assay_slice documents[2];
    *out = find_set(r->rules, policy, endorsements);
    if (*out != NULL) return ASSAY_OK;
    ASSAY_TRY(set_fault(r, "policy", policy,
                        assay_host_rules_document(r->genesis, r->store, policy, r->memory,
                                                  ASSAY_SET_LEN_MAX, &documents[0])));
    ASSAY_TRY(set_fault(r, "endorsements", endorsements,
                        assay_host_rules_document(r->genesis, r->store, endorsements,
                                                  r->memory + ASSAY_SET_LEN_MAX, ASSAY_SET_LEN_MAX,
                                                  &documents[1])));
    ASSAY_ASSERT(r->rules->set_count < sizeof r->rules->sets / sizeof r->rules->sets[0]);
    *out = &r->rules->sets[r->rules->set_count++];
    return set_fault(r, "rules with policy", policy,
                     assay_ruleset_open(documents[0], documents[1], *out));
}

static enum assay_status read_documents(const struct reading *r,
                                        const struct assay_effective_rules *effective)
{
    const struct assay_genesis *now = effective->genesis;
    struct assay_rules *rules = r->rules;
    struct assay_ruleset *set = NULL;
    ASSAY_TRY(copy_set(r, now->policy_digest, now->endorsements_digest, &set));
    if (effective->state == NULL) return ASSAY_OK;
    for (uint32_t i = 0; i < effective->state->past_count; i++) {
        const struct assay_past_epoch *past = &effective->state->past[i];
        ASSAY_TRY(copy_set(r, past->policy_digest, past->endorsements_digest, &set));
        if (set == &rules->sets[0]) continue;
        ASSAY_ASSERT(rules->past_count < ASSAY_RETAINED_EPOCHS);
        rules->past[rules->past_count++] =
            (struct assay_runtime_past_rules){ .epoch = past->epoch,
                                               .at_unix_s = (int64_t)(past->t0_ms / 1000),
                                               .endorsements = &set->endorsements,
                                               .policy = set->policy };
    }
    if (!assay_trial_runs(&effective->state->trial)) return ASSAY_OK;
    const struct assay_rules_in_force *before = &effective->state->trial.before;
    ASSAY_TRY(copy_set(r, before->policy_digest, before->endorsements_digest, &set));
    rules->has_before = true;
    rules->before = (struct assay_runtime_past_rules){ .endorsements = &set->endorsements,
                                                       .policy = set->policy };
    return ASSAY_OK;
}

enum assay_status assay_rules_open(const struct assay_genesis *genesis,
                                   const struct assay_effective_rules *effective,
                                   struct assay_store *store, struct assay_rules **out,
                                   char message[static ASSAY_RULES_MESSAGE])
{
    struct reading r = { .genesis = genesis,
                         .store = store,
                         .rules = calloc(1, sizeof *r.rules),
                         .memory = malloc((size_t)2 * ASSAY_SET_LEN_MAX),
                         .message = message };
    (void)snprintf(message, ASSAY_RULES_MESSAGE, "out of memory");
    const enum assay_status status =
        r.rules != NULL && r.memory != NULL ? read_documents(&r, effective) : ASSAY_E_MEMORY;
    free(r.memory);
    if (status != ASSAY_OK) assay_rules_close(&r.rules);
    ASSAY_ASSERT((status == ASSAY_OK) == (r.rules != NULL));
    *out = r.rules;
    return status;
}

size_t assay_rules_judge_sets(const struct assay_rules *rules,
                              struct assay_verifier_process_set *sets)
{
    ASSAY_ASSERT(rules->set_count > 0 && rules->set_count <= ASSAY_VERIFIER_PROCESS_SETS_MAX);
    _Static_assert((int)ASSAY_VERIFIER_PROCESS_SETS_MAX == 1 + (int)ASSAY_RETAINED_EPOCHS + 1,
                   "all of them");
    for (size_t i = 0; i < rules->set_count; i++) {
        const struct assay_ruleset *set = &rules->sets[i];
        sets[i] = (struct assay_verifier_process_set){ .endorsements = &set->endorsements,
                                                       .policy = set->policy,
                                                       .documents = { set->policy_bytes,
                                                                      set->endorsements_bytes } };
    }
    return rules->set_count;
}

void assay_rules_close(struct assay_rules **rules)
{
    if (*rules == NULL) return;
    for (size_t i = 0; i < (*rules)->set_count; i++)
        assay_ruleset_close(&(*rules)->sets[i]);
    free(*rules);
    *rules = NULL;
}

const struct assay_runtime_past_rules *assay_rules_past(const struct assay_runtime_past_rules *past,
                                                        size_t count, uint64_t epoch)
{
    ASSAY_ASSERT(past != NULL || count == 0);
    for (size_t i = 0; i < count; i++)
        if (past[i].epoch == epoch) return &past[i];
    return NULL;
}

bool assay_rules_in_force(const struct assay_runtime_past_rules *past, size_t count,
                          int64_t at_unix_s)
{
    ASSAY_ASSERT(past != NULL || count == 0);
    for (size_t i = 0; i < count; i++)
        if (at_unix_s <= past[i].at_unix_s) return false;
    return true;
}

uint32_t assay_rules_level(const struct assay_policy *policy,
                           const struct assay_endorsements *endorsements)
{
    bool of_devices = policy != NULL && !assay_gpu_rules_are_of_reports(&policy->gpu);
    if (policy != NULL && policy->gpu.packed) return ASSAY_LEVEL_PACKED;
    for (size_t i = 0; endorsements != NULL && i < endorsements->count; i++)
        of_devices = of_devices || assay_endorsement_is_of_devices(&endorsements->entries[i]);
    return of_devices ? ASSAY_LEVEL_DEVICES : 0;
}

enum assay_status assay_rules_read_level(bool is_policy, struct assay_slice document,
                                         uint32_t *level)
{
    struct assay_ruleset set = { 0 };
    enum assay_status status = ASSAY_E_MEMORY;
    if (is_policy) {
        set.policy = calloc(1, sizeof *set.policy);
        if (set.policy != NULL) status = read_policy(document, set.policy);
    } else {
        status = read_endorsements(document, &set);
    }
    if (status == ASSAY_OK) *level = assay_rules_level(set.policy, &set.endorsements);
    assay_ruleset_close(&set);
    return status;
}

enum assay_status assay_rules_check(bool is_policy, uint32_t level, struct assay_slice document)
{
    uint32_t needed = 0;
    ASSAY_TRY(assay_rules_read_level(is_policy, document, &needed));
    return level < needed ? ASSAY_E_EARLY : ASSAY_OK;
}
