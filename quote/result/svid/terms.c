/*
 * quote/result/svid/terms.c - a statement of a network compared with what the relying party
 * expects; reasons of refusals.
 */
#include "quote/result/svid/svid.h"

#include "base/assert.h"

const char *assay_svid_answer_text(enum assay_identity_answer answer)
{
    switch (answer) {
    case ASSAY_IDENTITY_NOT_READ: return "not-read";
    case ASSAY_IDENTITY_VALID: return "valid";
    case ASSAY_IDENTITY_MALFORMED: return "malformed";
    case ASSAY_IDENTITY_UNSUPPORTED: return "unsupported";
    case ASSAY_IDENTITY_OTHER_PROFILE: return "other-profile";
    case ASSAY_IDENTITY_LONG_PATH: return "long-path";
    case ASSAY_IDENTITY_NO_KEY: return "no-key";
    case ASSAY_IDENTITY_FORGED: return "forged";
    case ASSAY_IDENTITY_OTHER_NETWORK: return "other-network";
    case ASSAY_IDENTITY_OTHER_ERA: return "other-era";
    case ASSAY_IDENTITY_OLD_EPOCH: return "old-epoch";
    case ASSAY_IDENTITY_NOT_YET: return "not-yet";
    case ASSAY_IDENTITY_EXPIRED: return "expired";
    case ASSAY_IDENTITY_TOO_OLD: return "too-old";
    case ASSAY_IDENTITY_OTHER_NAME: return "other-name";
    case ASSAY_IDENTITY_OTHER_ISSUER: return "other-issuer";
    case ASSAY_IDENTITY_OTHER_AUDIENCE: return "other-audience";
    case ASSAY_IDENTITY_LOW_STANDING: return "low-standing";
    case ASSAY_IDENTITY_OTHER_KIND: return "other-kind";
    case ASSAY_IDENTITY_INSECURE: return "insecure";
    }
    return "unknown";
}

/* --- reasons */
static void add_why(struct assay_svid *svid, const char *text)
{
    const size_t len = assay_text_len(svid->why, sizeof svid->why);
    assay_text_copy(svid->why + len, sizeof svid->why - len, text);
}

enum assay_identity_answer assay_svid_refuse(struct assay_svid *svid,
                                             enum assay_identity_answer answer, const char *why,
                                             struct assay_slice quoted)
{
    enum { QUOTED_MAX = 120 };
    char text[QUOTED_MAX + 1];
    size_t len = 0;
    ASSAY_ASSERT(answer != ASSAY_IDENTITY_VALID);
    for (; len < quoted.len && len < QUOTED_MAX; len++) {
        const uint8_t c = quoted.bytes[len];
        text[len] = (char)(c >= ' ' && c <= '~' ? c : '?');
    }
    text[len] = '\0';
    svid->answer = answer;
    assay_text_copy(svid->why, sizeof svid->why, why);
    add_why(svid, text);
    return answer;
}

static enum assay_identity_answer refuse_text(struct assay_svid *svid,
                                              enum assay_identity_answer answer,
                                              const struct assay_text *text)
{
    return assay_svid_refuse(svid, answer, text->text, (struct assay_slice){ NULL, 0 });
}

static enum assay_identity_answer refuse_numbers(struct assay_svid *svid,
                                                 enum assay_identity_answer answer,
                                                 const char *before, uint64_t expected,
                                                 const char *between, uint64_t found)
{
    struct assay_text text = assay_text_empty();
    assay_text_add(&text, before);
    assay_text_add_u64(&text, expected);
    assay_text_add(&text, between);
    assay_text_add_u64(&text, found);
    return refuse_text(svid, answer, &text);
}

static enum assay_identity_answer refuse_id(struct assay_svid *svid,
                                            enum assay_identity_answer answer, const char *what,
                                            const uint8_t expected[32], const uint8_t found[32])
{
    enum { SHOWN = 8 };
    struct assay_text text = assay_text_empty();
    assay_text_add(&text, what);
    assay_text_add(&text, ": expected ");
    assay_text_add_hex(&text, expected, SHOWN);
    assay_text_add(&text, "..., found ");
    assay_text_add_hex(&text, found, SHOWN);
    assay_text_add(&text, "...");
    return refuse_text(svid, answer, &text);
}

