/*
 * quote/tpm/tpm_trust.c - trust in the attestation key and its TPM (docs/protocol.md 3.13 to 3.17).
 *
 * A key is bound to a TPM by a certificate of the key from an authority that observed the
 * activation of a credential (TCG, "TPM 2.0 Keys for Device Identity and Attestation" 1.0, 5).
 * A certificate of the endorsement key proves that the TPM is genuine, not the attestation key:
 * with it alone the key stays unproven.
 */
#include "quote/tpm/tpm_trust.h"

#include "base/assert.h"
#include "base/writer.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/validity.h"
#include "quote/collateral/collateral.h"
#include "quote/collateral/revocation.h"
#include "quote/text.h"
#include "quote/tpm/instance.h"

/* --- certificates at hand */
enum assay_status assay_tpm_certificates_read(const struct assay_package *package,
                                              struct assay_verifier *verifier,
                                              struct assay_tpm_certificates *hand)
{
    hand->verifier = verifier;
    hand->count = 0;
    hand->has_unread = false;
    for (size_t i = 0; i < package->certificate_count && hand->count < ASSAY_CHAIN_MAX; i++) {
        const struct assay_slice piece = package->certificates[i];
        size_t found = 0;
        const enum assay_status status =
            assay_x509_certificates(piece.bytes, piece.len, hand->certificates + hand->count,
                                    ASSAY_CHAIN_MAX - hand->count, &found);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status == ASSAY_OK) hand->count += found;
        else hand->has_unread = true;
    }
    ASSAY_ASSERT(hand->count <= ASSAY_CHAIN_MAX);
    hand->own_count = hand->count;
    return ASSAY_OK;
}

static bool has_use(const struct assay_certificate *c, uint32_t use)
{
    return c->has_extended_key_usage && (c->extended_key_usage & use) != 0;
}

/* evidence-rules.md 7.2: Google's name no purpose; those of endorsement keys do not sign. The
 * authorities above may name the purpose as well, and are none. */
static bool is_for_ak(const struct assay_certificate *c)
{
    if (c->has_basic_constraints && c->is_ca) return false;
    if (has_use(c, ASSAY_EKU_TCG_AK)) return true;
    return c->has_gce && !c->has_extended_key_usage && assay_chain_is_signer(c);
}

const struct assay_certificate *assay_tpm_certificates_find_ak(
    const struct assay_tpm_certificates *hand, size_t *from)
{
    ASSAY_ASSERT(hand->own_count <= hand->count);
    while (*from < hand->own_count) {
        const struct assay_certificate *const c = &hand->certificates[(*from)++];
        if (is_for_ak(c)) return c;
    }
    return NULL;
}

/* Behind the package's own: those of one bundle. */
static void add_bundle(const struct assay_collateral *c, struct assay_tpm_certificates *hand)
{
    ASSAY_ASSERT(hand->own_count <= ASSAY_CHAIN_MAX);
    hand->count = hand->own_count;
    if (c == NULL) return;
    for (size_t i = 0; i < c->certificate_count && hand->count < ASSAY_PATH_CANDIDATES_MAX; i++)
        hand->certificates[hand->count++] = c->certificates[i];
}

/* The key's certificate; one for its use before one for none, a renewed one before the old one. */
static const struct assay_certificate *certificate_of(const struct assay_tpm_certificates *hand,
                                                      const struct assay_key *key)
{
    const struct assay_certificate *found = NULL;
    for (size_t i = 0; i < hand->count; i++) {
        const struct assay_certificate *const c = &hand->certificates[i];
        if (!assay_key_equal(&c->key, key)) continue;
        if (found == NULL || is_for_ak(c) > is_for_ak(found) ||
            (is_for_ak(c) == is_for_ak(found) && c->not_after_s > found->not_after_s))
            found = c;
    }
    return found;
}

/* The leaf, and the other certificates of its key and use: it may be a copy of one of them. */
static size_t collect_leaves(const struct assay_tpm_certificates *hand,
                             const struct assay_certificate *leaf,
                             const struct assay_certificate *leaves[ASSAY_PATH_CANDIDATES_MAX])
{
    size_t count = 0;
    leaves[count++] = leaf;
    for (size_t i = 0; i < hand->count && count < ASSAY_PATH_CANDIDATES_MAX; i++) {
        const struct assay_certificate *const c = &hand->certificates[i];
        if (assay_key_equal(&c->key, &leaf->key) && is_for_ak(c) == is_for_ak(leaf) &&
            !assay_bytes_equal(c->digest, leaf->digest, sizeof c->digest))
            leaves[count++] = c;
    }
    return count;
}

