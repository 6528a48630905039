/*
 * net/documents/standing_ear.c - claims of the EAR of an aggregate of verifiers
 * (draft-ietf-rats-ear-04): the proven state of one member.
 *
 * The multi-verifier drafts leave the aggregation open. Here it is the network's tally, and the
 * private claims commit to all of it: weight of the verifiers that passed it, that did not, and
 * that were silent, and the block. A status is never better than the vector (ear_status), and not
 * appraised is not zero per cent: it is `none`.
 */
#include "net/documents/standing_ear.h"

#include "base/base64.h"
#include "quote/result/ear.h"
#include "quote/result/ear_writer.h"

#include <string.h>

enum { NI_LEN = 80 };

void assay_document_set_insecure(struct assay_json *object, enum assay_proof_profile profile)
{
    if (profile == ASSAY_PROOF_PROFILE_UNKNOWN) assay_json_set_null(object, "insecure");
    else assay_json_set_bool(object, "insecure", profile == ASSAY_PROOF_PROFILE_DEVELOPMENT);
}

const char *assay_document_profile_text(enum assay_proof_profile profile)
{
    switch (profile) {
    case ASSAY_PROOF_PROFILE_PRODUCTION: return "production";
    case ASSAY_PROOF_PROFILE_DEVELOPMENT: return "development";
    case ASSAY_PROOF_PROFILE_UNKNOWN: break;
    }
    return "unknown";
}

enum assay_proof_profile assay_document_profile_of(const struct assay_policy *policy)
{
    return policy->profile == ASSAY_PROFILE_DEVELOPMENT ? ASSAY_PROOF_PROFILE_DEVELOPMENT
                                                        : ASSAY_PROOF_PROFILE_PRODUCTION;
}

static enum assay_tier tier_of_standing(enum assay_standing standing)
{
    switch (standing) {
    case ASSAY_STANDING_FULL: return ASSAY_TIER_AFFIRMING;
    case ASSAY_STANDING_WARNING:
    case ASSAY_STANDING_RESTRICTED: return ASSAY_TIER_WARNING;
    case ASSAY_STANDING_SUSPENDED: return ASSAY_TIER_CONTRAINDICATED;
    }
    return ASSAY_TIER_NONE;
}

/* What the tally supports: a member that passed was recognised, under a production policy on
 * hardware of that level; one that failed by proof is recognised and not to be trusted. Without a
 * judgement there is no vector. */
static bool vector_of(const struct assay_proof_verified *verified,
                      struct assay_trust_vector *vector)
{
    const struct assay_proven_state *const p = &verified->proven;
    *vector = (struct assay_trust_vector){ { 0 } };
    if (!assay_member_serves(&p->member)) { /* recognised, and no member to rely upon */
        vector->claims[ASSAY_TRUST_INSTANCE_IDENTITY] = 96;
        return true;
    }
    switch (assay_proof_outcome_of(p)) {
    case ASSAY_PROOF_OUTCOME_PASS:
        vector->claims[ASSAY_TRUST_INSTANCE_IDENTITY] = 2;
        if (verified->profile == ASSAY_PROOF_PROFILE_PRODUCTION)
            vector->claims[ASSAY_TRUST_HARDWARE] =
                p->member.found.level == ASSAY_OUTCOME_PASS_UP_TO_DATE ? 2 : 32;
        return true;
    case ASSAY_PROOF_OUTCOME_FAILED:
        vector->claims[ASSAY_TRUST_INSTANCE_IDENTITY] = 96;
        return true;
    case ASSAY_PROOF_OUTCOME_ABSENT:
    case ASSAY_PROOF_OUTCOME_UNSETTLED: return false;
    }
    return false;
}

static enum assay_tier status_of(const struct assay_proven_state *p, bool has_vector,
                                 const struct assay_trust_vector *vector)
{
    const enum assay_tier standing = tier_of_standing(assay_proof_standing_of(p));
    const enum assay_tier worst = has_vector ? assay_ar4si_worst(vector) : ASSAY_TIER_NONE;
    if (assay_ar4si_status_fits(standing, worst)) return standing;
    return worst; /* the vector's veto, or nothing is asserted */
}

static void put_hash(struct assay_json *list, const uint8_t digest[static 32])
{
    char text[NI_LEN] = "ni:///sha-256;";
    size_t len = 0;
    const size_t at = strlen(text);
    const enum assay_status status =
        assay_base64_encode(ASSAY_BASE64_URL, digest, 32, text + at, sizeof text - at - 1, &len);
    if (status == ASSAY_OK) text[at + len] = '\0';
    assay_json_append_text(list, text);
}

