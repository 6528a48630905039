/*
 * quote/result/unchecked.c - list of checks that a verdict does not include.
 */
#include "quote/result/unchecked.h"

#include "base/assert.h"
#include "quote/accept/policy_lint.h"
#include "quote/kinds.h"

struct list {
    struct assay_open_check *out;
    size_t count;
};

static void add_item(struct list *list, bool is_unchecked, const char *what, const char *why)
{
    if (!is_unchecked) return;
    ASSAY_ASSERT(list->count < ASSAY_UNCHECKED_MAX);
    list->out[list->count++] = (struct assay_open_check){ what, why };
}

/* Does the policy have a value that it does not deny? */
static bool has_accepted(const struct assay_policy *policy)
{
    ASSAY_ASSERT(policy->reference_count <= ASSAY_REFERENCES_MAX);
    for (uint32_t i = 0; i < policy->reference_count; i++)
        if (policy->references[i].state != ASSAY_REFERENCE_DENIED) return true;
    return false;
}

/* Their vendors publish no list of revoked keys that is looked up (evidence.md). */
static bool has_no_lists(enum assay_evidence_kind kind)
{
    return kind == ASSAY_KIND_NITRO || kind == ASSAY_KIND_NITRO_TPM || kind == ASSAY_KIND_CCA;
}

static bool has_unknown_proof(const struct assay_verdict *verdict)
{
    for (size_t i = 0; i < ASSAY_PROOF_COUNT; i++)
        if (verdict->proofs[i] == ASSAY_PROOF_UNKNOWN) return true;
    return verdict->genuine == ASSAY_GENUINE_UNKNOWN;
}

size_t assay_unchecked_list(const struct assay_verdict *verdict, const struct assay_policy *policy,
                            struct assay_open_check out[static ASSAY_UNCHECKED_MAX])
{
    struct list list = { out, 0 };
    if (!verdict->has_claims) return 0;
    add_item(&list, policy == NULL, "policy",
             "no policy was given: the default accepts every program");
    /* Of this kind: values of other kinds, and of what is no program, name none of it. */
    const bool open =
        policy != NULL && (assay_policy_open_kinds(policy) & ASSAY_KIND_BIT(verdict->kind)) != 0;
    const bool has_values = open && policy->reference_count > 0;
    add_item(&list, open && !has_values, "program",
             "the policy has no reference values: every program is accepted");
    add_item(&list, has_values && !has_accepted(policy), "program",
             "the policy lists only denied values: every other program is accepted");
    add_item(&list, has_values && has_accepted(policy), "program",
             "the policy names no program of this kind: every one that is not denied is accepted");
    add_item(&list, has_no_lists(verdict->kind), "revocation",
             "no revocation list is looked up for this kind");
    add_item(&list, assay_verdict_has(verdict, ASSAY_RULE_REVOCATION_UNKNOWN), "revocation",
             "no revocation list covers every certificate: give the lists of their issuers");
    add_item(&list, has_unknown_proof(verdict), "proof",
             "at least one proof could not be made with what is at hand: see links and reasons");
    ASSAY_ASSERT(list.count <= ASSAY_UNCHECKED_MAX);
    return list.count;
}