/* --- the way from a certificate to one pinned root */

/* In rising order: of several roots the farthest way counts. */
enum reach {
    REACH_NOTHING = 0,  /* no certificate */
    REACH_MISSING = 1,  /* a link is missing */
    REACH_STRANGER = 2, /* ends in a root that is not pinned */
    REACH_WRONG = 3,    /* a signature or a use is wrong on the way to a pinned root */
    REACH_FORM = 4,     /* ends in a root that vouches for keys of another form */
    REACH_ROOT = 5,
};

struct way {
    enum reach reach;
    const struct assay_endorsement *endorsement;
    struct assay_path path;
    struct assay_quote_fault fault; /* REACH_WRONG */
    size_t at;
    bool is_ak; /* the certificate of an attestation key, not of an endorsement key */
};

/* Builds and verifies, without the cache. */
static enum assay_status walk_chain(const struct assay_certificate *leaf,
                                    const struct assay_tpm_certificates *hand,
                                    const struct assay_endorsement *e, struct way *way)
{
    const struct assay_certificate *leaves[ASSAY_PATH_CANDIDATES_MAX];
    const struct assay_path_request request = {
        .leaf_count = collect_leaves(hand, leaf, leaves),
        .leaves = leaves,
        .count = hand->count,
        .candidates = hand->certificates,
        .root = &e->root,
        /* Google's authorities are for endorsement keys, and also issue these. */
        .gce_uses = way->is_ak ? ASSAY_EKU_TCG_EK : 0,
    };
    bool is_sound = false;
    const enum assay_status status =
        assay_path_find(&request, &way->path, &is_sound, &way->fault, &way->at);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_E_NOT_FOUND) way->reach = REACH_MISSING;
    if (status == ASSAY_E_CHAIN) way->reach = REACH_STRANGER;
    if (status == ASSAY_E_INVALID)
        way->fault =
            (struct assay_quote_fault){ ASSAY_RULE_CHAIN_CONSTRAINTS, 0,
                                        "a chain of bounded length", "too long or too entangled" };
    if (is_sound) way->reach = REACH_ROOT;
    return ASSAY_OK;
}

enum { PLACE_OF_LEAF = UINT8_MAX };
_Static_assert((int)ASSAY_PATH_CANDIDATES_MAX < (int)PLACE_OF_LEAF,
               "a place of a candidate is another");

/* How far it leads is a function of the certificates, in their order, of the root and of whether
 * the leaf is taken for an attestation key's. */
static void open_lease(const struct assay_certificate *leaf,
                       const struct assay_tpm_certificates *hand, const struct assay_endorsement *e,
                       bool is_ak, struct assay_lease *lease)
{
    ASSAY_ASSERT(hand->count <= ASSAY_PATH_CANDIDATES_MAX);
    const uint8_t ak_byte = is_ak ? 1 : 0;
    uint8_t digests[(1 + ASSAY_PATH_CANDIDATES_MAX) * ASSAY_SHA256_LEN];
    struct assay_slice pieces[] = { assay_slice_over(e->root.bytes, e->root.len),
                                    assay_slice_over(NULL, 0),
                                    assay_slice_over(&ak_byte, sizeof ak_byte) };
    struct assay_writer w = assay_writer_over(digests, sizeof digests);
    assay_writer_put(&w, leaf->digest, sizeof leaf->digest);
    for (size_t i = 0; i < hand->count; i++)
        assay_writer_put(&w, hand->certificates[i].digest, sizeof hand->certificates[i].digest);
    const enum assay_status written = assay_writer_finish(&w, &pieces[1]);
    ASSAY_ASSERT(written == ASSAY_OK);
    assay_lease_open(hand->verifier, ASSAY_KIND_TPM, pieces, sizeof pieces / sizeof pieces[0],
                     lease);
}

