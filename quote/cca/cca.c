/*
 * quote/cca/cca.c - appraisal of a CCA token (draft-ffm-rats-cca-token 7): the pinned platform key
 * signed the platform token, the platform token names the realm's key, that key signed the realm
 * token, and the platform is in its secured state.
 *
 * The root of this kind is the CCA platform attestation key itself (CPAK): there is no certificate
 * in between, so nothing expires here; a key is revoked by removing it from the endorsements.
 */
#include "quote/cca/cca.h"

#include "base/assert.h"
#include "quote/accept/reference.h"
#include "quote/certificates/validity.h"
#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/text.h"

/* --- signatures */
/* ES256 with P-256, ES384 with P-384: an algorithm and a key of two kinds verify nothing. */
static bool is_signed(const struct assay_cose_sign1 *cose, enum assay_key_type type,
                      const struct assay_verify_key *key)
{
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    if (key == NULL || assay_cose_key_type(cose->algorithm) != type) return false;
    if (assay_cose_sign1_signature(cose, &signature, digest) != ASSAY_OK) return false;
    return assay_public_key_check(key, &signature, digest,
                                  assay_signature_digest_len(signature.alg));
}

static enum assay_status check_platform(const struct assay_cca_token *t,
                                        const struct assay_key *root, bool *ok)
{
    struct assay_verify_key *key = NULL;
    const enum assay_status status = assay_public_key_load(root, &key);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    *ok = status == ASSAY_OK && is_signed(&t->platform.cose, root->type, key);
    assay_public_key_free(&key);
    return ASSAY_OK;
}

/* The realm's key, decoded: last of a proof, because it is the one thing to free. */
static enum assay_status load_realm_key(const struct assay_cca_token *t,
                                        struct assay_proven *proven)
{
    ASSAY_ASSERT(proven->key == NULL);
    const enum assay_status status = assay_public_key_load(&t->realm.public_key, &proven->key);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK)
        assay_proven_fault(proven, ASSAY_RULE_DOCUMENT_SIGNATURE, t->realm.offset,
                           "a realm public key on its curve", assay_status_text(status));
    return ASSAY_OK;
}

/*
 * What is remembered: this platform token is signed by this root, and this is the realm key,
 * decoded. A platform token lives as long as its boot, so a warm token costs one verification.
 */
static void open_lease(struct assay_verifier *verifier, const struct assay_cca_token *t,
                       const struct assay_key *root, struct assay_lease *l)
{
    const struct assay_slice pieces[] = {
        assay_slice_over(root->bytes, root->len), /* each of a length that its type fixes */
        assay_slice_over(t->realm.public_key.bytes, t->realm.public_key.len),
        t->platform.cose.protected_header,
        t->platform.cose.signature,
        t->platform.cose.payload,
    };
    struct assay_slice all[sizeof pieces / sizeof pieces[0] + 1];
    uint8_t lengths[4 * (sizeof pieces / sizeof pieces[0] + 1)];
    struct assay_writer w = assay_writer_over(lengths, sizeof lengths);
    assay_writer_u32be(&w, t->realm.offset); /* a fault names it */
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        assay_writer_u32be(&w, (uint32_t)pieces[i].len); /* <= ASSAY_EVIDENCE_LEN_MAX */
        all[i + 1] = pieces[i];
    }
    const enum assay_status written = assay_writer_finish(&w, &all[0]);
    ASSAY_ASSERT(written == ASSAY_OK);
    assay_lease_open(verifier, ASSAY_KIND_CCA, all, sizeof all / sizeof all[0], l);
}

/* Tries one root. Out: *found, and then the lease is open. */
static enum assay_status try_root(struct assay_verifier *verifier, const struct assay_cca_token *t,
                                  const struct assay_key *root, struct assay_lease *l, bool *found)
{
    open_lease(verifier, t, root, l);
    *found = l->proven != NULL;
    if (*found) return ASSAY_OK;
    enum assay_status status = check_platform(t, root, found);
    if (status == ASSAY_OK && *found) status = load_realm_key(t, &l->own);
    if (status != ASSAY_OK || !*found) {
        assay_lease_close(l);
        return status;
    }
    l->own.root = *root;
    assay_lease_retain(l);
    ASSAY_ASSERT(l->proven != NULL);
    return ASSAY_OK;
}