static struct assay_json *private_of(const struct assay_proof_verified *verified)
{
    const struct assay_proven_state *const p = &verified->proven;
    const struct assay_found *f = &p->member.found;
    struct assay_json *out = assay_json_object();
    uint8_t digest[32];
    assay_sha256(verified->bytes.bytes, verified->bytes.len, digest);
    assay_json_set_uint(out, "v", 1);
    assay_json_set_text(out, "profile", assay_document_profile_text(verified->profile));
    assay_document_set_insecure(out, verified->profile);
    assay_json_set_hex(out, "subject", p->member.node_id, 32);
    assay_json_set_hex(out, "chain_id", p->next.chain_id, 32);
    assay_json_set_uint(out, "era", p->next.era);
    assay_json_set_uint(out, "epoch", p->next.epoch);
    assay_json_set_hex(out, "block", p->next.id, 32);
    assay_json_set_uint(out, "incarnation", p->member.lives[0].incarnation);
    assay_json_set_text(out, "standing", assay_proof_standing_text(p));
    assay_json_set_text(out, "stage", assay_member_stage_text(p->member.stage));
    assay_json_set_uint(out, "stage_epoch", p->member.stage_epoch);
    assay_json_set_uint(out, "score_bp", assay_trust_score_bp(&p->member.trust));
    assay_json_set_text(out, "outcome", assay_proof_outcome_text(assay_proof_outcome_of(p)));
    assay_json_set_bool(out, "certified", p->certified);
    assay_json_set_uint(out, "weight_affirming", f->pass_weight);
    assay_json_set_uint(out, "weight_negative", f->negative_weight);
    assay_json_set_uint(out, "weight_silent",
                        f->electorate_weight - f->pass_weight - f->negative_weight);
    assay_json_set_uint(out, "weights_total", f->electorate_weight);
    assay_json_set_hex(out, "proof_sha256", digest, sizeof digest);
    return out;
}

char *assay_document_ear_standing(const struct assay_proof_verified *verified)
{
    const struct assay_proven_state *const p = &verified->proven;
    const struct assay_ear_names names = assay_ear_names(ASSAY_EAR_IETF_04);
    struct assay_trust_vector vector;
    const bool has_vector = vector_of(verified, &vector);
    struct assay_json *claims = assay_json_object(), *verifier = assay_json_object();
    struct assay_json *submods = assay_json_object(), *appraisal = assay_json_object();
    struct assay_json *policies = assay_json_array();
    assay_json_set_text(claims, "eat_profile", names.profile);
    assay_json_set_uint(claims, "iat", p->time_ms / 1000);
    assay_json_set_uint(claims, "exp", verified->expires_ms / 1000);
    assay_json_set_text(verifier, "developer", "Assay");
    assay_json_set_text(verifier, "build", "assay " ASSAY_VERSION);
    assay_json_set(claims, names.verifier_id, verifier);
    assay_json_set_text(appraisal, names.status,
                        assay_tier_text(status_of(p, has_vector, &vector)));
    if (has_vector) {
        struct assay_json *object = assay_json_object();
        for (int i = 0; i < ASSAY_TRUST_COUNT; i++)
            assay_json_set_int(object, assay_ar4si_name((enum assay_trust_claim)i),
                               vector.claims[i]);
        assay_json_set(appraisal, names.vector, object);
    }
    put_hash(policies, p->policy_digest);
    assay_json_set(appraisal, names.policy_ids, policies);
    assay_json_set(appraisal, ASSAY_EAR_PRIVATE, private_of(verified));
    assay_json_set(submods, ASSAY_EAR_STANDING_SUBMODULE, appraisal);
    assay_json_set(claims, "submods", submods);
    char *text = assay_json_print(claims, 0);
    assay_json_free(&claims);
    return text;
}

/* ------------------------------------------------------------ CBOR */

/* draft-ietf-rats-ear 5: labels of claims. */
enum {
    LABEL_EXP = 4,
    LABEL_IAT = 6,
    LABEL_PROFILE = 265,
    LABEL_SUBMODS = 266,
    LABEL_STATUS = 1000,
    LABEL_VECTOR = 1001,
    LABEL_POLICY_IDS = 1003,
    LABEL_VERIFIER_ID = 1004,
    LABEL_VERIFIER_CLAIMS = 1006,
};

static int64_t number_of(enum assay_tier tier)
{
    switch (tier) {
    case ASSAY_TIER_NONE: break;
    case ASSAY_TIER_AFFIRMING: return 2;
    case ASSAY_TIER_WARNING: return 32;
    case ASSAY_TIER_CONTRAINDICATED: return 96;
    }
    return 0;
}

static void put_digest(struct assay_ear_writer *o, const char *name,
                       const uint8_t digest[static 32])
{
    char text[65];
    assay_hex_encode(digest, 32, text, sizeof text);
    assay_ear_put_text(o, ASSAY_EAR_NAME(name), text);
}