static void write_down(const struct way *way, const struct assay_tpm_certificates *hand,
                       const struct assay_certificate *leaf, struct assay_proven *proven)
{
    ASSAY_ASSERT(way->path.count >= 1 && way->path.count <= sizeof proven->facts.way.places);
    struct assay_way_facts *const facts = &proven->facts.way;
    facts->reach = (uint8_t)way->reach;
    facts->at = (uint8_t)way->at;
    facts->count = (uint8_t)way->path.count;
    for (size_t i = 0; i < way->path.count; i++) {
        const struct assay_certificate *const c = way->path.certificates[i];
        facts->places[i] = c == leaf ? (uint8_t)PLACE_OF_LEAF : (uint8_t)(c - hand->certificates);
        ASSAY_ASSERT(c == leaf || facts->places[i] < hand->count);
    }
    if (way->reach == REACH_WRONG) {
        proven->faults[0] = way->fault;
        proven->fault_count = 1;
    }
}

static void read_back(const struct assay_proven *proven, const struct assay_tpm_certificates *hand,
                      const struct assay_certificate *leaf, struct way *way)
{
    const struct assay_way_facts *const facts = &proven->facts.way;
    ASSAY_ASSERT(facts->count >= 1 && facts->count <= sizeof facts->places);
    ASSAY_ASSERT(facts->reach <= REACH_ROOT);
    way->reach = (enum reach)facts->reach;
    way->at = facts->at;
    way->path.count = facts->count;
    for (size_t i = 0; i < facts->count; i++) {
        const bool is_leaf = facts->places[i] == PLACE_OF_LEAF;
        ASSAY_ASSERT(is_leaf || facts->places[i] < hand->count);
        way->path.certificates[i] = is_leaf ? leaf : &hand->certificates[facts->places[i]];
    }
    if (proven->fault_count > 0) way->fault = proven->faults[0];
}

static enum assay_status find_way(const struct assay_certificate *leaf,
                                  const struct assay_tpm_certificates *hand,
                                  const struct assay_endorsement *e, bool is_ak, struct way *way)
{
    struct assay_lease lease;
    *way = (struct way){ .reach = REACH_WRONG, .endorsement = e, .is_ak = is_ak };
    open_lease(leaf, hand, e, is_ak, &lease);
    if (lease.proven == NULL) {
        const enum assay_status status = walk_chain(leaf, hand, e, way);
        if (status != ASSAY_OK) {
            assay_lease_close(&lease);
            return status;
        }
        write_down(way, hand, leaf, &lease.own);
        assay_lease_retain(&lease);
    }
    ASSAY_ASSERT(lease.proven != NULL);
    read_back(lease.proven, hand, leaf, way);
    assay_lease_close(&lease);
    return ASSAY_OK;
}

/* What a root may vouch for, and what a certificate is of. */
static const char *form_text(enum assay_ak_form form, bool is_expected)
{
    switch (form) {
    case ASSAY_AK_TCG:
        return is_expected ? "a certificate for attestation keys (2.23.133.8.3)"
                           : "one of no cloud's";
    case ASSAY_AK_GOOGLE:
        return is_expected ? "a certificate of a virtual TPM of Google's, in production"
                           : "one of a virtual TPM of Google's";
    case ASSAY_AK_AZURE:
        return is_expected ? "a certificate of a virtual TPM of Azure's"
                           : "one of a virtual TPM of Azure's";
    }
    ASSAY_UNREACHABLE("a form of certificates");
}

/* Certificates of CAs, roots, keys that decrypt: none of them may certify a key that signs. Neither
 * may one of a cloud that names no instance. */
static bool may_sign(const struct assay_certificate *c, enum assay_ak_form form,
                     struct assay_quote_fault *fault)
{
    struct assay_instance instance;
    const enum assay_ak_form own = assay_tpm_instance_read(c, &instance);
    *fault = (struct assay_quote_fault){ ASSAY_RULE_CHAIN_CONSTRAINTS, 0, form_text(own, true),
                                         "one for another use" };
    if (own != ASSAY_AK_TCG && instance.id[0] == '\0') return false;
    if (!assay_chain_is_signer(c) || !is_for_ak(c)) return false;
    /* evidence-rules.md 7.1: a root vouches for one form. The chain is sound all the same. */
    if (own != form)
        *fault = (struct assay_quote_fault){ ASSAY_RULE_AK_FORM, 0, form_text(form, true),
                                             form_text(own, false) };
    return true;
}

static bool may_be_ek(const struct assay_certificate *c, struct assay_quote_fault *fault)
{
    *fault =
        (struct assay_quote_fault){ ASSAY_RULE_CHAIN_CONSTRAINTS, 0,
                                    "a certificate of an endorsement key", "one of an authority" };
    return !c->has_unknown_critical && !(c->has_basic_constraints && c->is_ca);
}