/* The root that signed the platform token. Out: *root, NULL: none did; *tried: one could have. */
static enum assay_status find_root(struct assay_verifier *verifier, const struct assay_cca_token *t,
                                   const struct assay_endorsements *all, struct assay_lease *l,
                                   const struct assay_key **root, bool *tried)
{
    ASSAY_ASSERT(all->count <= ASSAY_ENDORSEMENTS_MAX);
    const enum assay_key_type type = assay_cose_key_type(t->platform.cose.algorithm);
    *root = NULL;
    *tried = false;
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        bool found = false;
        if ((e->kinds & ASSAY_KIND_BIT(ASSAY_KIND_CCA)) == 0 || e->root.type != type) continue;
        *tried = true;
        ASSAY_TRY(try_root(verifier, t, &e->root, l, &found));
        if (!found) continue;
        *root = &e->root;
        return ASSAY_OK;
    }
    return ASSAY_OK;
}

static void judge_platform(const struct assay_evidence_request *request,
                           const struct assay_cca_token *t, bool tried, bool found,
                           struct assay_verdict *verdict)
{
    ASSAY_ASSERT(tried || !found);
    if (!tried) {
        const struct assay_quote_fault fault = {
            .offset = t->platform.offset,
            .expected = "a platform key pinned for this kind",
            .observed = assay_cose_algorithm_text(t->platform.cose.algorithm),
        };
        assay_appraise_unknown_root(request, ASSAY_PROOF_PLATFORM_SIGNATURE, &fault, verdict);
        return;
    }
    assay_verdict_proof(verdict, ASSAY_PROOF_PLATFORM_SIGNATURE,
                        found ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (!found)
        assay_verdict_add(verdict, ASSAY_RULE_DOCUMENT_SIGNATURE, t->platform.offset,
                          "a platform token signed by a pinned platform key", "a wrong signature");
}

static void judge_realm(const struct assay_cca_token *t, const struct assay_verify_key *key,
                        struct assay_verdict *verdict)
{
    const bool ok = is_signed(&t->realm.cose, t->realm.public_key.type, key);
    assay_verdict_proof(verdict, ASSAY_PROOF_REALM_SIGNATURE,
                        ok ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (!ok)
        assay_verdict_add(verdict, ASSAY_RULE_DOCUMENT_SIGNATURE, t->realm.offset,
                          "a realm token signed by the realm's key", "a wrong signature");
}

/* 4.10: a verifier must check it. The hash is over the claim's very bytes, in either form. */
static void judge_binding(const struct assay_cca_token *t, struct assay_verdict *verdict)
{
    uint8_t digest[ASSAY_DIGEST_MAX];
    const size_t len = assay_cca_digest(t->realm.binding_hash, t->realm.key, digest);
    ASSAY_ASSERT(len > 0 && len <= sizeof digest);
    const bool ok = assay_slice_equal(t->platform.binding, assay_slice_over(digest, len));
    assay_verdict_proof(verdict, ASSAY_PROOF_REALM_BINDING,
                        ok ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (ok) return;
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_text_add_hex(&expected, digest, len);
    assay_text_add_hex(&observed, t->platform.binding.bytes, t->platform.binding.len);
    assay_verdict_add(verdict, ASSAY_RULE_REALM_BINDING, t->platform.offset_binding, expected.text,
                      observed.text);
}

/* --- claims */
/* 4.5.2, table 1: the high byte is the state, the low one the implementation's own. */
static const char *lifecycle_text(uint16_t lifecycle)
{
    static const char names[][32] = {
        "unknown",        "assembly and test",          "provisioning",
        "secured",        "debug of the realm manager", "recoverable debug",
        "decommissioned",
    };
    const unsigned state = lifecycle >> 12;
    const bool defined = (lifecycle & 0x0f00u) == 0 && state < sizeof names / sizeof names[0];
    return defined ? names[state] : "a state that is not defined";
}

/*
 * A realm has no debug flag of its own: what opens it is debug of the realm manager or of the root
 * world, and both are states of the platform (4.5.2: "non-platform-rot-debug",
 * "recoverable-platform-rot-debug").
 */
static void judge_lifecycle(const struct assay_cca_platform *p, struct assay_verdict *verdict)
{
    enum { DEBUG_FIRST = 0x4000, DEBUG_LAST = 0x5fff };
    if (p->lifecycle >= ASSAY_CCA_SECURED && p->lifecycle <= ASSAY_CCA_SECURED_LAST) return;
    verdict->debug = p->lifecycle >= DEBUG_FIRST && p->lifecycle <= DEBUG_LAST;
    const uint8_t value[] = { (uint8_t)(p->lifecycle >> 8), (uint8_t)(p->lifecycle & 0xff) };
    struct assay_text observed = assay_text_empty();
    assay_text_add(&observed, "0x");
    assay_text_add_hex(&observed, value, sizeof value);
    assay_text_add(&observed, ", ");
    assay_text_add(&observed, lifecycle_text(p->lifecycle));
    if (verdict->debug)
        assay_verdict_add(verdict, ASSAY_RULE_DEBUG, p->offset_lifecycle, "a platform not in debug",
                          observed.text);
    assay_verdict_add(verdict, ASSAY_RULE_LIFECYCLE, p->offset_lifecycle,
                      "0x3000 to 0x30ff, secured", observed.text);
}

static void judge_reference(const struct assay_policy *policy, enum assay_reference_field field,
                            struct assay_slice value, uint32_t offset,
                            struct assay_verdict *verdict)
{
    ASSAY_ASSERT(value.bytes != NULL && value.len <= ASSAY_MEASUREMENT_MAX);
    const struct assay_measured measured = { .field = field,
                                             .value = value.bytes,
                                             .value_len = (uint32_t)value.len, /* <= 64 */
                                             .isvsvn = UINT16_MAX,
                                             .offset = offset };
    assay_reference_appraise(policy, &measured, verdict);
}

static void judge_references(const struct assay_cca_token *t, const struct assay_policy *policy,
                             struct assay_verdict *verdict)
{
    const struct assay_cca_realm *const realm = &t->realm;
    judge_reference(policy, ASSAY_REFERENCE_RIM, realm->rim, realm->offset_rim, verdict);
    for (size_t i = 0; i < ASSAY_CCA_REMS; i++)
        judge_reference(policy, (enum assay_reference_field)(ASSAY_REFERENCE_REM0 + i),
                        realm->rems[i], realm->offset_rems, verdict);
    judge_reference(policy, ASSAY_REFERENCE_CCA_IMPLEMENTATION, t->platform.implementation,
                    t->platform.offset_implementation, verdict);
}

static void set_claims(const struct assay_cca_token *t, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(t->realm.challenge.len == ASSAY_CCA_CHALLENGE_LEN);
    ASSAY_ASSERT(t->realm.rim.len > 0 && t->realm.rim.len <= sizeof verdict->measurement);
    assay_bytes_copy(verdict->report_data, ASSAY_REPORT_DATA_LEN, t->realm.challenge.bytes,
                     t->realm.challenge.len);
    assay_bytes_copy(verdict->measurement, ASSAY_MEASUREMENT_MAX, t->realm.rim.bytes,
                     t->realm.rim.len);
    verdict->measurement_len = (uint32_t)t->realm.rim.len; /* 32, 48 or 64 */
    verdict->has_claims = true;
}

/* 4.4.1: the instance id is the platform's own, so it is its name under its key. */
static void name_platform(const struct assay_cca_token *t, const struct assay_key *root,
                          struct assay_verdict *verdict)
{
    ASSAY_ASSERT(t->platform.instance.len == ASSAY_CCA_INSTANCE_LEN);
    assay_key_name(root, verdict->vendor_root);
    const struct assay_slice pieces[] = { assay_slice_over(verdict->vendor_root, 32),
                                          t->platform.instance };
    assay_sha256_pieces(pieces, 2, verdict->platform_id);
    verdict->has_platform = true;
}

static void judge_claims(const struct assay_cca_token *t, const struct assay_policy *policy,
                         struct assay_verdict *verdict)
{
    if ((policy->kinds & ASSAY_KIND_BIT(ASSAY_KIND_CCA)) == 0)
        assay_verdict_add(verdict, ASSAY_RULE_KIND, 0, "a kind that the policy accepts",
                          assay_kind_text(ASSAY_KIND_CCA));
    judge_lifecycle(&t->platform, verdict);
    judge_references(t, policy, verdict);
}

static enum assay_status appraise_token(const struct assay_cca_token *t,
                                        struct assay_verifier *verifier,
                                        const struct assay_evidence_request *request,
                                        struct assay_verdict *verdict)
{
    struct assay_lease l;
    const struct assay_key *root = NULL;
    bool tried = false;
    ASSAY_TRY(find_root(verifier, t, request->endorsements, &l, &root, &tried));
    if (root == NULL) {
        /* The realm's signature is still checked, under a lease that is not cached. */
        open_lease(NULL, t, &t->realm.public_key, &l);
        const enum assay_status status = load_realm_key(t, &l.own);
        if (status != ASSAY_OK) {
            assay_lease_close(&l);
            return status;
        }
        assay_lease_retain(&l);
    }
    ASSAY_ASSERT(l.proven != NULL);
    assay_proven_report(l.proven, verdict);
    judge_platform(request, t, tried, root != NULL, verdict);
    judge_binding(t, verdict);
    judge_realm(t, l.proven->key, verdict);
    if (root != NULL && !assay_verdict_has_class(verdict, ASSAY_RULE_FORGED))
        name_platform(t, root, verdict);
    assay_lease_close(&l);
    verdict->appraised = true;
    return ASSAY_OK;
}

static enum assay_status verify_token(const struct assay_kind *kind,
                                      struct assay_verifier *verifier,
                                      const struct assay_evidence_request *request,
                                      struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->kind == kind->kind);
    struct assay_package package;
    struct assay_cca_token token;
    struct assay_where where = { 0 };
    assay_verdict_proof(verdict, ASSAY_PROOF_PLATFORM_SIGNATURE, ASSAY_PROOF_UNKNOWN);
    assay_verdict_proof(verdict, ASSAY_PROOF_REALM_SIGNATURE, ASSAY_PROOF_UNKNOWN);
    assay_verdict_proof(verdict, ASSAY_PROOF_REALM_BINDING, ASSAY_PROOF_UNKNOWN);
    ASSAY_TRY(assay_package_read(kind->kind, request->bytes, request->len, &package));
    const enum assay_status status =
        assay_cca_parse(package.main.bytes, package.main.len, &token, &where);
    assay_cose_note(status, &where, verdict);
    if (status != ASSAY_OK) return status;
    set_claims(&token, verdict);
    judge_claims(&token, request->policy, verdict);
    return appraise_token(&token, verifier, request, verdict);
}

/* --- the row */
static bool detect_token(const uint8_t *bytes, size_t len)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    uint64_t tag = 0;
    if (assay_cbor_tag(&in, &tag) != ASSAY_OK) return false;
    return tag == ASSAY_CCA_TAG_COLLECTION || tag == ASSAY_CCA_TAG_CMW;
}

struct assay_kind assay_kind_cca(void)
{
    return (struct assay_kind){
        .kind = ASSAY_KIND_CCA,
        .what = "an attestation token of an Arm CCA realm",
        .speaks_of = ASSAY_CLAIMS_TEE | ASSAY_CLAIM_BIT(EXECUTABLES),
        .affirms = ASSAY_CLAIMS_TEE,
        .proofs = ASSAY_PROOF_BIT(PLATFORM_SIGNATURE) | ASSAY_PROOF_BIT(REALM_SIGNATURE) |
                  ASSAY_PROOF_BIT(REALM_BINDING),
        .programs = ASSAY_PROGRAM_BIT(RIM),
        .detect = detect_token,
        .length = assay_cose_length,
        .verify = verify_token,
    };
}