/* As private_of has them. */
static void put_private(struct assay_ear_writer *o, const struct assay_proof_verified *verified)
{
    const struct assay_proven_state *const p = &verified->proven;
    const struct assay_found *const f = &p->member.found;
    const struct assay_ear_key insecure = ASSAY_EAR_NAME("insecure");
    uint8_t digest[32];
    assay_sha256(verified->bytes.bytes, verified->bytes.len, digest);
    assay_ear_open_map(o, ASSAY_EAR_LABEL(LABEL_VERIFIER_CLAIMS));
    assay_ear_put_int(o, ASSAY_EAR_NAME("v"), 1);
    assay_ear_put_text(o, ASSAY_EAR_NAME("profile"),
                       assay_document_profile_text(verified->profile));
    if (verified->profile == ASSAY_PROOF_PROFILE_UNKNOWN) assay_ear_put_null(o, insecure);
    else assay_ear_put_bool(o, insecure, verified->profile == ASSAY_PROOF_PROFILE_DEVELOPMENT);
    put_digest(o, "subject", p->member.node_id);
    put_digest(o, "chain_id", p->next.chain_id);
    assay_ear_put_uint(o, ASSAY_EAR_NAME("era"), p->next.era);
    assay_ear_put_uint(o, ASSAY_EAR_NAME("epoch"), p->next.epoch);
    put_digest(o, "block", p->next.id);
    assay_ear_put_uint(o, ASSAY_EAR_NAME("incarnation"), p->member.lives[0].incarnation);
    assay_ear_put_text(o, ASSAY_EAR_NAME("standing"), assay_proof_standing_text(p));
    assay_ear_put_text(o, ASSAY_EAR_NAME("stage"), assay_member_stage_text(p->member.stage));
    assay_ear_put_uint(o, ASSAY_EAR_NAME("stage_epoch"), p->member.stage_epoch);
    assay_ear_put_uint(o, ASSAY_EAR_NAME("score_bp"), assay_trust_score_bp(&p->member.trust));
    assay_ear_put_text(o, ASSAY_EAR_NAME("outcome"),
                       assay_proof_outcome_text(assay_proof_outcome_of(p)));
    assay_ear_put_bool(o, ASSAY_EAR_NAME("certified"), p->certified);
    assay_ear_put_uint(o, ASSAY_EAR_NAME("weight_affirming"), f->pass_weight);
    assay_ear_put_uint(o, ASSAY_EAR_NAME("weight_negative"), f->negative_weight);
    assay_ear_put_uint(o, ASSAY_EAR_NAME("weight_silent"),
                       f->electorate_weight - f->pass_weight - f->negative_weight);
    assay_ear_put_uint(o, ASSAY_EAR_NAME("weights_total"), f->electorate_weight);
    put_digest(o, "proof_sha256", digest);
    assay_ear_close(o);
}

static void put_appraisal(struct assay_ear_writer *o, const struct assay_proof_verified *verified)
{
    struct assay_trust_vector vector;
    const bool has_vector = vector_of(verified, &vector);
    assay_ear_open_map(o, ASSAY_EAR_NAME(ASSAY_EAR_STANDING_SUBMODULE));
    assay_ear_put_int(o, ASSAY_EAR_LABEL(LABEL_STATUS),
                      number_of(status_of(&verified->proven, has_vector, &vector)));
    if (has_vector) {
        assay_ear_open_map(o, ASSAY_EAR_LABEL(LABEL_VECTOR));
        for (int i = 0; i < ASSAY_TRUST_COUNT; i++)
            assay_ear_put_int(o, ASSAY_EAR_LABEL(i), vector.claims[i]);
        assay_ear_close(o);
    }
    assay_ear_open_list(o, ASSAY_EAR_LABEL(LABEL_POLICY_IDS), 1);
    assay_ear_put_ni(o, ASSAY_EAR_ITEM, verified->proven.policy_digest);
    assay_ear_close(o);
    put_private(o, verified);
    assay_ear_close(o);
}

enum assay_status assay_document_ear_standing_cbor(const struct assay_proof_verified *verified,
                                                   struct assay_writer *w)
{
    struct assay_ear_writer o = assay_ear_writer_over(w, true);
    assay_ear_open_map(&o, ASSAY_EAR_ITEM);
    assay_ear_put_text(&o, ASSAY_EAR_LABEL(LABEL_PROFILE),
                       assay_ear_names(ASSAY_EAR_IETF_04).profile);
    assay_ear_put_uint(&o, ASSAY_EAR_LABEL(LABEL_IAT), verified->proven.time_ms / 1000);
    assay_ear_put_uint(&o, ASSAY_EAR_LABEL(LABEL_EXP), verified->expires_ms / 1000);
    assay_ear_open_map(&o, ASSAY_EAR_LABEL(LABEL_VERIFIER_ID));
    assay_ear_put_text(&o, ASSAY_EAR_LABEL(0), "Assay");
    assay_ear_put_text(&o, ASSAY_EAR_LABEL(1), "assay " ASSAY_VERSION);
    assay_ear_close(&o);
    assay_ear_open_map(&o, ASSAY_EAR_LABEL(LABEL_SUBMODS));
    put_appraisal(&o, verified);
    assay_ear_close(&o);
    assay_ear_close(&o);
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}