static void report_way(const struct way *way, const char *what, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(way->reach == REACH_NOTHING || way->path.count >= 1);
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_text_add(&expected, what);
    switch (way->reach) {
    case REACH_MISSING:
        assay_text_add(&expected, " with its issuers up to a pinned root");
        assay_verdict_add(verdict, ASSAY_RULE_CHAIN_MISSING, 0, expected.text,
                          way->path.certificates[way->path.count - 1]->issuer_name);
        return;
    case REACH_STRANGER:
        assay_text_add(&expected, " under a root key pinned for this kind");
        assay_text_add_hex(&observed, way->path.certificates[way->path.count - 1]->key_name,
                           ASSAY_SHA256_LEN);
        assay_verdict_add(verdict, ASSAY_RULE_CHAIN_ROOT, 0, expected.text, observed.text);
        return;
    case REACH_WRONG: assay_path_report(&way->path, &way->fault, way->at, verdict); return;
    case REACH_FORM:
        assay_verdict_add(verdict, way->fault.rule, 0, way->fault.expected, way->fault.observed);
        return;
    case REACH_NOTHING:
    case REACH_ROOT: return;
    }
    ASSAY_UNREACHABLE("a reach");
}

/* --- the platform */

/*
 * The subject that a registrar gives an attestation key, in full: CN=TPM attestation key,
 * serialNumber=<SHA-256 of the endorsement key's SubjectPublicKeyInfo, in hexadecimal>.
 */
static const uint8_t subject_head[] = {
    0x30, 0x69, 0x31, 0x1c, 0x30, 0x1a, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x13, 'T', 'P',
    'M',  ' ',  'a',  't',  't',  'e',  's',  't',  'a',  't',  'i',  'o',  'n',  ' ', 'k',
    'e',  'y',  0x31, 0x49, 0x30, 0x47, 0x06, 0x03, 0x55, 0x04, 0x05, 0x13, 0x40,
};
enum { SUBJECT_LEN = sizeof subject_head + 2 * ASSAY_SHA256_LEN };

void assay_tpm_subject_encode(const uint8_t ek_name[static ASSAY_SHA256_LEN], struct assay_dn *dn)
{
    char text[2 * ASSAY_SHA256_LEN + 1];
    assay_hex_encode(ek_name, ASSAY_SHA256_LEN, text, sizeof text);
    *dn = (struct assay_dn){ .len = SUBJECT_LEN };
    assay_bytes_copy(dn->der, sizeof dn->der, subject_head, sizeof subject_head);
    assay_bytes_copy(dn->der + sizeof subject_head, 2 * ASSAY_SHA256_LEN, text,
                     2 * ASSAY_SHA256_LEN);
}

bool assay_tpm_subject_decode(const struct assay_dn *dn, uint8_t ek_name[static ASSAY_SHA256_LEN])
{
    struct assay_cursor in = assay_cursor_over(dn->der, dn->len);
    struct assay_slice head, digits;
    uint8_t name[ASSAY_SHA256_LEN];
    struct assay_dn again;
    if (assay_cursor_slice(&in, sizeof subject_head, &head) != ASSAY_OK) return false;
    if (assay_cursor_slice(&in, 2 * ASSAY_SHA256_LEN, &digits) != ASSAY_OK) return false;
    if (assay_hex_decode((const char *)digits.bytes, digits.len, name, sizeof name) != ASSAY_OK)
        return false;
    assay_tpm_subject_encode(name, &again); /* one name has one subject: lower case, no more */
    if (!assay_dn_equal(dn, &again)) return false;
    assay_bytes_copy(ek_name, ASSAY_SHA256_LEN, name, sizeof name);
    return true;
}

/*
 * docs/protocol.md 3.17 and 6.2: one TPM is one platform, regardless of its keys. A registrar names
 * the endorsement key in the subject; a certificate that names none could be one of many of one
 * TPM, so its platform is masked. A cloud's instance is no hardware, and masked, too.
 */
