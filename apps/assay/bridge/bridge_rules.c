/*
 * apps/assay/bridge/bridge_rules.c - refusals of a bridge beyond what is invalid, and lifetimes
 * (docs/identity.md 13.4, 13.5).
 */
#include "apps/assay/bridge/bridge_statement.h"

/* Of a SubjectPublicKeyInfo of P-256 and P-384 (RFC 5480), uncompressed. */
enum { P256_SPKI_LEN = 91, P384_SPKI_LEN = 120 };

const char *cli_bridge_answer_text(enum cli_bridge_answer answer)
{
    switch (answer) {
    case CLI_BRIDGE_SIGNS: return "it may be signed";
    case CLI_BRIDGE_OTHER_KEY:
        return "its key is of Ed25519, which those that need a bridge do not verify: expected "
               "P-256 or P-384";
    case CLI_BRIDGE_OTHER_MEMBER: return "the proof of standing is of another member";
    case CLI_BRIDGE_OTHER_LIFE:
        return "the member re-registered since, with new keys: fetch a new certificate or token";
    case CLI_BRIDGE_OLDER_PROOF:
        return "the proof of standing is of an epoch before the one that it names";
    case CLI_BRIDGE_LOW_STANDING: return "the member is below the threshold now";
    case CLI_BRIDGE_OVER:
        return "nothing is left of its lifetime, or of that of the bridge's own CA certificate, or "
               "of the trust in the checkpoint";
    case CLI_BRIDGE_INSECURE:
        return "insecure: of a network of profile development; for trials, --accept-insecure "
               "accepts it";
    case CLI_BRIDGE_NO_PROFILE:
        return "it is unknown whether the network is one of profile development: name its policy "
               "with --policy FILE, or a genesis with --checkpoint";
    }
    return "unknown";
}

enum cli_bridge_answer cli_bridge_check_key(const struct assay_svid *source)
{
    return source->spki_len == P256_SPKI_LEN || source->spki_len == P384_SPKI_LEN
               ? CLI_BRIDGE_SIGNS
               : CLI_BRIDGE_OTHER_KEY;
}

enum cli_bridge_answer cli_bridge_check_standing(const struct assay_svid *source,
                                                 const struct assay_proven_state *proven,
                                                 uint32_t standing_worst)
{
    const struct assay_svid_state *const s = &source->state;
    const struct assay_member *const m = &proven->member;
    if (!assay_bytes_equal(m->node_id, s->node_id, 32)) return CLI_BRIDGE_OTHER_MEMBER;
    if (proven->next.era < s->era || (proven->next.era == s->era && proven->next.epoch < s->epoch))
        return CLI_BRIDGE_OLDER_PROOF;
    if (m->lives[0].incarnation != s->incarnation) return CLI_BRIDGE_OTHER_LIFE;
    return (uint32_t)assay_proof_standing_of(proven) <= standing_worst ? CLI_BRIDGE_SIGNS
                                                                       : CLI_BRIDGE_LOW_STANDING;
}

/* A checkpoint has no policy: what is unknown is not a network with TEEs. */
enum cli_bridge_answer cli_bridge_check_profile(enum assay_proof_profile profile,
                                                bool accepts_insecure)
{
    if (accepts_insecure) return CLI_BRIDGE_SIGNS;
    if (profile == ASSAY_PROOF_PROFILE_UNKNOWN) return CLI_BRIDGE_NO_PROFILE;
    return profile == ASSAY_PROOF_PROFILE_DEVELOPMENT ? CLI_BRIDGE_INSECURE : CLI_BRIDGE_SIGNS;
}

static void keep_smaller(int64_t *value, int64_t bound)
{
    if (bound != 0 && bound < *value) *value = bound;
}

uint64_t cli_bridge_find_ear_end_ms(uint64_t proof_end_ms, int64_t now_s, uint64_t validity_s)
{
    const uint64_t own_s = validity_s > 0 ? validity_s : CLI_BRIDGE_EAR_VALIDITY_S;
    const uint64_t own_end_ms = ((uint64_t)now_s + own_s) * 1000;
    return own_end_ms < proof_end_ms ? own_end_ms : proof_end_ms;
}

enum cli_bridge_answer cli_bridge_find_times(const struct cli_bridge_bounds *bounds,
                                             struct cli_bridge_times *times)
{
    *times = bounds->source;
    if (bounds->ca.not_before_s > times->not_before_s)
        times->not_before_s = bounds->ca.not_before_s;
    keep_smaller(&times->not_after_s, bounds->ca.not_after_s);
    keep_smaller(&times->not_after_s, bounds->trusted_until_s);
    if (bounds->validity_s > 0)
        keep_smaller(&times->not_after_s, bounds->now_s + (int64_t)bounds->validity_s);
    return times->not_after_s > bounds->now_s && times->not_after_s > times->not_before_s
               ? CLI_BRIDGE_SIGNS
               : CLI_BRIDGE_OVER;
}