static struct assay_slice slice_of(const char *text)
{
    return assay_slice_over(text, assay_text_len(text, ASSAY_SVID_URI_MAX));
}

static bool is_same_text(const char *a, const char *b)
{
    return assay_text_compare(a, b, ASSAY_SVID_URI_MAX) == 0;
}

void assay_svid_copy_id(struct assay_slice uri, const struct assay_spiffe_id *id,
                        struct assay_svid *svid)
{
    ASSAY_ASSERT(uri.len < sizeof svid->spiffe_id && id->name.len < sizeof svid->name);
    ASSAY_ASSERT(id->domain.len < sizeof svid->trust_domain);
    assay_bytes_zero(svid->spiffe_id, sizeof svid->spiffe_id);
    assay_bytes_zero(svid->trust_domain, sizeof svid->trust_domain);
    assay_bytes_zero(svid->name, sizeof svid->name);
    assay_bytes_copy(svid->spiffe_id, sizeof svid->spiffe_id, uri.bytes, uri.len);
    assay_bytes_copy(svid->trust_domain, sizeof svid->trust_domain, id->domain.bytes,
                     id->domain.len);
    assay_bytes_copy(svid->name, sizeof svid->name, id->name.bytes, id->name.len);
    svid->is_service = id->node.len == 0;
}

/* --- what was expected */
static enum assay_identity_answer check_network(const struct assay_svid_terms *terms,
                                                struct assay_svid *svid)
{
    const struct assay_svid_state *const state = &svid->state;
    if (terms->chain_id != NULL && !assay_bytes_equal(terms->chain_id, state->chain_id, 32))
        return refuse_id(svid, ASSAY_IDENTITY_OTHER_NETWORK, "of another chain", terms->chain_id,
                         state->chain_id);
    if (terms->trust_domain != NULL && !is_same_text(terms->trust_domain, svid->trust_domain))
        return assay_svid_refuse(svid, ASSAY_IDENTITY_OTHER_NETWORK,
                                 "of another trust domain: ", slice_of(svid->trust_domain));
    if (terms->has_era && terms->era != state->era)
        return refuse_numbers(svid, ASSAY_IDENTITY_OTHER_ERA, "expected era ", terms->era,
                              ", found era ", state->era);
    if (state->epoch < terms->epoch_min)
        return refuse_numbers(svid, ASSAY_IDENTITY_OLD_EPOCH, "expected epoch ", terms->epoch_min,
                              " or a later one, found epoch ", state->epoch);
    return ASSAY_IDENTITY_VALID;
}

enum assay_identity_answer assay_svid_check_time(const struct assay_svid_terms *terms,
                                                 const char *what, int64_t not_before_s,
                                                 int64_t not_after_s, struct assay_svid *svid)
{
    struct assay_text text = assay_text_empty();
    const int64_t skew_s = (int64_t)terms->skew_s;
    assay_text_add(&text, what);
    /* RFC 5280 4.1.2.5: both bounds belong to the validity */
    if (terms->at_unix_s + skew_s < not_before_s) {
        assay_text_add(&text, " is not valid before ");
        assay_text_add_time(&text, not_before_s);
        assay_text_add(&text, ": compare your clock");
        return refuse_text(svid, ASSAY_IDENTITY_NOT_YET, &text);
    }
    if (terms->at_unix_s - skew_s > not_after_s) {
        assay_text_add(&text, " expired at ");
        assay_text_add_time(&text, not_after_s);
        return refuse_text(svid, ASSAY_IDENTITY_EXPIRED, &text);
    }
    return ASSAY_IDENTITY_VALID;
}

static enum assay_identity_answer check_age(const struct assay_svid_terms *terms,
                                            struct assay_svid *svid)
{
    const int64_t age_s = terms->at_unix_s - (int64_t)terms->skew_s - svid->issued_s;
    const enum assay_identity_answer answer = assay_svid_check_time(
        terms, "the certificate or token", svid->not_before_s, svid->not_after_s, svid);
    if (answer != ASSAY_IDENTITY_VALID) return answer;
    if (!terms->has_age || age_s <= 0 || (uint64_t)age_s <= terms->age_max_s)
        return ASSAY_IDENTITY_VALID;
    return refuse_numbers(svid, ASSAY_IDENTITY_TOO_OLD, "accepted up to an age of ",
                          terms->age_max_s, " s, found ", (uint64_t)age_s);
}