static void name_platform(const struct way *way, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(way->reach == REACH_ROOT || way->reach == REACH_FORM);
    uint8_t ek_name[ASSAY_SHA256_LEN] = { 0 };
    const struct assay_certificate *const leaf = way->path.certificates[0];
    if (assay_verdict_has_class(verdict, ASSAY_RULE_FORGED)) return;
    if (assay_tpm_instance_read(leaf, &verdict->instance) != ASSAY_AK_TCG) {
        assay_tpm_instance_digest(&verdict->instance, ek_name);
        verdict->platform_masked = true;
    } else {
        verdict->platform_masked = !assay_tpm_subject_decode(&leaf->subject, ek_name);
    }
    assay_key_name(&way->endorsement->root, verdict->vendor_root);
    const struct assay_slice pieces[] = { assay_slice_over(verdict->vendor_root, 32),
                                          assay_slice_over(ek_name, sizeof ek_name) };
    assay_sha256_pieces(pieces, 2, verdict->platform_id);
    verdict->has_platform = true;
}

/* --- the search */

/* Under one root. With a leaf: its way; without: that of the certificate of key, if any. */
static enum assay_status try_root(const struct assay_evidence_request *request,
                                  const struct assay_endorsement *e,
                                  const struct assay_certificate *leaf, const struct assay_key *key,
                                  struct assay_tpm_certificates *hand, struct way *way)
{
    *way = (struct way){ .reach = REACH_NOTHING };
    add_bundle(e->collateral, hand);
    const bool is_ak = leaf == NULL;
    const enum assay_ak_form form =
        is_ak ? assay_policy_ak_form(request->policy, &e->root, request->kind) : ASSAY_AK_TCG;
    if (is_ak) leaf = certificate_of(hand, key);
    if (leaf == NULL) return ASSAY_OK;
    ASSAY_TRY(find_way(leaf, hand, e, is_ak, way));
    if (way->reach != REACH_ROOT) return ASSAY_OK;
    leaf = way->path.certificates[0];
    if (is_ak && !may_sign(leaf, form, &way->fault)) way->reach = REACH_WRONG;
    else if (is_ak && way->fault.rule == ASSAY_RULE_AK_FORM) way->reach = REACH_FORM;
    if (!is_ak && !may_be_ek(leaf, &way->fault)) way->reach = REACH_WRONG;
    ASSAY_ASSERT(way->endorsement == e);
    return ASSAY_OK;
}

/* The farthest way under any root; it borrows from the hand as it is left. */
static enum assay_status search_chain(const struct assay_evidence_request *request,
                                      const struct assay_certificate *leaf,
                                      const struct assay_key *key,
                                      struct assay_tpm_certificates *hand, struct way *best)
{
    const struct assay_endorsements *const all = request->endorsements;
    const struct assay_endorsement *farthest = NULL;
    *best = (struct way){ .reach = REACH_NOTHING };
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        struct way way;
        if ((e->kinds & ASSAY_KIND_BIT(request->kind)) == 0) continue;
        ASSAY_TRY(try_root(request, e, leaf, key, hand, &way));
        if (way.reach <= best->reach) continue;
        *best = way;
        farthest = e;
        if (way.reach == REACH_ROOT) return ASSAY_OK;
    }
    /* The hand holds another bundle by now. */
    ASSAY_ASSERT((farthest == NULL) == (best->reach == REACH_NOTHING));
    return farthest == NULL ? ASSAY_OK : try_root(request, farthest, leaf, key, hand, best);
}

/* --- the two sorts of certificates */
static enum assay_status judge_ak(const struct assay_evidence_request *request,
                                  const struct assay_tpm_ak *ak,
                                  struct assay_tpm_certificates *hand,
                                  struct assay_verdict *verdict)
{
    struct way best;
    ASSAY_TRY(search_chain(request, NULL, &ak->key, hand, &best));
    report_way(&best, "the attestation key's certificate", verdict);
    if (best.reach == REACH_STRANGER || best.reach == REACH_WRONG)
        assay_verdict_proof(verdict, ASSAY_PROOF_AK_TRUSTED, ASSAY_PROOF_FALSE);
    /* In a network the sender chooses what goes along: what no root vouches for is nothing. */
    const bool is_network = !request->endorsements->exact;
    if (!is_network && !assay_appraise_has_root(request))
        assay_verdict_add(verdict, ASSAY_RULE_ROOT_MISSING, 0,
                          "a root that may certify attestation keys", "none");
    else if (best.reach == REACH_NOTHING || (best.reach == REACH_MISSING && is_network))
        assay_verdict_add(verdict, ASSAY_RULE_AK_UNPROVEN, 0,
                          "a certificate of the attestation key by a pinned authority", "none");
    if (best.reach != REACH_ROOT && best.reach != REACH_FORM) return ASSAY_OK;
    ASSAY_ASSERT(best.endorsement != NULL);
    assay_path_windows(&best.path, verdict);
    if (is_network &&
        assay_appraise_expired(best.path.certificates[0]->not_after_s, verdict->at_unix_s))
        assay_verdict_add(verdict, ASSAY_RULE_AK_UNPROVEN, 0,
                          "a certificate of the attestation key for this time",
                          "one that has run out");
    ASSAY_TRY(assay_revocation_check(request, &best.path, &best.endorsement->root,
                                     ASSAY_REVOCATION_OF_ALL, verdict));
    assay_verdict_proof(verdict, ASSAY_PROOF_AK_TRUSTED, ASSAY_PROOF_TRUE);
    name_platform(&best, verdict);
    return ASSAY_OK;
}