static enum assay_identity_answer check_names(const struct assay_svid_terms *terms,
                                              struct assay_svid *svid)
{
    const bool is_other_service =
        terms->service != NULL && !(svid->is_service && is_same_text(terms->service, svid->name));
    const bool is_other_id =
        terms->spiffe_id != NULL && !is_same_text(terms->spiffe_id, svid->spiffe_id);
    if (is_other_service || is_other_id)
        return assay_svid_refuse(svid, ASSAY_IDENTITY_OTHER_NAME,
                                 is_other_service ? "not of the expected service: "
                                                  : "of another SPIFFE ID: ",
                                 slice_of(svid->spiffe_id));
    if (terms->node_id != NULL && !assay_bytes_equal(terms->node_id, svid->state.node_id, 32))
        return refuse_id(svid, ASSAY_IDENTITY_OTHER_NAME, "of another member", terms->node_id,
                         svid->state.node_id);
    return ASSAY_IDENTITY_VALID;
}

static enum assay_identity_answer check_member(const struct assay_svid_terms *terms,
                                               struct assay_svid *svid)
{
    const uint32_t kind = svid->state.evidence_kind;
    if (svid->state.standing > terms->standing_worst)
        return refuse_numbers(svid, ASSAY_IDENTITY_LOW_STANDING, "the worst standing accepted is ",
                              terms->standing_worst, " (0 FULL to 3 SUSPENDED), found ",
                              svid->state.standing);
    if (terms->kinds != 0 && (kind > 31 || (terms->kinds >> kind & 1) == 0))
        return refuse_numbers(svid, ASSAY_IDENTITY_OTHER_KIND, "kinds of evidence accepted (bits) ",
                              terms->kinds, ", found kind ", kind);
    if (svid->is_insecure && !terms->accepts_insecure)
        return assay_svid_refuse(svid, ASSAY_IDENTITY_INSECURE,
                                 "of a network for development, or whose holders have no TEE",
                                 (struct assay_slice){ NULL, 0 });
    return ASSAY_IDENTITY_VALID;
}

static void leave_open(struct assay_svid *svid, bool is_open, const char *what, const char *why)
{
    if (!is_open) return;
    ASSAY_ASSERT(svid->unchecked_count < ASSAY_SVID_UNCHECKED_MAX);
    svid->unchecked[svid->unchecked_count++] = (struct assay_open_check){ what, why };
}

static void list_unchecked(const struct assay_svid_terms *terms, struct assay_svid *svid)
{
    svid->unchecked_count = 0;
    leave_open(svid, true, "possession",
               "that the peer has the private key: a TLS handshake proves it of a certificate");
    leave_open(svid, true, "revocation",
               "a suspension since that epoch: verify a proof of /v1/nodes/ID/proof, set epoch_min "
               "or lower the maximum age");
    leave_open(svid, terms->chain_id == NULL, "network", "no chain id was expected");
    leave_open(svid, !terms->has_era && terms->epoch_min == 0, "era",
               "neither an era nor a least epoch was expected");
    leave_open(svid, !terms->has_age, "age", "no maximum age was set: accepted until it expires");
    leave_open(svid, terms->service == NULL && terms->spiffe_id == NULL && terms->node_id == NULL,
               "name", "neither a service nor a SPIFFE ID nor a member was expected");
}

enum assay_identity_answer assay_svid_check_terms(const struct assay_svid_terms *terms,
                                                  struct assay_svid *svid)
{
    enum assay_identity_answer answer = check_network(terms, svid);
    if (answer == ASSAY_IDENTITY_VALID) answer = check_age(terms, svid);
    if (answer == ASSAY_IDENTITY_VALID) answer = check_names(terms, svid);
    if (answer == ASSAY_IDENTITY_VALID) answer = check_member(terms, svid);
    if (answer != ASSAY_IDENTITY_VALID) return answer;
    list_unchecked(terms, svid);
    svid->why[0] = '\0';
    svid->answer = ASSAY_IDENTITY_VALID;
    return ASSAY_IDENTITY_VALID;
}