static enum assay_status judge_ek(const struct assay_evidence_request *request, size_t index,
                                  struct assay_tpm_certificates *hand,
                                  struct assay_verdict *verdict)
{
    ASSAY_ASSERT(index < hand->count);
    const struct assay_certificate leaf = hand->certificates[index];
    struct way best;
    ASSAY_TRY(search_chain(request, &leaf, NULL, hand, &best));
    /* Next to one that a root vouches for, another one is not this TPM's. */
    if (best.reach != REACH_ROOT && verdict->proofs[ASSAY_PROOF_EK_CHAIN] == ASSAY_PROOF_TRUE)
        return ASSAY_OK;
    report_way(&best, "the endorsement key's certificate", verdict);
    if (best.reach == REACH_ROOT) {
        assay_path_windows(&best.path, verdict);
        ASSAY_TRY(assay_revocation_check(request, &best.path, &best.endorsement->root, 0, verdict));
        assay_verdict_proof(verdict, ASSAY_PROOF_EK_CHAIN, ASSAY_PROOF_TRUE);
    }
    if (best.reach == REACH_STRANGER || best.reach == REACH_WRONG)
        assay_verdict_proof(verdict, ASSAY_PROOF_EK_CHAIN, ASSAY_PROOF_FALSE);
    return ASSAY_OK;
}

/* What came with the evidence, and collateral that was meant for this very evidence; a network's
 * bundle may hold certificates of others. */
static void take_hand(const struct assay_evidence_request *request,
                      struct assay_tpm_certificates *hand)
{
    const struct assay_endorsements *const all = request->endorsements;
    const struct assay_collateral *meant = NULL;
    for (size_t i = all->exact ? all->count : 0; i-- > 0;)
        if ((all->entries[i].kinds & ASSAY_KIND_BIT(request->kind)) != 0)
            meant = all->entries[i].collateral;
    add_bundle(meant, hand);
}

static enum assay_status judge_eks(const struct assay_evidence_request *request,
                                   struct assay_tpm_certificates *hand,
                                   struct assay_verdict *verdict)
{
    enum { EKS_MAX = 2 }; /* a TPM has one of RSA and one of a curve; each is a search per root */
    take_hand(request, hand);
    const size_t count = hand->count;
    size_t judged = 0;
    for (size_t i = 0; i < count && judged < EKS_MAX; i++) {
        take_hand(request, hand);
        ASSAY_ASSERT(hand->count == count);
        if (!has_use(&hand->certificates[i], ASSAY_EKU_TCG_EK)) continue;
        ASSAY_TRY(judge_ek(request, i, hand, verdict));
        judged += 1;
    }
    return ASSAY_OK;
}

enum assay_status assay_tpm_trust(const struct assay_evidence_request *request,
                                  const struct assay_tpm_ak *ak,
                                  struct assay_tpm_certificates *hand,
                                  struct assay_verdict *verdict)
{
    assay_verdict_proof(verdict, ASSAY_PROOF_AK_TRUSTED, ASSAY_PROOF_UNKNOWN);
    if (ak->known) ASSAY_TRY(judge_ak(request, ak, hand, verdict));
    /* Who certified the key has looked at the TPM's own certificate; verifiers need not pin its
     * maker. */
    if (verdict->proofs[ASSAY_PROOF_AK_TRUSTED] == ASSAY_PROOF_TRUE) return ASSAY_OK;
    assay_verdict_proof(verdict, ASSAY_PROOF_EK_CHAIN, ASSAY_PROOF_UNKNOWN);
    return judge_eks(request, hand, verdict);
}
